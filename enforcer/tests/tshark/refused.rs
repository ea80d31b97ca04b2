//! Why a frame that tshark can tell something of is malformed to us.

use enforcer::replay::Medium;

use super::rows::Row;

/// A frame that our parser refuses.
pub(crate) struct Refused<'a> {
    pub(crate) row: &'a Row,
    pub(crate) medium: Medium,
    /// The capture holds only the start of it; we see zeros in place of the rest.
    pub(crate) cut: bool,
}

/// A reason, and how many frames of the captures it is the first to fit.
pub(crate) struct Reason {
    /// What is wrong with such frames.
    pub(crate) name: &'static str,
    fits: fn(&Refused<'_>) -> bool,
    pub(crate) frames: usize,
}

/// Every reason. A frame counts for the first that fits it.
pub(crate) const REASONS: &[Reason] = &[
    // tshark finds the same: a header that ends too early, a length beyond the frame.
    Reason { name: "a length or a version that cannot be", fits: is_bogus, frames: 27 },
    Reason { name: "shorter than an Ethernet header", fits: is_no_frame, frames: 1 },
    // RFC 9293: no stack sends them, scanners do, and stacks differ in what they take them for.
    Reason { name: "TCP flags that do not go together", fits: has_impossible_flags, frames: 7 },
    // RFC 791 and RFC 8200: only the last fragment may end off the boundary of eight bytes.
    Reason { name: "a ragged fragment, with more to follow", fits: is_ragged, frames: 15 },
    // The packet would go elsewhere than where it is judged to go.
    Reason { name: "a routing header with segments left", fits: has_segments_left, frames: 7 },
    // RFC 2675: no link of an edge router carries datagrams beyond 65,535 bytes; what has 0 for a length was put together by
    // the sender's own offload, and never was on a wire.
    Reason { name: "a payload length of 0", fits: |refused| refused.row.first("ipv6.plen") == Some("0"), frames: 10 },
    // On a port without Ethernet headers there is nothing but IPv4 and IPv6.
    Reason { name: "no IP on a link of IP", fits: is_no_ip, frames: 9 },
    // The zeros are no header of the kind that they stand in for.
    Reason { name: "the capture kept a part of the headers", fits: is_short, frames: 7 },
];

/// What tshark says of lengths and versions that lie.
const BOGUS: &[&str] = &[
    "Bad length value",
    "Bogus IP length",
    "Bogus IPv4 version",
    "Bogus IPv6 version",
    "Bogus TCP header length",
    "IPv4 total length exceeds packet length",
    "IPv6 payload length exceeds framing length",
    "IPv6 header must be exactly 40 bytes",
];

fn is_bogus(refused: &Refused<'_>) -> bool {
    let told = refused.row.all("_ws.expert.message");
    told.iter().any(|message| BOGUS.iter().any(|bogus| message.starts_with(bogus)))
}

fn is_short(refused: &Refused<'_>) -> bool {
    refused.cut && refused.row.first("_ws.short").is_some()
}

/// An Ethernet header alone has 14 bytes.
fn is_no_frame(refused: &Refused<'_>) -> bool {
    refused.row.protocols() == ["eth"] && refused.row.first("_ws.malformed").is_some()
}

fn number(refused: &Refused<'_>, field: &str) -> Option<u32> {
    let value = refused.row.first(field)?;
    match value.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => value.parse().ok(),
    }
}

fn has_impossible_flags(refused: &Refused<'_>) -> bool {
    const POSSIBLE: [u32; 6] = [0x02, 0x12, 0x10, 0x04, 0x14, 0x11];
    number(refused, "tcp.flags").is_some_and(|flags| !POSSIBLE.contains(&(flags & 0x17)))
}

fn is_ragged(refused: &Refused<'_>) -> bool {
    let lengths = number(refused, "ip.len").zip(number(refused, "ip.hdr_len"));
    number(refused, "ip.flags.mf") == Some(1) && lengths.is_some_and(|(total, header)| (total - header) % 8 != 0)
}

fn has_segments_left(refused: &Refused<'_>) -> bool {
    number(refused, "ipv6.routing.segleft").is_some_and(|left| left > 0)
}

fn is_no_ip(refused: &Refused<'_>) -> bool {
    refused.medium == Medium::Ip && !refused.row.protocols().iter().take(2).any(|name| matches!(*name, "ip" | "ipv6"))
}

/// The first reason that fits.
pub(crate) fn reason(refused: &Refused<'_>) -> Option<usize> {
    REASONS.iter().position(|reason| (reason.fits)(refused))
}
