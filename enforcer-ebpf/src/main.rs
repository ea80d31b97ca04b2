//! The programs. `enforcer_xdp` judges what enters, `enforcer_egress` what leaves, `enforcer_guard` sees to it that no tag
//! went past XDP.
//!
//! The pipeline of a packet that enters, in `ingress::judge`: parse, source, connection, layers, account.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{classifier, xdp},
    programs::{TcContext, XdpContext},
};
use enforcer_ebpf::programs;

/// Judges every packet that enters by a port.
#[xdp(frags)]
pub fn enforcer_xdp(context: XdpContext) -> u32 {
    programs::ingress(&context)
}

/// Judges what leaves by a port and was not judged when it entered.
#[classifier]
pub fn enforcer_egress(context: TcContext) -> i32 {
    programs::egress(&context)
}

/// Drops frames with a tag that XDP did not see.
#[classifier]
pub fn enforcer_guard(context: TcContext) -> i32 {
    programs::guard(&context)
}

#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";
