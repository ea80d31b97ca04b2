//! The parser on IPv6 chains of 0 to 12 extension headers, with the fragment header at every place.

use enforcer_common::packet::{flag, kind::IPV6};

use crate::frames::*;

const TCP: u8 = 6;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// The longest chain that is followed.
const FOLLOWED: usize = 8;

/// Extension headers in turn; none of them may stand in one place only.
const HEADERS: [u8; 6] = [60, 43, AUTHENTICATION, 135, 139, 140];

/// Offset, and whether more follow: the first fragment, a later one, the whole datagram in one.
const PARTS: [(u16, bool); 3] = [(0, true), (64, true), (0, false)];

/// Headers of sixteen bytes (a fragment header: eight), and a SYN behind them.
fn chain(kinds: &[u8], (offset, more): (u16, bool)) -> Vec<u8> {
    let mut payload = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        let next = kinds.get(i + 1).copied().unwrap_or(TCP);
        match *kind {
            FRAGMENT => payload.extend(fragment_header(next, 0, offset, more)),
            AUTHENTICATION => payload.extend([&[next, 2][..], &[0; 14]].concat()),
            _ => payload.extend([&[next, 1][..], &[0; 14]].concat()),
        }
    }
    payload.extend(tcp_with(SYN, 5, 24));
    frame6(kinds.first().copied().unwrap_or(TCP), &payload)
}

/// Every chain is followed to its end or refused; none is judged by the number of an extension header.
#[test]
fn chains_of_0_to_12_extension_headers() {
    let whole = Seen::ip(IPV6, TCP);
    for length in 0..=12 {
        let plain: Vec<u8> = (0..length).map(|i| HEADERS[i % HEADERS.len()]).collect();
        let found = parsed(&chain(&plain, (0, false))).ok();
        assert_eq!(found.as_ref().map(Seen::of), (length <= FOLLOWED).then_some(whole), "{length} headers");
        for at in 0..length {
            let mut kinds = plain.clone();
            kinds[at] = FRAGMENT;
            for (offset, more) in PARTS {
                let behind = kinds.get(at + 1).copied().unwrap_or(TCP);
                let wanted = match (offset, more) {
                    // What follows the header of a later fragment is no header to anybody.
                    (1.., _) => {
                        let seen = Seen { protocol: behind, ..whole.no_ports().flags(flag::LATER_FRAGMENT) };
                        (at < FOLLOWED).then_some(seen)
                    }
                    (0, true) => (length <= FOLLOWED).then_some(whole.flags(flag::TRACKED | flag::FIRST_FRAGMENT)),
                    (0, false) => (length <= FOLLOWED).then_some(whole),
                };
                let found = parsed(&chain(&kinds, (offset, more))).ok();
                let said = format!("{length} headers, at {at} a fragment header: offset {offset}, more {more}");
                assert_eq!(found.as_ref().map(Seen::of), wanted, "{said}");
                let told = found.map(|packet| (packet.fragment_id, packet.fragment_offset));
                let fragment = offset != 0 || more;
                assert_eq!(told, wanted.map(|_| if fragment { (0xcafe, offset) } else { (0, 0) }), "{said}");
            }
        }
    }
}

/// The kernel program reads no further either.
#[test]
fn headers_beyond_4096_bytes() {
    let far = |bytes: usize| {
        let header = |next: u8, size: usize| [&[next, (size / 8 - 1) as u8][..], &vec![0; size - 2]].concat();
        let half = bytes / 16 * 8;
        frame6(60, &[header(60, half), header(TCP, bytes - half), tcp(SYN)].concat())
    };
    for bytes in (3800..4096).step_by(8) {
        // The flags, twelve bytes into the TCP header, are the last that is read.
        let wanted = 14 + 40 + bytes + 12 < 4096;
        assert_eq!(parsed(&far(bytes)).is_ok(), wanted, "{bytes} bytes of extension headers");
    }
}
