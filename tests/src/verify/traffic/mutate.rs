//! Packets as they should not be: another MAC, port or tag, an address at another edge, odd headers, damaged bytes.

use std::net::IpAddr;

use super::packet::{Body, Fragment, Ip, extension};
use super::{Sent, Traffic};
use crate::verify::ground::{Mac, ROUTER_MAC};

const EXTENSIONS: [u8; 8] = [0, 43, 51, 60, 60, 135, 139, 140];

impl Traffic<'_> {
    /// The packet with something changed.
    pub(super) fn mutated(&mut self, mut sent: Sent) -> Sent {
        match self.dice.below(12) {
            0 => sent.packet.source = self.any_mac(),
            1 => sent.packet.destination = self.any_mac(),
            2 if sent.from.is_some() && !self.ground.places.is_empty() => {
                let place = self.dice.below(self.ground.places.len());
                sent.from = Some(place);
                sent.packet.tags = self.tags(Some(place));
            }
            3 | 4 => self.retag(&mut sent),
            5 | 6 => self.readdress(&mut sent),
            _ => {
                if let Body::Ip(ip) = &mut sent.packet.body {
                    let mut changed = ip.clone();
                    self.bend(&mut changed);
                    sent.packet.body = Body::Ip(changed);
                }
            }
        }
        sent
    }

    fn any_mac(&mut self) -> Mac {
        match self.dice.below(8) {
            0 => ROUTER_MAC,
            1 => [0; 6],
            2 => [0xff; 6],
            3 => [1, 0, 0x5e, 0, 0, 0xfb],
            _ => *self.dice.pick(&self.ground.macs),
        }
    }

    fn retag(&mut self, sent: &mut Sent) {
        let tags = &mut sent.packet.tags;
        match self.dice.below(7) {
            // Priority tags, before or behind the others.
            0 => tags.insert(0, (0x8100, 0xe000)),
            1 => tags.push((0x8100, 0x2000)),
            2 => {
                tags.pop();
            }
            3 => tags
                .push((*self.dice.pick(&[0x8100, 0x88a8, 0x9100]), *self.dice.pick(&[1, 2, 10, 30, 100, 4094, 4095]))),
            4 => {
                if let Some(tag) = tags.first_mut() {
                    tag.1 ^= 1;
                }
            }
            5 => {
                if let Some(tag) = tags.first_mut() {
                    tag.0 = *self.dice.pick(&[0x8100, 0x88a8, 0x9100]);
                    tag.1 |= 0x7000;
                }
            }
            _ => tags.extend([(0x8100, 0), (0x88a8, 0), (0x8100, 0)]),
        }
    }

    fn readdress(&mut self, sent: &mut Sent) {
        let Some(ip) = sent.packet.ip_mut() else { return };
        let six = ip.source.is_ipv6();
        let near: Vec<IpAddr> =
            self.ground.addresses.iter().filter(|address| address.is_ipv6() == six).copied().collect();
        let address = *self.dice.pick(&near);
        if self.dice.percent(60) {
            ip.source = address;
        } else {
            ip.destination = address;
            // Mostly the MAC goes with it.
            if let Some(mac) = super::group_mac(ip).filter(|_| self.dice.percent(80)) {
                sent.packet.destination = mac;
            }
        }
    }

    fn bend(&mut self, ip: &mut Ip) {
        match self.dice.below(14) {
            0 => ip.hops = *self.dice.pick(&[0, 1, 254, 255]),
            1 => ip.lie = *self.dice.pick(&[-41, -20, -8, -1, 1, 8, 1000]),
            2 => ip.payload.truncate(self.dice.below(ip.payload.len() + 1)),
            3 => ip.payload.extend([0; 9]),
            4 if ip.payload.len() >= 4 => {
                let at = *self.dice.pick(&[1usize, 3]);
                ip.payload[at] = ip.payload[at].wrapping_add(*self.dice.pick(&[1, 255]));
            }
            5 => ip.protocol = *self.dice.pick(&[1, 2, 6, 17, 58, 59, 132, 44, 0]),
            6 if ip.payload.len() > 13 => {
                // Data offset of TCP, and the length of UDP.
                let at = *self.dice.pick(&[4usize, 5, 12, 13]);
                ip.payload[at] = self.dice.byte();
            }
            7 => {
                ip.fragment = Some(Fragment { id: self.dice.word() & 7, offset: 0, more: false });
            }
            8 => ip.payload.resize(self.dice.weighted(&[(8, 1000), (8, 2900), (1, 5000), (1, 9000)]), 0),
            _ if ip.source.is_ipv4() => {
                let options: [&[u8]; 9] = [
                    &[1, 1, 1, 0],
                    &[0x94, 4, 0, 0],
                    &[7, 7, 4, 0, 0, 0, 0, 0],
                    &[131, 7, 4, 10, 0, 0, 1, 0],
                    &[137, 3, 4, 0],
                    &[0x94, 1, 0, 0],
                    &[0x94, 9, 0, 0],
                    &[1, 1, 1, 0x44],
                    &[0, 131, 7, 4],
                ];
                ip.options = self.dice.pick(&options).to_vec();
            }
            _ => {
                let count = self.dice.weighted(&[(6, 1), (4, 2), (2, 4), (1, 7), (1, 8), (1, 9), (1, 12)]);
                ip.extensions = (0..count)
                    .map(|_| {
                        let (kind, units) =
                            (*self.dice.pick(&EXTENSIONS), self.dice.weighted(&[(2, 0), (4, 1), (1, 2)]));
                        extension(kind, units, 0)
                    })
                    .collect();
                if self.dice.one_in(8)
                    && let Some((43, content)) = ip.extensions.first_mut()
                {
                    // Segments left.
                    content[2] = 1;
                }
            }
        }
    }

    /// Damages the bytes of a frame.
    pub(super) fn damage(&mut self, frame: &mut Vec<u8>) {
        match self.dice.below(4) {
            0 => {
                let length = self.dice.between(super::SHORTEST.min(frame.len()), frame.len());
                frame.truncate(length);
            }
            1 => frame.extend([0; 18]),
            _ => {
                for _ in 0..self.dice.between(1, 3) {
                    if frame.is_empty() {
                        return;
                    }
                    let at = self.dice.below(frame.len().min(70));
                    frame[at] =
                        if self.dice.percent(50) { self.dice.byte() } else { frame[at] ^ (1 << self.dice.below(8)) };
                }
            }
        }
    }

    /// Bytes that mean nothing.
    pub(super) fn odd(&mut self) -> Option<Sent> {
        let talk = self.begin()?;
        let mut sent = self.say(&talk, false, 0xff)?;
        let kind = *self.dice.pick(&[0x0800u16, 0x86dd, 0x0806, 0x8864, 0x8847, 0x05dc, 0x0000, 0x0600, 0xffff]);
        let mut bytes: Vec<u8> = (0..self.dice.between(0, 60)).map(|_| self.dice.byte()).collect();
        if let (Some(first), true) = (bytes.first_mut(), self.dice.percent(50)) {
            *first = *self.dice.pick(&[0x45, 0x60, 0x46, 0x4f, 0x44]);
        }
        sent.packet.body = Body::Other(kind, bytes);
        Some(sent)
    }
}
