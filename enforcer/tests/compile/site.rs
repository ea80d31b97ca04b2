//! Small policies, compiled, and packets judged by the lookups that the kernel program runs.

use std::fmt::Write as _;
use std::net::IpAddr;

use enforcer::compile::image::Image;
use enforcer::compile::{compile, verify};
use enforcer::image_file::ImageFile;
use enforcer::policy::report::Report;
use enforcer::policy::{self, Loaded};
use enforcer_common::cell::{Cell, Cells};
use enforcer_common::endpoint::{Endpoint, flag};
use enforcer_common::image::{Heads, heads, port};
use enforcer_common::layers::{self, Decision};
use enforcer_common::overlay;
use enforcer_common::packet::{Packet, flag as packet_flag, kind, protocol};
use enforcer_common::reason::{Reason, Verdict};
use enforcer_common::source::{self, World};

/// The zones of most tests.
pub(crate) const ZONES: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.iot]
ports = ["iot0"]
prefixes = ["10.30.0.0/16", "fd00:30::/64"]

[zones.office]
ports = ["office0"]
prefixes = ["10.20.0.0/16", "fd00:20::/64"]

[router.addresses]
iot0 = ["10.30.0.1/16", "fd00:30::1/64", "fe80::1/64"]
office0 = ["10.20.0.1/16", "fd00:20::1/64"]
"#;

/// An image in plain memory, where nobody has been seen before.
struct Plain<'a>(&'a [Cell]);

impl Cells for Plain<'_> {
    fn cell(&self, index: u32) -> Option<&Cell> {
        self.0.cell(index)
    }
}

impl World for Plain<'_> {
    fn learnt(&self, _: u8, _: &[u32; 4]) -> u64 {
        0
    }
}

/// A compiled policy.
pub(crate) struct Site {
    pub(crate) loaded: Loaded,
    pub(crate) image: Image,
}

impl Site {
    /// One file of policy.
    pub(crate) fn new(text: &str) -> Site {
        Site::with(&[("policy.toml", text)])
    }

    /// The usual zones, and more.
    pub(crate) fn usual(more: &str) -> Site {
        Site::with(&[("zones.toml", ZONES), ("more.toml", more)])
    }

    /// Files of a policy folder.
    pub(crate) fn with(files: &[(&str, &str)]) -> Site {
        let loaded = load(files).unwrap_or_else(|report| panic!("{report}"));
        let image = compile(&loaded.policy, &loaded.facts).unwrap();
        assert!(verify(&image.cells));
        let file = ImageFile { image, facts: loaded.facts.clone(), ignore: Vec::new() };
        let read = ImageFile::from_bytes(&file.to_bytes()).expect("every image of the compiler is sound");
        assert_eq!(read, file);
        Site { loaded, image: file.image }
    }

    fn heads(&self) -> Heads {
        heads(self.image.cells.as_slice(), 0).unwrap()
    }

    /// Who sends a packet that enters by a port.
    pub(crate) fn sender(&self, entrance: &str, packet: &Packet) -> Result<Endpoint, Reason> {
        let (world, heads) = (Plain(&self.image.cells), self.heads());
        let number = self.image.names.ports.iter().position(|port| port.name == entrance);
        let cell = port(&world, &heads, number.unwrap() as u32).unwrap();
        let mut out = Endpoint::default();
        source::sender(&world, &heads, cell, false, packet, &mut out).map(|()| out)
    }

    /// Who is to get it.
    pub(crate) fn receiver(&self, packet: &Packet, from: &Endpoint) -> Result<Endpoint, Reason> {
        let (world, heads) = (Plain(&self.image.cells), self.heads());
        let mut out = Endpoint::default();
        let local = overlay::Port::default();
        source::receiver(&world, &heads, &local, packet, from, &mut out).map(|()| out)
    }

    /// What becomes of an opening packet.
    pub(crate) fn decide(&self, entrance: &str, packet: &Packet) -> Result<Decision, Reason> {
        let from = self.sender(entrance, packet)?;
        let to = self.receiver(packet, &from)?;
        if from.is(flag::DENIED) || to.is(flag::DENIED) {
            return Err(Reason::UnknownDevice);
        }
        let mut out = Decision::default();
        let heads = self.heads();
        let (cells, mut room) = (self.image.cells.as_slice(), [0; 8]);
        layers::judge(cells, &heads, packet, &(from, to), None, &mut room, &mut out).unwrap();
        Ok(out)
    }

