//! ICMP errors: quoting talks as they were, cut short, from bystanders, and quoting what never was.

use super::packet::{self, Body, Ip};
use super::talk::Speech;
use super::{Sent, Traffic};

/// How much of a quoted packet there may be.
const QUOTED: [usize; 12] = [0, 1, 7, 19, 20, 27, 28, 39, 40, 47, 48, 1000];

impl Traffic<'_> {
    /// An error about a talk.
    pub(super) fn error(&mut self) -> Option<Sent> {
        let mut talk = self.dice.maybe(&self.talks).cloned()?;
        if self.dice.percent(10)
            && let Speech::Ports { protocol, source, destination } = talk.speech
        {
            talk.speech = Speech::Ports { protocol, source, destination: destination.wrapping_add(1) };
        }
        // About what the opener said, to the opener; or about an answer, to the other end.
        let back = self.dice.percent(35);
        let about = talk.packet(back, 0x18)?;
        let (to, far) = if back { (talk.to, talk.from) } else { (talk.from, talk.to) };
        let from = match self.dice.below(10) {
            0..=4 => far,
            5 | 6 => self.dice.maybe(&self.ground.router).cloned()?,
            _ => self.somebody()?,
        };
        let to = if self.dice.percent(90) { to } else { self.anybody()? };
        let six = about.source.is_ipv6();
        if from.address.is_ipv6() != six || to.address.is_ipv6() != six {
            return None;
        }
        let mut quoted = about.bytes();
        if self.dice.percent(30) {
            quoted.truncate(*self.dice.pick(&QUOTED));
        }
        if self.dice.one_in(12) && quoted.len() > 40 {
            // Of a later fragment, or with options.
            let at = *self.dice.pick(&[0usize, 6, 7, 9, 20]);
            quoted[at] = self.dice.byte();
        }
        let (kind, code) = if six {
            self.dice.weighted(&[(4, (1, 4)), (2, (2, 0)), (2, (3, 0)), (1, (4, 1)), (1, (137, 0)), (1, (100, 0))])
        } else {
            self.dice.weighted(&[(4, (3, 3)), (2, (3, 4)), (2, (11, 0)), (1, (12, 0)), (1, (4, 0)), (1, (5, 1))])
        };
        let payload = packet::icmp(kind, code, [0; 4], &quoted);
        let ip = Ip::new(from.address, to.address, if six { 58 } else { 1 }, payload);
        Some(self.addressed(&from, &to, Body::Ip(ip)))
    }
}
