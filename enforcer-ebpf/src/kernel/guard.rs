//! The guard at tc ingress: a tag that travelled beside the frame was not seen by XDP, which judged the frame as untagged.

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};
use enforcer_common::{
    event::CounterKey,
    reason::{Reason, Verdict},
};

use crate::account::add;
use crate::packet::ethernet::{FIRST_TAG, TAGS, is_tag};

/// What XDP leaves in the metadata of a frame in which it saw tags: the first one's VLAN ID, and how many there were. The
/// number tells a tag that came beside the frame from one like it that was within.
#[inline(always)]
pub(crate) fn seen(vlan: u16, tags: u8) -> u32 {
    0x7461_0000 | (tags as u32) << 12 | vlan as u32 & 0x0fff
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
    // SAFETY: read only where it stands before the end of the metadata.
    let told = if start + size_of::<u32>() <= end { unsafe { (start as *const u32).read() } } else { 0 };
    // The stack has taken one tag out of the frame, where there was one.
    if told == seen(vlan, 1 + tags_within(context)) {
        return NEXT;
    }
    // The port that the tag names was not seen: it is in no zone that could be counted.
    let key = CounterKey { verdict: Verdict::Drop as u8, reason: Reason::UnknownZone as u8, ..CounterKey::default() };
    add(&key, 1, context.len() as u64);
    SHOT
}

/// How many tags are in the frame by now.
#[inline(always)]
fn tags_within(context: &TcContext) -> u8 {
    let mut tags = 0;
    while tags < TAGS {
        match context.load::<[u8; 2]>((FIRST_TAG + 4 * tags) as usize) {
            Ok(ethertype) if is_tag(u16::from_be_bytes(ethertype)) => {}
            _ => break,
        }
        tags += 1;
    }
    tags as u8
}
