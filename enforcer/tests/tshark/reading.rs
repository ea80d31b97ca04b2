//! What can be said of a frame's headers, by name: once from our parser, once from tshark.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use enforcer::replay::Medium;
use enforcer_common::packet::{Packet, flag, kind, protocol};

use super::rows::Row;
use super::units::Units;

/// What a frame's headers say: `source`, `ports`, …
pub(crate) type Reading = BTreeMap<&'static str, String>;

fn mac(number: u64) -> String {
    let octets = number.to_be_bytes();
    octets[2..].iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")
}

fn address(packet: &Packet, words: &[u32; 4]) -> String {
    if packet.kind == kind::IPV6 {
        let octets: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        return Ipv6Addr::from(<[u8; 16]>::try_from(octets).expect("16 octets")).to_string();
    }
    Ipv4Addr::from(words[0]).to_string()
}

/// What our parser took from a frame. A capture of a cooked link does not tell whom a frame was sent to.
pub(crate) fn ours(packet: &Packet, cooked: bool) -> Reading {
    let mut out = Reading::new();
    if !packet.is(flag::NO_ETHERNET) {
        out.insert("source MAC", mac(packet.source_mac));
        if !cooked {
            out.insert("destination MAC", mac(packet.destination_mac));
        }
        out.insert("VLANs", format!("{} {}", packet.outer_vlan, packet.inner_vlan));
        out.insert("tags", packet.tags.to_string());
        out.insert("EtherType", format!("{:#06x}", packet.ethertype));
    }
    if packet.kind == kind::OTHER {
        return out;
    }
    out.insert("source", address(packet, &packet.source));
    out.insert("destination", address(packet, &packet.destination));
    if packet.kind == kind::ARP {
        out.insert("hardware", packet.second.to_string());
        out.insert("claimed MAC", mac(u64::from(packet.target[0]) << 32 | u64::from(packet.target[1])));
        return out;
    }
    out.insert("protocol", packet.protocol.to_string());
    out.insert("hops", packet.hops.to_string());
    if packet.is(flag::FIRST_FRAGMENT | flag::LATER_FRAGMENT) {
        let (id, offset) = (packet.fragment_id, packet.fragment_offset);
        out.insert("fragment", format!("{id:#x} at {offset}"));
    }
    if packet.is(flag::LATER_FRAGMENT) {
        return out;
    }
    match packet.protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP => {
            out.insert("ports", format!("{} {}", packet.source_port, packet.destination_port));
        }
        protocol::ICMP | protocol::ICMPV6 => {
            out.insert("type", format!("{}.{}", packet.icmp_type, packet.icmp_code));
            if packet.is(flag::TRACKED) {
                let identifier = packet.source_port | packet.destination_port;
                out.insert("identifier", identifier.to_string());
            }
        }
        _ => {}
    }
    if packet.protocol == protocol::TCP {
        out.insert("flags", format!("{:#04x}", packet.tcp));
    }
    if packet.is(flag::ND_TARGET) {
        out.insert("target", address(packet, &packet.target));
    }
    out
}

/// What tshark says of the outermost headers of a frame that meets us on this medium.
pub(crate) fn theirs(row: &Row, medium: Medium, units: Units) -> Reading {
    let (protocols, taken) = (row.protocols(), BTreeMap::new());
    let mut walk = Walk { row, units, protocols, at: 0, taken, tags: Vec::new(), out: Reading::new() };
    walk.link(medium);
    walk.out
}

/// Goes along the protocols of a frame. Each value of a field is taken once, by the header that it belongs to.
struct Walk<'a> {
    row: &'a Row,
    units: Units,
    protocols: Vec<&'a str>,
    at: usize,
    taken: BTreeMap<&'static str, usize>,
    /// VLAN IDs, the outermost first.
    tags: Vec<&'a str>,
    out: Reading,
}

impl<'a> Walk<'a> {
    fn take(&mut self, field: &'static str) -> Option<&'a str> {
        let taken = self.taken.entry(field).or_default();
        let value = self.row.all(field).get(*taken)?;
        *taken += 1;
        Some(value)
    }

    fn next(&self) -> Option<&'a str> {
        self.protocols.get(self.at).copied()
    }

