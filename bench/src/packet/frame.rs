//! Frames, and where the kernel writes keys into them.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result};
use enforcer_bench_ebpf::draw::HOST_BITS;
use enforcer_bench_ebpf::plan::{Patch, source};
use etherparse::{IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder};

use super::interfaces::{Interface, Port};
use super::site::{FIRST_HOST, VLAN};

/// How a frame is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// IPv6 instead of IPv4.
    pub ipv6: bool,
    /// With a VLAN tag.
    pub tagged: bool,
}

impl Shape {
    /// All of them, the plainest first.
    pub const ALL: [Shape; 4] = [
        Shape { ipv6: false, tagged: false },
        Shape { ipv6: true, tagged: false },
        Shape { ipv6: false, tagged: true },
        Shape { ipv6: true, tagged: true },
    ];

    /// The name in results.
    pub fn label(self) -> &'static str {
        match (self.ipv6, self.tagged) {
            (false, false) => "IPv4",
            (true, false) => "IPv6",
            (false, true) => "IPv4 tagged",
            (true, true) => "IPv6 tagged",
        }
    }
}

/// Who stands at an end of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The device with the drawn key.
    Device,
    /// The same, by another MAC than its own.
    Spoofed,
    /// Another device, the same for the same key.
    Peer,
    /// An address and a MAC that nobody listed, on a floor whose devices are all listed.
    Unlisted,
    /// Servers of the internet, another one for each conversation.
    Cloud,
    /// One computer of the office.
    Office,
}

/// What a TCP segment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// SYN.
    Open,
    /// SYN and ACK.
    Answer,
    /// ACK.
    Data,
    /// SYN and RST, which no sane host sends.
    Nonsense,
}

/// A packet, all but its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Where it enters.
    pub enters: Port,
    /// Who sends.
    pub from: Party,
    /// Who receives.
    pub to: Party,
    /// The TCP port of the end that answers.
    pub service: u16,
    /// What the segment is for. An answer comes from the service's port.
    pub segment: Segment,
}

/// A frame with places for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The bytes, with key 0 or none.
    pub bytes: Vec<u8>,
    /// Index of the interface by which it enters.
    pub ifindex: u32,
    /// Where the key is written.
    pub patches: Vec<Patch>,
    /// Offset of the IPv4 header's checksum; 0 where there is none.
    pub checksum_at: u32,
    /// See [`enforcer_bench_ebpf::plan::Plan::checksum`].
    pub checksum: u32,
}

/// Length of the frames on the wire, without the check sequence; IPv6 needs more.
const LENGTH: usize = 60;
const EPHEMERAL: u32 = 1024;
const ETHERNET: usize = 14;

impl Packet {
    /// The packet as a frame of that shape, for the router's interface.
    pub fn frame(&self, shape: Shape, interface: &Interface) -> Result<Frame> {
        let (from, to) = (self.from.ends(), self.to.ends());
        let answers = self.segment == Segment::Answer;
        let ports = if answers { [u32::from(self.service), EPHEMERAL] } else { [EPHEMERAL, u32::from(self.service)] };
        let bytes = self.bytes(shape, interface, (&from, &to), ports)?;

        let network = ETHERNET + if shape.tagged { 4 } else { 0 };
        let (sender, receiver, transport) = if shape.ipv6 {
            (network + 8, network + 24, network + 40)
        } else {
            (network + 12, network + 16, network + 20)
        };
        let mut patches = Vec::new();
        patches.extend(from.mac_patch.map(|(base, source)| Patch { base, source, ..at(8) }));
        for (address, end) in [(sender, &from), (receiver, &to)] {
            if shape.ipv6 {
                patches.extend(end.v6_patches.iter().map(|(word, base, source)| Patch {
                    base: *base,
                    source: *source,
                    ..at(address + 4 * word)
                }));
            } else {
                let summed = |(base, source)| Patch { base, source, summed: 0xffff, ..at(address) };
                patches.extend(end.v4_patch.map(summed));
            }
        }
        let shift = if answers { 0 } else { 16 };
        patches.push(Patch { base: ports[0] << 16 | ports[1], source: source::FLOW_LOW, shift, ..at(transport) });

        let (checksum_at, checksum) = if shape.ipv6 { (0, 0) } else { sum(&bytes, network, &patches) };
        Ok(Frame { bytes, ifindex: interface.index, patches, checksum_at, checksum })
    }

