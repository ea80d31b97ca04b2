//! What the choice of a port looks at in a frame. The verdict never rests on it: the program parses for itself.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{EtherType, LaxLinkExtSlice, LaxNetSlice, LaxSlicedPacket, LinkSlice};

use super::link::Medium;

/// A hardware address.
pub(super) type Mac = [u8; 6];

/// Sender, receiver and tags of a frame, as far as they can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sketch {
    /// Source MAC.
    pub(super) mac: Option<Mac>,
    /// VLAN IDs from the outermost inwards; priority tags (0) are left out.
    pub(super) vlans: Vec<u16>,
    /// 802.1Q and 802.1ad tags in the frame, priority tags among them.
    pub(super) tags: usize,
    /// Source address; of ARP, the sender's protocol address.
    pub(super) source: Option<IpAddr>,
    /// Destination address; of ARP, the target's protocol address.
    pub(super) destination: Option<IpAddr>,
}

impl Sketch {
    /// Reads a frame as far as it goes.
    pub(super) fn of(medium: Medium, bytes: &[u8]) -> Sketch {
        let mut sketch = Sketch::default();
        match medium {
            Medium::Ip => sketch.read_ip(bytes),
            Medium::Ethernet => {
                if let Ok(packet) = LaxSlicedPacket::from_ethernet(bytes) {
                    sketch.read(&packet);
                }
            }
        }
        sketch
    }

    fn read(&mut self, packet: &LaxSlicedPacket<'_>) {
        if let Some(LinkSlice::Ethernet2(ethernet)) = &packet.link {
            self.mac = Some(ethernet.source());
        }
        for extension in &packet.link_exts {
            if let LaxLinkExtSlice::Vlan(tag) = extension {
                self.tags += 1;
                let vlan = tag.vlan_identifier().value();
                self.vlans.extend((vlan != 0).then_some(vlan));
            }
        }
        match &packet.net {
            Some(net) => self.read_net(net),
            None => self.read_pppoe(packet),
        }
    }

    fn read_net(&mut self, net: &LaxNetSlice<'_>) {
        (self.source, self.destination) = match net {
            LaxNetSlice::Ipv4(ip) => {
                (Some(ip.header().source_addr().into()), Some(ip.header().destination_addr().into()))
            }
            LaxNetSlice::Ipv6(ip) => {
                (Some(ip.header().source_addr().into()), Some(ip.header().destination_addr().into()))
            }
            LaxNetSlice::Arp(arp) => (ipv4(arp.sender_protocol_addr()), ipv4(arp.target_protocol_addr())),
        };
    }

    /// PPPoE session: six bytes of its own and two of PPP before the IP header.
    fn read_pppoe(&mut self, packet: &LaxSlicedPacket<'_>) {
        const SESSION: EtherType = EtherType(0x8864);
        let Some(payload) = packet.ether_payload() else {
            return;
        };
        if payload.ether_type == SESSION
            && let Some([0x00, 0x21 | 0x57, ip @ ..]) = payload.payload.get(6..)
        {
            self.read_ip(ip);
        }
    }

    fn read_ip(&mut self, bytes: &[u8]) {
        if let Ok(packet) = LaxSlicedPacket::from_ip(bytes)
            && let Some(net) = &packet.net
        {
            self.read_net(net);
        }
    }
}

fn ipv4(bytes: &[u8]) -> Option<IpAddr> {
    let octets = <[u8; 4]>::try_from(bytes).ok()?;
    Some(Ipv4Addr::from(octets).into())
}

/// The frame without its tags, as a VLAN device hands it on.
pub(super) fn without_tags(bytes: &mut Vec<u8>, tags: usize) {
    const MACS: usize = 12;
    const TAG: usize = 4;
    if bytes.len() >= MACS + tags * TAG {
        bytes.drain(MACS..MACS + tags * TAG);
    }
}

/// True for an address that tells nothing about a zone: it belongs to the port that it is seen on.
pub(super) fn is_local_to_port(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_unspecified() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unspecified() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    fn tagged() -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .double_vlan(etherparse::VlanId::try_new(100).unwrap(), etherparse::VlanId::try_new(30).unwrap())
            .ipv6([0xfd; 16], [0xfe; 16], 64)
            .udp(1, 2)
            .write(&mut bytes, &[0; 20])
            .unwrap();
        bytes
    }

    #[test]
    fn tags_and_addresses_are_read() {
        let sketch = Sketch::of(Medium::Ethernet, &tagged());
        assert_eq!(sketch.vlans, [100, 30]);
        assert_eq!(sketch.tags, 2);
        assert_eq!(sketch.mac, Some([2, 0, 0, 0, 0, 1]));
        assert_eq!(sketch.source, Some(IpAddr::from([0xfd; 16])));
        assert_eq!(sketch.destination, Some(IpAddr::from([0xfe; 16])));
    }

    #[test]
    fn a_frame_loses_its_tags_and_nothing_else() {
        let mut bytes = tagged();
        let whole = bytes.len();
        without_tags(&mut bytes, 2);
        assert_eq!(bytes.len(), whole - 8);
        let sketch = Sketch::of(Medium::Ethernet, &bytes);
        assert_eq!((sketch.tags, sketch.source), (0, Some(IpAddr::from([0xfd; 16]))));
    }

    #[test]
    fn arp_tells_the_senders_address() {
        let mut bytes = vec![0xff; 6];
        bytes.extend([2, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1]);
        bytes.extend([10, 30, 0, 11, 0, 0, 0, 0, 0, 0, 10, 30, 0, 1]);
        let sketch = Sketch::of(Medium::Ethernet, &bytes);
        assert_eq!(sketch.source, Some(IpAddr::from([10, 30, 0, 11])));
        assert_eq!(sketch.destination, Some(IpAddr::from([10, 30, 0, 1])));
    }

    #[test]
    fn the_addresses_inside_pppoe_are_read() {
        let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0x64, 0x11, 0, 0, 1, 0, 30, 0x00, 0x21];
        let mut ip = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(1, 2).write(&mut ip, &[]).unwrap();
        bytes.extend(ip);
        let sketch = Sketch::of(Medium::Ethernet, &bytes);
        assert_eq!(sketch.source, Some(IpAddr::from([192, 0, 2, 1])));
    }

    #[test]
    fn what_cannot_be_read_has_no_addresses() {
        let sketch = Sketch::of(Medium::Ip, &[0x45, 0, 0]);
        assert_eq!(sketch, Sketch::default());
    }
}
