//! Runs tshark and gives what it says of each frame, field by field.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is asked of every frame. A field may occur several times: the outermost header's value comes first.
const FIELDS: &[&str] = &[
    "frame.protocols",
    "_ws.short",
    "_ws.malformed",
    "_ws.expert.message",
    "eth.src",
    "eth.dst",
    "eth.type",
    "eth.len",
    "sll.src.eth",
    "sll.etype",
    "vlan.id",
    "vlan.etype",
    "vlan.len",
    "ieee8021ad.id",
    "ieee8021ah.etype",
    "arp.hw.type",
    "arp.src.hw_mac",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "ip.len",
    "ip.hdr_len",
    "ip.opt.type",
    "ip.src",
    "ip.dst",
    "ip.proto",
    "ip.ttl",
    "ip.id",
    "ip.flags.mf",
    "ip.frag_offset",
    "ipv6.plen",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.nxt",
    "ipv6.hlim",
    "ipv6.hopopts.nxt",
    "ipv6.dstopts.nxt",
    "ipv6.routing.nxt",
    "ipv6.routing.segleft",
    "ipv6.fraghdr.nxt",
    "ipv6.fraghdr.offset",
    "ipv6.fraghdr.more",
    "ipv6.fraghdr.ident",
    "ah.next_header",
    "shim6.nxt",
    "mip6.proto",
    "hip.proto",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags",
    "tcp.hdr_len",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "sctp.srcport",
    "sctp.dstport",
    "icmp.type",
    "icmp.code",
    "icmp.ident",
    "icmpv6.type",
    "icmpv6.code",
    "icmpv6.echo.identifier",
    "icmpv6.nd.ns.target_address",
    "icmpv6.nd.na.target_address",
];

/// Settings under which each frame is told by itself: nothing is put together, nothing is guessed from earlier frames.
const SETTINGS: &[&str] = &[
    "ip.defragment:FALSE",
    "ip.tso_support:FALSE",
    "ipv6.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "tcp.analyze_sequence_numbers:FALSE",
];

/// What stands between two fields, and between two values of one.
const BETWEEN: (&str, &str) = ("\t", "\u{1f}");

/// What tshark says of one frame.
#[derive(Debug, Clone)]
pub(crate) struct Row(HashMap<&'static str, Vec<String>>);

impl Row {
    /// All values of a field, from the outermost header inwards.
    pub(crate) fn all(&self, field: &str) -> &[String] {
        assert!(FIELDS.contains(&field), "{field} is not asked for");
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// The value of the outermost header that has the field.
    pub(crate) fn first(&self, field: &str) -> Option<&str> {
        self.all(field).first().map(String::as_str)
    }

    /// The protocols of the frame, from the outermost inwards.
    pub(crate) fn protocols(&self) -> Vec<&str> {
        self.first("frame.protocols").unwrap_or_default().split(':').collect()
    }
}

/// The version of tshark; none where it is not installed.
pub(crate) fn version() -> Option<String> {
    let output = Command::new("tshark").arg("--version").stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// What tshark says of every frame of a capture. `home` is an empty folder: nobody's own settings are used.
pub(crate) fn all(capture: &Path, home: &Path) -> Vec<Row> {
    let mut tshark = Command::new("tshark");
    tshark.env("HOME", home).env("XDG_CONFIG_HOME", home).env("WIRESHARK_CONFIG_DIR", home);
    tshark.arg("-n").arg("-r").arg(capture).args(["-T", "fields", "-E", "occurrence=a"]);
    tshark.arg("-E").arg(format!("separator={}", BETWEEN.0)).arg("-E").arg(format!("aggregator={}", BETWEEN.1));
    for setting in SETTINGS {
        tshark.args(["-o", setting]);
    }
    for field in FIELDS {
        tshark.args(["-e", field]);
    }
    let output = tshark.stdin(Stdio::null()).output().expect("tshark runs");
    assert!(output.status.success(), "tshark: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(row).collect()
}

fn row(line: &str) -> Row {
    let values: Vec<&str> = line.split(BETWEEN.0).collect();
    assert_eq!(values.len(), FIELDS.len(), "{line}");
    let told = FIELDS.iter().zip(values).filter(|(_, value)| !value.is_empty());
    Row(told.map(|(field, value)| (*field, value.split(BETWEEN.1).map(str::to_owned).collect())).collect())
}
