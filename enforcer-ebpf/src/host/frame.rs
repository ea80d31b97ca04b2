//! A frame that is all at hand.

use crate::{
    Frame,
    judged::Judged,
    packet::{self, Next},
    scene::clear,
    scratch::Scratch,
};

/// The bytes of a frame.
pub(crate) struct Whole<'a>(pub(crate) &'a [u8]);

impl Frame for Whole<'_> {
    fn network(&self, s: &mut Scratch, no_ethernet: bool) -> bool {
        s.next = Next::default();
        packet::network(self.0, no_ethernet, &mut s.packet, &mut s.next).is_ok()
    }

    fn transport(&self, s: &mut Scratch) -> bool {
        packet::transport(self.0, s.next.at, s.next.left, &mut s.packet).is_ok()
    }

    fn quote(&self, s: &mut Scratch) -> bool {
        clear(&mut s.other);
        packet::quoted(self.0, &s.packet, &mut s.other).is_ok()
    }

    fn tell(&self, _: &mut Scratch, _: Judged, _: u8) {
        // Nobody listens.
    }
}