    fn bytes(&self, shape: Shape, interface: &Interface, ends: (&Ends, &Ends), ports: [u32; 2]) -> Result<Vec<u8>> {
        let (from, to) = ends;
        let ip = if shape.ipv6 {
            let header = Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: IpNumber::TCP,
                hop_limit: 64,
                source: from.v6.octets(),
                destination: to.v6.octets(),
            };
            IpHeaders::Ipv6(header, Default::default())
        } else {
            let header = Ipv4Header::new(0, 64, IpNumber::TCP, from.v4.octets(), to.v4.octets())?;
            IpHeaders::Ipv4(header, Default::default())
        };
        let [source, destination] = ports.map(|port| port as u16);
        let builder = PacketBuilder::ethernet2(from.mac, interface.mac).ip(ip).tcp(source, destination, 1, 64_240);
        let builder = match self.segment {
            Segment::Open => builder.syn(),
            Segment::Answer => builder.syn().ack(1),
            Segment::Data => builder.ack(1),
            Segment::Nonsense => builder.syn().rst(),
        };
        let payload = vec![0; LENGTH.saturating_sub(builder.size(0))];
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &payload).context("a frame of the bench cannot be built")?;
        if shape.tagged {
            let [high, low] = VLAN.to_be_bytes();
            bytes.splice(12..12, [0x81, 0x00, high, low]);
        }
        Ok(bytes)
    }
}

/// A patch at that offset.
fn at(offset: usize) -> Patch {
    Patch { at: offset as u32, ..Patch::default() }
}

/// Where the IPv4 checksum stands, and the sum of what no patch writes.
fn sum(bytes: &[u8], network: usize, patches: &[Patch]) -> (u32, u32) {
    let checksum_at = network + 10;
    let patched = |offset: usize| {
        patches
            .iter()
            .filter(|patch| patch.summed != 0)
            .any(|patch| (patch.at as usize..patch.at as usize + 4).contains(&offset))
    };
    let header = (network..network + 20).step_by(2).filter(|offset| *offset != checksum_at && !patched(*offset));
    let sum = header.map(|offset| u32::from(u16::from_be_bytes([bytes[offset], bytes[offset + 1]]))).sum();
    (checksum_at as u32, sum)
}

/// The addresses of a party, with key 0, and what of them is drawn.
struct Ends {
    mac: [u8; 6],
    v4: Ipv4Addr,
    v6: Ipv6Addr,
    mac_patch: Option<(u32, u32)>,
    v4_patch: Option<(u32, u32)>,
    v6_patches: Vec<(usize, u32, u32)>,
}

impl Party {
    fn ends(self) -> Ends {
        match self {
            Party::Device => device(0, (source::KEY, source::SPREAD, source::FLOOR, source::HOST), FIRST_HOST),
            Party::Spoofed => device(1 << 30, (source::KEY, source::SPREAD, source::FLOOR, source::HOST), FIRST_HOST),
            Party::Peer => {
                device(0, (source::PEER, source::PEER_SPREAD, source::PEER_FLOOR, source::PEER_HOST), FIRST_HOST)
            }
            Party::Unlisted => device(
                1 << 31,
                (source::KEY, source::SPREAD, source::FLOOR, source::HOST),
                FIRST_HOST + (1 << (HOST_BITS - 1)),
            ),
            Party::Cloud => Ends {
                mac: [2, 0, 0xff, 0, 0, 1],
                v4: Ipv4Addr::new(198, 18, 0, 0),
                v6: Ipv6Addr::new(0x2001, 0xdb8, 0x18, 0, 0, 0, 0, 0),
                mac_patch: None,
                v4_patch: Some((0xc612_0000, source::FLOW_HIGH)),
                v6_patches: vec![(3, 0, source::FLOW_HIGH)],
            },
            Party::Office => Ends {
                mac: [2, 0, 0xff, 0, 0, 2],
                v4: Ipv4Addr::new(10, 250, 0, 20),
                v6: Ipv6Addr::new(0xfd00, 0x250, 0, 0, 0, 0, 0, 0x20),
                mac_patch: None,
                v4_patch: None,
                v6_patches: Vec::new(),
            },
        }
    }
}

/// Someone on a floor, by its key.
fn device(mac: u32, (key, spread, floor, host): (u32, u32, u32, u32), first: u32) -> Ends {
    let v4 = 10 << 24 | first;
    let [a, b, c, d] = mac.to_be_bytes();
    Ends {
        mac: [2, 0, a, b, c, d],
        v4: Ipv4Addr::from(v4),
        v6: Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, (first >> 16) as u16, first as u16),
        mac_patch: Some((mac, key)),
        v4_patch: Some((v4, spread)),
        v6_patches: vec![(1, 0, floor), (3, first, host)],
    }
}
