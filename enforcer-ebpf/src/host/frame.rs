//! A frame that is all at hand.

use crate::{
    Frame,
    judged::Judged,
    packet::{self, Bytes, Next, REACH},
    scene::clear,
    scratch::Scratch,
};

/// The bytes of a frame, read no further than the kernel program reads.
pub(crate) struct Whole<'a>(pub(crate) &'a [u8]);

impl Bytes for Whole<'_> {
    fn length(&self) -> u32 {
        self.0.length()
    }

    fn u8(&self, at: u32) -> Option<u8> {
        if at > REACH { None } else { self.0.u8(at) }
    }

    fn u16(&self, at: u32) -> Option<u16> {
        if at > REACH { None } else { self.0.u16(at) }
    }

    fn u32(&self, at: u32) -> Option<u32> {
        if at > REACH { None } else { self.0.u32(at) }
    }
}

impl Frame for Whole<'_> {
    fn network(&self, s: &mut Scratch, no_ethernet: bool) -> bool {
        s.next = Next::default();
        packet::network(self, no_ethernet, &mut s.packet, &mut s.next).is_ok()
    }

    fn transport(&self, s: &mut Scratch) -> bool {
        packet::transport(self, s.next.at, s.next.left, &mut s.packet).is_ok()
    }

    fn quote(&self, s: &mut Scratch) -> bool {
        clear(&mut s.other);
        packet::quoted(self, &s.packet, &mut s.other).is_ok()
    }

    fn tell(&self, _: &mut Scratch, _: Judged, _: u8) {
        // Nobody listens.
    }
}
