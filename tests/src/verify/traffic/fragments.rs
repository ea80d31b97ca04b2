//! Datagrams in pieces: in order and not, overlapping, without a first, with a first that is too small.

use super::packet::{Body, Fragment, Ip};
use super::{Sent, Traffic};

impl Traffic<'_> {
    /// A datagram in pieces; the first is sent now, the others wait.
    pub(super) fn fragmented(&mut self) -> Option<Sent> {
        let talk = if self.dice.percent(40) { self.dice.maybe(&self.talks).cloned() } else { None };
        let talk = match talk {
            Some(talk) => talk,
            None => self.begin()?,
        };
        let back = self.dice.percent(25);
        let mut whole = talk.packet(back, if self.dice.percent(60) { 2 } else { 0x18 })?;
        whole.payload.resize(self.dice.between(24, 96), 0);
        if whole.protocol == 17 {
            // UDP tells its length.
            let length = (whole.payload.len() as u16).to_be_bytes();
            whole.payload[4..6].copy_from_slice(&length);
        }
        let (from, to) = if back { (talk.to, talk.from) } else { (talk.from, talk.to) };
        let mut pieces = self.pieces(&whole);
        match self.dice.below(10) {
            0 => pieces.reverse(),
            1 => pieces.rotate_left(1),
            2 => {
                pieces.remove(0);
            }
            3 => pieces.push(pieces[self.dice.below(pieces.len())].clone()),
            _ => {}
        }
        for piece in pieces {
            let sent = self.addressed(&from, &to, Body::Ip(piece));
            self.waiting.push_back(sent);
        }
        self.waiting.pop_front()
    }

    fn pieces(&mut self, whole: &Ip) -> Vec<Ip> {
        let id = self.dice.word() & 7;
        let size = *self.dice.pick(&[8usize, 16, 24, 24, 32, 40, 48]);
        let length = whole.payload.len();
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < length {
            let end = (at + size).min(length);
            let mut piece = whole.clone();
            piece.payload = whole.payload[at..end].to_vec();
            let mut fragment = Fragment { id, offset: at as u16, more: end < length };
            match self.dice.below(40) {
                // It lies over the one before.
                0 => fragment.offset = fragment.offset.saturating_sub(8),
                1 => fragment.more = !fragment.more,
                2 => piece.payload.push(0),
                3 => piece.payload.clear(),
                4 => fragment.offset = 0xfff8,
                _ => {}
            }
            piece.fragment = Some(fragment);
            pieces.push(piece);
            at = end;
        }
        pieces
    }
}
