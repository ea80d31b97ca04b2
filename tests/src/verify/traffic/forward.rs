//! What entered by one port and leaves by another: routed, translated, copied by a bridge.

use super::packet::{Body, Ip};
use super::{Sent, Traffic};
use crate::verify::ground::ROUTER_MAC;

impl Traffic<'_> {
    /// What becomes of a packet that entered.
    pub(super) fn forwarded(&mut self, sent: Sent) -> Vec<Sent> {
        let Some(from) = sent.from.and_then(|place| self.ground.places.get(place)) else { return Vec::new() };
        let mut entered = from.interface;
        if self.dice.one_in(20) {
            entered = self.dice.below(self.interfaces);
        }
        let is_group = match &sent.packet.body {
            Body::Ip(ip) => super::group_mac(ip).is_some() || sent.packet.destination[0] & 1 == 1,
            Body::Other(..) => true,
        };
        let copies = if is_group { self.dice.between(1, 3) } else { 1 };
        (0..copies).filter_map(|_| self.forwarded_once(&sent, entered, is_group)).collect()
    }

    fn forwarded_once(&mut self, sent: &Sent, entered: usize, is_copy: bool) -> Option<Sent> {
        let anywhere = self.dice.below(self.ground.places.len());
        let place = match &sent.packet.body {
            Body::Ip(ip) if !is_copy && self.dice.percent(90) => {
                let to = self.ground.at(ip.destination, &mut self.dice);
                to.place?
            }
            Body::Ip(_) | Body::Other(..) => anywhere,
        };
        let mut packet = sent.packet.clone();
        packet.tags = self.tags(Some(place));
        // A bridge leaves the MACs alone, a router does not.
        let routed = !is_copy || self.dice.percent(20);
        if let (Body::Ip(ip), true) = (&packet.body, routed) {
            let to = self.ground.at(ip.destination, &mut self.dice);
            packet.source = ROUTER_MAC;
            packet.destination = super::group_mac(ip).unwrap_or(to.mac);
        }
        if let Body::Ip(ip) = &mut packet.body
            && routed
        {
            ip.hops = ip.hops.saturating_sub(1);
            if self.dice.percent(12) {
                self.translate(ip)?;
            }
        }
        Some(Sent { packet, from: None, to: Some(place), entered: Some(entered) })
    }

    /// Puts one of the router's addresses in place of the sender's.
    fn translate(&mut self, ip: &mut Ip) -> Option<()> {
        let six = ip.source.is_ipv6();
        let own: Vec<_> = self.ground.router.iter().filter(|own| own.address.is_ipv6() == six).collect();
        ip.source = self.dice.maybe(&own)?.address;
        Some(())
    }
}
