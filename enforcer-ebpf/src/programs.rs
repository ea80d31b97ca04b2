//! What the programs of `main.rs` call.

use aya_ebpf::programs::{TcContext, XdpContext};

/// Judges a frame that enters; gives an XDP action.
#[inline(always)]
pub fn ingress(context: &XdpContext) -> u32 {
    crate::ingress::run(context)
}

/// Judges a frame that leaves; gives a tc action.
#[inline(always)]
pub fn egress(context: &TcContext) -> i32 {
    crate::egress::run(context)
}

/// Guards against tags beside the frame; gives a tc action.
#[inline(always)]
pub fn guard(context: &TcContext) -> i32 {
    crate::guard::run(context)
}
