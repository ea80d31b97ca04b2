//! Transitions: which may talk to which, and about what.

use super::frames::*;
use super::site::{Engines, Site, one, topic};

const NOTHING: &str = "drop no-transition";

topic!(services);

fn services(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["tcp/500-510", "udp/5000:6000-6010", "icmp/echo-request", "icmpv6/echo-request", "ip/50", "sctp/7",
                 "icmp/3.4", "icmpv6/1.4", "icmp/9", "icmpv6/2"]
        deny = ["tcp/505", "tcp/507:22-24", "ip/51"]
        [[transitions]]
        name = "whole"
        from = "office"
        to = "cell2"
        allow = ["tcp", "icmp", "icmpv6", "sctp"]
        deny = ["tcp/22"]
        [[transitions]]
        name = "everything"
        from = "cell1"
        to = "cell2"
        allow = ["any"]
        deny = ["udp", "eth/0x88b8"]
        "#,
    );
    let yes = "pass allowed office>cell1";
    let whole = "pass allowed whole";
    let sctp = |port: u16| {
        let mut header = [0; 12];
        header[..2].copy_from_slice(&40_000_u16.to_be_bytes());
        header[2..4].copy_from_slice(&port.to_be_bytes());
        header
    };
    let rows = [
        one("below the range", open(OFFICE, PLC1, 499), "drop no-transition | office > cell1"),
        one("its lower edge", open(OFFICE, PLC1, 500), "pass allowed office>cell1 | office > cell1"),
        one("its upper edge", open(OFFICE, PLC1, 510), yes),
        one("above the range", open(OFFICE, PLC1, 511), NOTHING),
        one("below the hole", open(OFFICE, PLC1, 504), yes),
        one("its own deny", open(OFFICE, PLC1, 505), NOTHING),
        one("above the hole", open(OFFICE, PLC1, 506), yes),
        one("below denied source ports", tcp(OFFICE, PLC1, (21, 507), SYN), yes),
        one("first denied source port", tcp(OFFICE, PLC1, (22, 507), SYN), NOTHING),
        one("last denied source port", tcp(OFFICE, PLC1, (24, 507), SYN), NOTHING),
        one("above denied source ports", tcp(OFFICE, PLC1, (25, 507), SYN), yes),
        one("denied source ports of another port", tcp(OFFICE, PLC1, (22, 508), SYN), yes),
        one("the same port of another protocol", udp(OFFICE, PLC1, (40_000, 505)), NOTHING),
        one("below the source ports", udp(OFFICE, PLC1, (5999, 5000)), NOTHING),
        one("first source port", udp(OFFICE, PLC1, (6000, 5000)), yes),
        one("last source port", udp(OFFICE, PLC1, (6010, 5000)), yes),
        one("above the source ports", udp(OFFICE, PLC1, (6011, 5000)), NOTHING),
        one("destination port below", udp(OFFICE, PLC1, (6005, 4999)), NOTHING),
        one("destination port above", udp(OFFICE, PLC1, (6005, 5001)), NOTHING),
        one("echo request", ping(OFFICE, PLC1), yes),
        one("echo reply", pong(OFFICE, PLC1), NOTHING),
        one("type and code", icmp(OFFICE, PLC1, (3, 4), (1, 4)), yes),
        one("another code", icmp(OFFICE, PLC1, (3, 3), (1, 3)), NOTHING),
        one("a type, code 0", icmp(OFFICE, PLC1, (9, 0), (2, 0)), yes),
        one("a type, another code", icmp(OFFICE, PLC1, (9, 16), (2, 255)), yes),
        one("the next type", icmp(OFFICE, PLC1, (10, 0), (3, 0)), NOTHING),
        one("the type before", icmp(OFFICE, PLC1, (7, 0), (4, 0)), NOTHING),
        one("ESP", ip(OFFICE, PLC1, 50, &[0; 24]), yes),
        one("protocol 49", ip(OFFICE, PLC1, 49, &[0; 24]), NOTHING),
        one("protocol 52", ip(OFFICE, PLC1, 52, &[0; 24]), NOTHING),
        one("SCTP", ip(OFFICE, PLC1, 132, &sctp(7)), yes),
        one("another SCTP port", ip(OFFICE, PLC1, 132, &sctp(8)), NOTHING),
        one("the other way", open(PLC1, OFFICE, 500), NOTHING),
        one("whole TCP, port 1", open(OFFICE, PLC2, 1), whole),
        one("whole TCP, port 65535", open(OFFICE, PLC2, 65_535), whole),
        one("whole TCP less 22", open(OFFICE, PLC2, 22), NOTHING),
        one("next to 22", open(OFFICE, PLC2, 23), whole),
        one("whole ICMP", icmp(OFFICE, PLC2, (13, 0), (160, 9)), whole),
        one("whole SCTP", ip(OFFICE, PLC2, 132, &sctp(65_535)), whole),
        one("not UDP", udp(OFFICE, PLC2, (1, 1)), NOTHING),
        one("not GRE", ip(OFFICE, PLC2, 47, &[0; 8]), NOTHING),
        one("any is TCP", open(PLC1, PLC2, 4711), "pass allowed everything"),
        one("any is echo", ping(PLC1, PLC2), "pass allowed everything"),
        one("any is protocol 253", ip(PLC1, PLC2, 253, &[0; 8]), "pass allowed everything"),
        one("any is protocol 254", ip(PLC1, PLC2, 254, &[0; 8]), "pass allowed everything"),
        one("any less UDP", udp(PLC1, PLC2, (1, 1)), NOTHING),
        one("any is no answer", open(PLC2, PLC1, 4711), NOTHING),
    ];
    site.check(&rows);
}
