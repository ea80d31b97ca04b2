//! The guard at tc ingress: a tag that travelled beside the frame was not seen by XDP, which judged the frame as untagged.

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};

/// What XDP leaves in the metadata of a frame whose first tag it saw.
#[inline(always)]
pub(crate) fn seen(vlan: u16) -> u32 {
    0x7461_0000 | vlan as u32
}

/// Let the next program, or the stack, decide.
pub(crate) const NEXT: i32 = -1;
/// End the packet.
pub(crate) const SHOT: i32 = 2;

/// Drops what carries a tag that XDP did not see.
#[inline(always)]
pub(crate) fn run(context: &TcContext) -> i32 {
    let raw: *mut __sk_buff = context.as_ptr().cast();
    // SAFETY: the context is the program's own; the fields are read as the verifier allows.
    let (present, vlan) = unsafe { ((*raw).vlan_present, (*raw).vlan_tci as u16 & 0x0fff) };
    // A priority tag names no VLAN: without it the frame is the same.
    if present == 0 || vlan == 0 {
        return NEXT;
    }
    // SAFETY: as above.
    let (start, end) = unsafe { ((*raw).data_meta as usize, (*raw).data as usize) };
    if start + size_of::<u32>() > end {
        return SHOT;
    }
    // SAFETY: checked against the end of the metadata.
    if unsafe { (start as *const u32).read() } == seen(vlan) { NEXT } else { SHOT }
}
