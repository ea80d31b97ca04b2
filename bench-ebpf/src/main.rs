//! The programs of the bench. `draw` writes a key into the frame and calls the program under test, which is the product's or
//! one of those that it is compared with.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod frame;
mod lookups;
mod maps;
/// The product's parser, from the product's own files: the `parse` program measures what the product runs.
#[allow(dead_code, unused_imports, unreachable_pub, missing_docs)]
#[path = "../../enforcer-ebpf/src/packet/mod.rs"]
mod packet;
mod write;

use aya_ebpf::{bindings::xdp_action::XDP_PASS, macros::xdp, programs::XdpContext};
use lookups::{Contender, Fill};

/// Draws a key, writes it into the frame and goes on to the program under test.
#[xdp(frags)]
pub fn draw(context: XdpContext) -> u32 {
    write::draw(&context)
}

/// Does nothing: all others are measured over this one.
#[xdp(frags)]
pub fn empty(_context: XdpContext) -> u32 {
    XDP_PASS
}

/// The product's parser alone.
#[xdp(frags)]
pub fn parse(context: XdpContext) -> u32 {
    frame::parse(&context)
}

/// Counts the keys that were drawn, for tests of the bench itself.
#[xdp(frags)]
pub fn record(context: XdpContext) -> u32 {
    lookups::record(&context)
}

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $what:path;)*) => {
        $(
            $(#[$doc])*
            #[xdp(frags)]
            pub fn $name(context: XdpContext) -> u32 {
                lookups::run(&context, $what)
            }
        )*
    };
}

programs! {
    /// One lookup in a hash with a key of 8 bytes.
    hash8 = Contender::Hash8;
    /// One lookup in a hash with a key of 40 bytes.
    hash40 = Contender::Hash40;
    /// One lookup in an LRU hash with a key of 40 bytes; a time stamp is written to the entry.
    lru40 = Contender::Lru40;
    /// One new entry in a full LRU hash with a key of 40 bytes, which evicts another.
    lru40_evict = Contender::Lru40Evict;
    /// One lookup in an LPM trie of host prefixes.
    lpm = Contender::Lpm;
    /// One random read of a cell out of 65,536.
    cells_64k = Contender::Cells64k;
    /// One random read of a cell out of as many as there are keys.
    cells_keys = Contender::CellsKeys;
    /// Enters the key into the hash with keys of 8 bytes.
    fill_hash8 = Contender::Enter(Fill::Hash8);
    /// Enters the key into the hash with keys of 40 bytes.
    fill_hash40 = Contender::Enter(Fill::Hash40);
    /// Enters the key into the LRU hash.
    fill_lru40 = Contender::Enter(Fill::Lru40);
    /// Enters the key into the trie.
    fill_lpm = Contender::Enter(Fill::Lpm);
}

#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";
