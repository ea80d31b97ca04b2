//! Names of ICMP and ICMPv6 types and codes, as the RFCs and the tools of Linux have them.

/// A name, its type and its code where the name means one.
type Name = (&'static str, u8, Option<u8>);

const ICMP: &[Name] = &[
    ("echo-reply", 0, None),
    ("destination-unreachable", 3, None),
    ("net-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("echo-request", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, Some(0)),
    ("parameter-problem", 12, None),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("info-request", 15, None),
    ("info-reply", 16, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
    ("extended-echo-request", 42, None),
    ("extended-echo-reply", 43, None),
];

const ICMPV6: &[Name] = &[
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("parameter-problem", 4, None),
    ("echo-request", 128, None),
    ("echo-reply", 129, None),
    ("mld-listener-query", 130, None),
    ("mld-listener-report", 131, None),
    ("mld-listener-done", 132, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
    ("mld2-listener-report", 143, None),
    ("extended-echo-request", 160, None),
    ("extended-echo-reply", 161, None),
];

fn table(protocol: u8) -> &'static [Name] {
    if protocol == 1 { ICMP } else { ICMPV6 }
}

/// Type and code by name, for ICMP (1) or ICMPv6 (58).
pub(super) fn by_name(protocol: u8, name: &str) -> Option<(u8, Option<u8>)> {
    let (_, kind, code) = table(protocol).iter().find(|(known, _, _)| *known == name)?;
    Some((*kind, *code))
}

/// All names of one of the protocols.
pub(super) fn names(protocol: u8) -> impl Iterator<Item = &'static str> {
    table(protocol).iter().map(|(name, _, _)| *name)
}
