//! What the programs of `main.rs` call: the kernel's contexts in, its actions out.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, xdp_action, xdp_md},
    helpers::bpf_xdp_adjust_meta,
    programs::{TcContext, XdpContext},
};
use enforcer_common::packet::flag;

use super::{
    guard::{self, NEXT, SHOT},
    maps::{is_replay, scratch},
};
use crate::{
    egress::{self, Leaving},
    ingress,
};

/// Judges a frame that enters; gives an XDP action.
#[inline(always)]
pub fn ingress(context: &XdpContext) -> u32 {
    let Some(s) = scratch(0) else {
        return xdp_action::XDP_DROP;
    };
    let raw: *mut xdp_md = context.as_ptr().cast();
    // SAFETY: the context is the program's own.
    let ifindex = unsafe { (&raw const (*raw).ingress_ifindex).read_volatile() };
    if ingress::run(context, s, ifindex).is_drop() {
        return xdp_action::XDP_DROP;
    }
    if s.packet.is(flag::TAGGED) && !is_replay() && !mark(context, guard::seen(s.packet.first_tag, s.packet.tags)) {
        return xdp_action::XDP_DROP;
    }
    xdp_action::XDP_PASS
}

/// Judges a frame that leaves; gives a tc action.
#[inline(always)]
pub fn egress(context: &TcContext) -> i32 {
    let Some(s) = scratch(1) else { return SHOT };
    let raw: *mut __sk_buff = context.as_ptr().cast();
    // SAFETY: the context is the program's own.
    let (by, entered, present, tag) =
        unsafe { ((*raw).ifindex, (*raw).ingress_ifindex, (*raw).vlan_present, (*raw).vlan_tci) };
    let beside = if present != 0 { tag as u16 & 0x0fff } else { 0 };
    // SAFETY: as above.
    let segments = unsafe { (&raw const (*raw).gso_segs).read_volatile() };
    let segments = if segments == 0 { 1 } else { segments };
    let judged = egress::run(context, s, &Leaving { by, entered, beside, segments });
    if judged.is_now() && judged.is_drop() { SHOT } else { NEXT }
}

/// Guards against tags beside the frame; gives a tc action.
#[inline(always)]
pub fn guard(context: &TcContext) -> i32 {
    guard::run(context)
}

/// Leaves a mark in the frame's metadata: its tag was seen. The guard drops tagged frames without it.
#[inline(always)]
fn mark(context: &XdpContext, seen: u32) -> bool {
    let raw: *mut xdp_md = context.as_ptr().cast();
    // SAFETY: the context is the program's own.
    if unsafe { bpf_xdp_adjust_meta(raw, -(size_of::<u32>() as i32)) } != 0 {
        return false;
    }
    let (start, end) = (context.metadata(), context.metadata_end());
    if start + size_of::<u32>() > end {
        return false;
    }
    // SAFETY: checked against the end of the metadata.
    unsafe { (start as *mut u32).write(seen) };
    true
}