    /// The same in words: verdict, unless it is a drop of the step before, reason, and rule.
    pub(crate) fn judge(&self, entrance: &str, packet: &Packet) -> String {
        let decision = match self.decide(entrance, packet) {
            Ok(decision) => decision,
            Err(reason) => return reason.label().to_owned(),
        };
        let mut words = match decision.verdict {
            Verdict::Audit => format!("audit {}", decision.reason.label()),
            Verdict::Pass | Verdict::Drop => decision.reason.label().to_owned(),
        };
        if decision.rule != 0 {
            // Writing to a string does not fail.
            let _ = write!(words, " {}", self.rule(decision.rule));
        }
        words
    }

    /// Why answers to this packet do not pass, with the rule; nothing where they do.
    pub(crate) fn answer(&self, entrance: &str, packet: &Packet) -> Option<String> {
        let decision = self.decide(entrance, packet).unwrap();
        let reason = decision.reply_reason;
        (reason != Reason::Established).then(|| format!("{} {}", reason.label(), self.rule(decision.reply_rule)))
    }

    fn rule(&self, number: u32) -> &str {
        &self.image.names.rules[number as usize].name
    }

    /// The name of the zone that somebody is judged as.
    pub(crate) fn zone(&self, who: &Endpoint) -> &str {
        &self.image.names.zones[who.zone as usize]
    }

    /// The name of a listed device; empty for others.
    pub(crate) fn device(&self, who: &Endpoint) -> &str {
        &self.image.names.devices[who.device as usize]
    }
}

/// Reads the files of a policy folder.
pub(crate) fn load(files: &[(&str, &str)]) -> Result<Loaded, Report> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    policy::load(folder.path(), None)
}

/// An address as packets have it.
pub(crate) fn words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(address) => [u32::from(address), 0, 0, 0],
        IpAddr::V6(address) => {
            let number = u128::from(address);
            [96, 64, 32, 0].map(|shift| (number >> shift) as u32)
        }
    }
}

/// A packet by source address, destination address and service: `tcp/443`, `udp/53:1024`, `icmp/8.0`, `ip/47`.
pub(crate) fn packet(source: &str, destination: &str, service: &str) -> Packet {
    let (source, destination): (IpAddr, IpAddr) = (source.parse().unwrap(), destination.parse().unwrap());
    let mut packet = Packet {
        source: words(source),
        destination: words(destination),
        kind: if source.is_ipv4() { kind::IPV4 } else { kind::IPV6 },
        source_mac: UNLISTED,
        ..Packet::default()
    };
    let (name, rest) = service.split_once('/').unwrap();
    let numbers = rest.split_once([':', '.']).unwrap_or((rest, "40000"));
    let (first, second): (u16, u16) = (numbers.0.parse().unwrap(), numbers.1.parse().unwrap());
    packet.protocol = match name {
        "tcp" => protocol::TCP,
        "udp" => protocol::UDP,
        "icmp" => protocol::ICMP,
        "icmpv6" => protocol::ICMPV6,
        _ => first as u8,
    };
    match name {
        "tcp" | "udp" => {
            (packet.destination_port, packet.source_port) = (first, second);
            packet.flags = packet_flag::TRACKED;
        }
        "icmp" | "icmpv6" => {
            (packet.icmp_type, packet.icmp_code) = (first as u8, second as u8);
        }
        _ => {}
    }
    packet
}

/// A MAC of nobody in particular.
pub(crate) const UNLISTED: u64 = 0x0200_0000_0099;

/// The same packet from another MAC.
pub(crate) fn by(mac: u64, packet: Packet) -> Packet {
    Packet { source_mac: mac, ..packet }
}

/// A frame without IP.
pub(crate) fn frame(mac: u64, to: u64, ethertype: u16, second: u16) -> Packet {
    Packet { kind: kind::OTHER, source_mac: mac, destination_mac: to, ethertype, second, ..Packet::default() }
}
