//! IPv4 with options, IPv6 with extension headers, fragments of both.

use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
};

use super::{Malformed, sane, transport};
use crate::judge::packet::{Ip, Part, Transport, protocol};

/// More extension headers than this are refused.
const MOST_EXTENSIONS: usize = 8;
/// Headers are read no farther into the frame.
const FARTHEST: usize = 4096;
/// No datagram is longer.
const LONGEST: usize = 65_535;

/// An IPv4 packet at the start of `bytes`; what follows it is padding.
pub(super) fn v4(bytes: &[u8]) -> Result<Ip<'_>, Malformed> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| Malformed("an IPv4 header that is none"))?;
    let (start, total) = (header.slice().len(), usize::from(header.total_len()));
    sane(total >= start, "an IPv4 length within the header")?;
    sane(total <= bytes.len(), "an IPv4 length beyond the frame")?;
    options(header.options())?;
    let payload = &bytes[start..total];
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let part = part(header.identification().into(), offset, header.more_fragments(), payload.len())?;
    sane(part == Part::Whole || offset as usize + total <= LONGEST, "a fragment past the longest datagram")?;
    let protocol = header.protocol().0;
    Ok(Ip {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol,
        hop_limit: header.ttl(),
        part,
        transport: read_transport(protocol::ICMPV6, protocol, part, payload)?,
    })
}

/// Options fill their space, and none routes by source (RFC 791, section 3.1).
fn options(mut options: &[u8]) -> Result<(), Malformed> {
    const END: u8 = 0;
    const NOTHING: u8 = 1;
    const LOOSE_ROUTE: u8 = 131;
    const STRICT_ROUTE: u8 = 137;
    while let Some(kind) = options.first() {
        let length = match (*kind, options.get(1)) {
            (END, _) => return Ok(()),
            (NOTHING, _) => 1,
            (LOOSE_ROUTE | STRICT_ROUTE, _) => return Err(Malformed("an IPv4 source route")),
            (_, Some(length)) => usize::from(*length).max(2),
            (_, None) => usize::MAX,
        };
        // A length of 0 or 1 does not even hold the option itself.
        sane(*kind == NOTHING || options.get(1).is_some_and(|length| *length >= 2), "an IPv4 option of no length")?;
        options = options.get(length..).ok_or(Malformed("IPv4 options that overrun their space"))?;
    }
    Ok(())
}

/// An IPv6 packet at the start of `bytes`, `at` bytes into the frame; what follows it is padding.
pub(super) fn v6(at: usize, bytes: &[u8]) -> Result<Ip<'_>, Malformed> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| Malformed("an IPv6 header that is none"))?;
    let start = header.slice().len();
    let payload = bytes.get(start..start + usize::from(header.payload_length()));
    let payload = payload.ok_or(Malformed("an IPv6 length beyond the frame"))?;
    let chain = chain(at + start, header.next_header(), payload)?;
    Ok(Ip {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol: chain.protocol,
        hop_limit: header.hop_limit(),
        part: chain.part,
        transport: read_transport(protocol::ICMP, chain.protocol, chain.part, chain.rest)?,
    })
}

/// What lies behind the extension headers.
struct Chain<'f> {
    protocol: u8,
    part: Part,
    rest: &'f [u8],
}

/// Walks the extension headers (RFC 8200, section 4). Behind the header of a later fragment there are none.
fn chain(start: usize, mut next: IpNumber, payload: &[u8]) -> Result<Chain<'_>, Malformed> {
    let mut rest = payload;
    let mut headers = 0;
    let mut found = Part::Whole;
    loop {
        let past_the_end = Malformed("an IPv6 extension header past the end");
        let looked_at = start + payload.len() - rest.len() + looked_at(next);
        sane(looked_at <= FARTHEST, "a header beyond the first 4,096 bytes of the frame")?;
        let length = match next {
            IpNumber::IPV6_HEADER_HOP_BY_HOP
            | IpNumber::IPV6_ROUTE_HEADER
            | IpNumber::IPV6_DESTINATION_OPTIONS
            | IpNumber::MOBILITY_HEADER
            | IpNumber::HIP
            | IpNumber::SHIM6 => {
                let header = Ipv6RawExtHeaderSlice::from_slice(rest).map_err(|_| past_the_end)?;
                sane(
                    next != IpNumber::IPV6_HEADER_HOP_BY_HOP || headers == 0,
                    "hop-by-hop options that are not first",
                )?;
                // Behind next header, length and type.
                let segments_left = header.slice()[3];
                sane(next != IpNumber::IPV6_ROUTE_HEADER || segments_left == 0, "a routing header with segments left")?;
                next = header.next_header();
                header.slice().len()
            }
            IpNumber::AUTHENTICATION_HEADER => {
                let header = IpAuthHeaderSlice::from_slice(rest).map_err(|_| past_the_end)?;
                next = header.next_header();
                header.slice().len()
            }
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let header = Ipv6FragmentHeaderSlice::from_slice(rest).map_err(|_| past_the_end)?;
                let length = header.slice().len();
                let offset = u32::from(header.fragment_offset().value()) * 8;
                let inner = part(header.identification(), offset, header.more_fragments(), rest.len() - length)?;
                sane(inner == Part::Whole || found == Part::Whole, "a fragment of a fragment")?;
                if inner != Part::Whole {
                    found = inner;
                }
                next = header.next_header();
                length
            }
            IpNumber(protocol) => return Ok(Chain { protocol, part: found, rest }),
        };
        headers += 1;
        sane(headers <= MOST_EXTENSIONS, "more than eight IPv6 extension headers")?;
        rest = &rest[length..];
        if matches!(found, Part::Later { .. }) {
            return Ok(Chain { protocol: next.0, part: found, rest });
        }
    }
}

/// How many bytes of a header are looked at: of TCP all up to the flags.
fn looked_at(header: IpNumber) -> usize {
    match header {
        IpNumber::TCP => 14,
        _ => 8,
    }
}

/// Which part of its datagram a packet with `length` bytes of it is.
fn part(id: u32, offset: u32, more: bool, length: usize) -> Result<Part, Malformed> {
    if offset == 0 && !more {
        return Ok(Part::Whole);
    }
    sane(length > 0, "an empty fragment")?;
    sane(!more || length.is_multiple_of(8), "a fragment whose length is no multiple of eight, though more follow")?;
    sane(offset as usize + length <= LONGEST, "a fragment past the longest datagram")?;
    Ok(if offset == 0 { Part::First { id, end: length as u32 } } else { Part::Later { id, offset } })
}

/// `foreign` is the ICMP of the other family.
fn read_transport(foreign: u8, protocol: u8, part: Part, bytes: &[u8]) -> Result<Transport<'_>, Malformed> {
    match part {
        Part::Later { .. } => Ok(Transport::Absent),
        Part::Whole | Part::First { .. } if protocol == foreign => Err(Malformed("ICMP of the other family")),
        Part::Whole | Part::First { .. } => transport::read(protocol, part == Part::Whole, bytes),
    }
}