    fn say(&mut self, what: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.out.insert(what, value.to_owned());
        }
    }

    fn link(&mut self, medium: Medium) {
        let mut ethertype = None;
        while let Some(protocol) = self.next() {
            match protocol {
                "eth" if self.at == 0 => {
                    for (what, field) in [("source MAC", "eth.src"), ("destination MAC", "eth.dst")] {
                        let value = self.take(field);
                        self.say(what, value);
                    }
                    ethertype = self.ethertype("eth.type", "eth.len");
                }
                "sll" if self.at == 0 => {
                    let source = self.take("sll.src.eth").filter(|_| medium == Medium::Ethernet);
                    self.say("source MAC", source);
                    ethertype = self.ethertype("sll.etype", "sll.etype");
                }
                "vlan" | "ieee8021ad" => ethertype = self.tag(protocol),
                "ethertype" | "null" | "raw" | "ppp" | "llc" => {}
                _ => break,
            }
            self.at += 1;
        }
        if medium == Medium::Ethernet {
            self.say("EtherType", ethertype.as_deref());
            // VLAN ID 0 names none.
            let vlans = self.tags.iter().filter(|id| **id != "0");
            let vlans: Vec<&str> = vlans.copied().chain(["0", "0"]).take(2).collect();
            self.out.insert("VLANs", vlans.join(" "));
            self.out.insert("tags", self.tags.len().to_string());
        }
        match self.next() {
            Some("ip") => self.ipv4(),
            Some("ipv6") => self.ipv6(),
            Some("arp") => self.arp(),
            _ => {}
        }
    }

    /// An EtherType; a length in its place counts as 0.
    fn ethertype(&mut self, field: &'static str, length: &'static str) -> Option<String> {
        if let Some(value) = self.take(field) {
            return Some(value.to_owned());
        }
        self.take(length).map(|_| "0x0000".to_owned())
    }

    fn tag(&mut self, protocol: &str) -> Option<String> {
        let outer = protocol == "ieee8021ad";
        let id = self.take(if outer { "ieee8021ad.id" } else { "vlan.id" });
        self.tags.extend(id);
        self.ethertype(if outer { "ieee8021ah.etype" } else { "vlan.etype" }, "vlan.len")
    }

    fn arp(&mut self) {
        for (what, field) in [
            ("hardware", "arp.hw.type"),
            ("claimed MAC", "arp.src.hw_mac"),
            ("source", "arp.src.proto_ipv4"),
            ("destination", "arp.dst.proto_ipv4"),
        ] {
            let value = self.take(field);
            self.say(what, value);
        }
    }

    fn ipv4(&mut self) {
        for (what, field) in
            [("source", "ip.src"), ("destination", "ip.dst"), ("protocol", "ip.proto"), ("hops", "ip.ttl")]
        {
            let value = self.take(field);
            self.say(what, value);
        }
        let (id, more, offset) = (self.take("ip.id"), self.take("ip.flags.mf"), self.take("ip.frag_offset"));
        self.at += 1;
        let later = self.fragment(id, more, offset, self.units.four);
        if !later {
            self.transport();
        }
    }

    fn ipv6(&mut self) {
        for (what, field) in [("source", "ipv6.src"), ("destination", "ipv6.dst"), ("hops", "ipv6.hlim")] {
            let value = self.take(field);
            self.say(what, value);
        }
        let mut protocol = self.take("ipv6.nxt");
        self.at += 1;
        let mut later = false;
        while let Some(header) = self.next() {
            let field = match header {
                "ipv6.hopopts" => "ipv6.hopopts.nxt",
                "ipv6.dstopts" => "ipv6.dstopts.nxt",
                "ipv6.routing" => "ipv6.routing.nxt",
                "ipv6.fraghdr" => "ipv6.fraghdr.nxt",
                "ah" => "ah.next_header",
                "shim6" => "shim6.nxt",
                "mipv6" => "mip6.proto",
                "hip" => "hip.proto",
                _ => break,
            };
            protocol = self.take(field);
            if header == "ipv6.fraghdr" {
                let more = self.take("ipv6.fraghdr.more");
                let (id, offset) = (self.take("ipv6.fraghdr.ident"), self.take("ipv6.fraghdr.offset"));
                later = self.fragment(id, more, offset, self.units.six);
            }
            self.at += 1;
            if later {
                break;
            }
        }
        self.say("protocol", protocol);
        if !later {
            self.transport();
        }
    }

    /// Notes a fragment; true for a later one.
    fn fragment(&mut self, id: Option<&str>, more: Option<&str>, offset: Option<&str>, unit: u32) -> bool {
        let id = id.and_then(|id| u32::from_str_radix(id.trim_start_matches("0x"), 16).ok());
        let offset: Option<u32> = offset.and_then(|offset| Some(offset.parse::<u32>().ok()? * unit));
        let (Some(id), Some(offset)) = (id, offset) else { return false };
        if more == Some("1") || offset != 0 {
            self.out.insert("fragment", format!("{id:#x} at {offset}"));
        }
        offset != 0
    }

    fn transport(&mut self) {
        let two = |a: Option<&str>, b: Option<&str>| Some(format!("{} {}", a?, b?));
        match self.next() {
            Some("tcp") => {
                let ports = two(self.take("tcp.srcport"), self.take("tcp.dstport"));
                self.say("ports", ports.as_deref());
                let flags = self.take("tcp.flags").and_then(|flags| u16::from_str_radix(&flags[2..], 16).ok());
                self.say("flags", flags.map(|flags| format!("{:#04x}", flags & 0xff)).as_deref());
            }
            Some("udp") => {
                let ports = two(self.take("udp.srcport"), self.take("udp.dstport"));
                self.say("ports", ports.as_deref());
            }
            Some("sctp") => {
                let ports = two(self.take("sctp.srcport"), self.take("sctp.dstport"));
                self.say("ports", ports.as_deref());
            }
            Some("icmp") => self.icmp("icmp.type", "icmp.code", "icmp.ident"),
            Some("icmpv6") => self.icmp("icmpv6.type", "icmpv6.code", "icmpv6.echo.identifier"),
            _ => {}
        }
    }

    fn icmp(&mut self, kind: &'static str, code: &'static str, identifier: &'static str) {
        let (kind, code) = (self.take(kind), self.take(code));
        if let (Some(kind), Some(code)) = (kind, code) {
            self.out.insert("type", format!("{kind}.{code}"));
        }
        if matches!((identifier, kind), ("icmp.ident", Some("0" | "8")) | (_, Some("128" | "129"))) {
            let value = self.take(identifier).map(str::to_owned);
            self.say("identifier", value.as_deref());
        }
        for field in ["icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"] {
            let target = self.take(field);
            self.say("target", target);
        }
    }
}
