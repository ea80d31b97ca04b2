//! The guard at tc ingress: a tag that travelled beside the frame was not seen by XDP, which judged the frame as untagged.

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};

/// What XDP leaves in the metadata of a frame whose tag it saw.
pub(crate) const SEEN: u32 = u32::from_le_bytes(*b"tag!");

/// Let the next program, or the stack, decide.
pub(crate) const NEXT: i32 = -1;
/// End the packet.
pub(crate) const SHOT: i32 = 2;

/// Drops what carries a tag that XDP did not see.
#[inline(always)]
pub(crate) fn run(context: &TcContext) -> i32 {
    let raw: *mut __sk_buff = context.as_ptr().cast();
    // SAFETY: the context is the program's own; the fields are read as the verifier allows.
    let (present, start, end) = unsafe { ((*raw).vlan_present, (*raw).data_meta as usize, (*raw).data as usize) };
    if present == 0 {
        return NEXT;
    }
    if start + size_of::<u32>() > end {
        return SHOT;
    }
    // SAFETY: checked against the end of the metadata.
    if unsafe { (start as *const u32).read() } == SEEN { NEXT } else { SHOT }
}
