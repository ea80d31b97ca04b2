//! The parser on TCP, UDP, SCTP, ICMP, ICMPv6 and what is none of them.

use enforcer_common::packet::{flag, kind::*};

use crate::frames::*;

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

#[test]
fn transport() {
    let sctp = [&CLIENT_PORT.to_be_bytes()[..], &SERVER_PORT.to_be_bytes(), &[0; 8]].concat();
    let echo = [8, 0, 0, 0, 0xab, 0xcd, 0, 1];
    let echo6 = [128, 0, 0, 0, 0xab, 0xcd, 0, 1];
    let advertisement = [&[136, 0, 0, 0, 0, 0, 0, 0][..], &[0xfd; 16]].concat();
    let mut advertisement_in_padding = frame6(ICMPV6, &advertisement[..23]);
    advertisement_in_padding.push(0xfd);
    let icmp = |kind, protocol, flags| Some(Seen::ip(kind, protocol).no_ports().flags(flags));
    let ping = |kind, protocol, flags| Some(Seen { ports: (0xabcd, 0xabcd), ..Seen::ip(kind, protocol).flags(flags) });
    let whole = |protocol| Some(Seen::ip(IPV4, protocol).no_ports());
    check(&[
        ("UDP", frame4(UDP, &udp()), Some(Seen::ip(IPV4, UDP))),
        ("UDP over IPv6", frame6(UDP, &udp()), Some(Seen::ip(IPV6, UDP))),
        ("SCTP", frame4(SCTP, &sctp), Some(Seen::ip(IPV4, SCTP))),
        ("GRE is itself", frame4(47, &[0; 8]), whole(47)),
        ("ESP is itself", frame4(50, &[0; 8]), whole(50)),
        ("a protocol that nobody has", frame4(253, &[]), whole(253)),
        ("TCP cut short", frame4(TCP, &tcp(SYN)[..19]), None),
        ("UDP cut short", frame4(UDP, &udp()[..7]), None),
        ("SCTP cut short", frame4(SCTP, &sctp[..11]), None),
        ("ICMP cut short", frame4(ICMP, &echo[..7]), None),
        ("ICMPv6 cut short", frame6(ICMPV6, &echo6[..7]), None),
        ("advertisement cut short", frame6(ICMPV6, &advertisement[..23]), None),
        ("advertisement that ends in the padding", advertisement_in_padding, None),
        ("no transport header at all", frame4(TCP, &[]), None),
        ("UDP length 0", frame6(UDP, &udp_with(0, 12)), None),
        ("UDP length 7", frame4(UDP, &udp_with(7, 12)), None),
        ("UDP length beyond the datagram", frame4(UDP, &udp_with(13, 12)), None),
        ("UDP length short of the datagram", frame4(UDP, &udp_with(8, 12)), Some(Seen::ip(IPV4, UDP))),
        ("echo request", frame4(ICMP, &echo), ping(IPV4, ICMP, flag::TRACKED)),
        ("echo request over IPv6", frame6(ICMPV6, &echo6), ping(IPV6, ICMPV6, flag::TRACKED)),
        (
            "echo reply",
            frame6(ICMPV6, &[129, 0, 0, 0, 0xab, 0xcd, 0, 1]),
            ping(IPV6, ICMPV6, flag::TRACKED | flag::ECHO_REPLY),
        ),
        ("advertisement", frame6(ICMPV6, &advertisement), icmp(IPV6, ICMPV6, flag::ND_TARGET)),
        ("ICMP error", frame4(ICMP, &[3, 4, 0, 0, 0, 0, 0, 0]), icmp(IPV4, ICMP, flag::ICMP_ERROR)),
        ("redirect is no error", frame4(ICMP, &[5, 0, 0, 0, 0, 0, 0, 0]), icmp(IPV4, ICMP, 0)),
        ("ICMPv6 in IPv4", frame4(ICMPV6, &echo6), None),
        ("ICMP in IPv6", frame6(ICMP, &echo), None),
    ]);
    let found = parsed(&frame6(ICMPV6, &advertisement)).expect("well-formed");
    assert_eq!(found.target, [0xfdfd_fdfd; 4]);
    assert_eq!((found.icmp_type, found.icmp_code), (136, 0));
}

/// Of SYN, ACK, FIN and RST only these go together; the other four bits say nothing of state.
#[test]
fn tcp_flags() {
    const TOGETHER: [u8; 6] = [0x02, 0x12, 0x10, 0x04, 0x14, 0x11];
    for flags in 0..=255u8 {
        let wanted = TOGETHER.contains(&(flags & 0x17));
        assert_eq!(parsed(&frame4(TCP, &tcp(flags))).is_ok(), wanted, "flags {flags:#04x}");
        assert_eq!(parsed(&frame6(TCP, &tcp(flags))).is_ok(), wanted, "flags {flags:#04x}, IPv6");
    }
}

#[test]
fn tcp_data_offsets() {
    for offset in 0..=15u8 {
        for length in [20usize, 40, 60] {
            let wanted = offset >= 5 && usize::from(offset) * 4 <= length;
            let found = parsed(&frame4(TCP, &tcp_with(ACK, offset, length)));
            assert_eq!(found.is_ok(), wanted, "offset {offset} of {length} bytes");
        }
    }
}
