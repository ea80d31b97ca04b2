//! Which packets an entry speaks of: from the type of its list, its IP container and its EtherType, which must agree
//! (RFC 8519, sections 4.1 and 4.2).

use std::ops::Range;

use jsonc_parser::ast::Value;

use super::draft::{Draft, Layer3};
use super::json::{self, span};
use super::profile::{Family, PeerMatch, Transport};
use super::report::{Report, code};

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// `type` of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AclType {
    /// `ipv4-acl-type`
    Ipv4,
    /// `ipv6-acl-type`
    Ipv6,
    /// `eth-acl-type`
    Eth,
    /// `mixed-eth-ipv4-acl-type`
    EthIpv4,
    /// `mixed-eth-ipv6-acl-type`
    EthIpv6,
    /// `mixed-eth-ipv4-ipv6-acl-type`
    All,
    /// Not written: IPv4 and IPv6, or what the containers say.
    Absent,
}

impl AclType {
    pub(super) fn read(value: &Value<'_>, unsupported: &mut Vec<String>, report: &mut Report) -> Self {
        let Some(text) = json::string(value, "type", report) else {
            return Self::Absent;
        };
        let (kind, exact) = match json::identity(text) {
            "ipv4-acl-type" => (Self::Ipv4, true),
            "ipv6-acl-type" => (Self::Ipv6, true),
            "eth-acl-type" => (Self::Eth, true),
            "mixed-eth-ipv4-acl-type" => (Self::EthIpv4, true),
            "mixed-eth-ipv6-acl-type" => (Self::EthIpv6, true),
            "mixed-eth-ipv4-ipv6-acl-type" => (Self::All, true),
            "ipv4-acl" => (Self::Ipv4, false),
            "ipv6-acl" => (Self::Ipv6, false),
            "ethernet-acl-type" | "eth-acl" => (Self::Eth, false),
            _ => {
                unsupported.push(format!("type {text}"));
                let message = format!("the list type `{text}` is not understood; its entries accept nothing");
                report.lint(code::UNSUPPORTED, span(value), message);
                return Self::Absent;
            }
        };
        if !exact {
            let message = format!("`{text}` is no list type; it is taken as `{}`", kind.name());
            report.lint(code::DIALECT, span(value), message);
        }
        kind
    }

    /// The identity of RFC 8519, section 4.1.
    fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4-acl-type",
            Self::Ipv6 => "ipv6-acl-type",
            Self::Eth => "eth-acl-type",
            Self::EthIpv4 => "mixed-eth-ipv4-acl-type",
            Self::EthIpv6 => "mixed-eth-ipv6-acl-type",
            Self::All => "mixed-eth-ipv4-ipv6-acl-type",
            Self::Absent => "",
        }
    }

    /// Packets of such a list before any match is looked at.
    fn packets(self, eth: bool) -> Packets {
        let (ipv4, ipv6, other) = match self {
            Self::Ipv4 => (true, false, false),
            Self::Ipv6 => (false, true, false),
            Self::Eth | Self::All => (true, true, true),
            Self::EthIpv4 => (true, false, true),
            Self::EthIpv6 => (false, true, true),
            Self::Absent => (true, true, eth),
        };
        Packets { ipv4, ipv6, other }
    }
}

/// One form of an entry.
pub(super) struct Variant {
    pub(super) family: Family,
    pub(super) protocol: Option<u8>,
}

#[derive(Clone, Copy)]
struct Packets {
    ipv4: bool,
    ipv6: bool,
    other: bool,
}

/// One form, or two where `icmp` means ICMP and ICMPv6.
pub(super) fn resolve(draft: &mut Draft, kind: AclType, span: Range<usize>, report: &mut Report) -> Vec<Variant> {
    let mut packets = kind.packets(draft.eth);
    if kind == AclType::Eth && draft.layer3.is_some() {
        packets = Packets { ipv4: false, ipv6: false, other: false };
    }
    packets.ipv4 &= draft.layer3 != Some(Layer3::Ipv6) && matches!(draft.ethertype, None | Some(ETHERTYPE_IPV4));
    packets.ipv6 &= draft.layer3 != Some(Layer3::Ipv4) && matches!(draft.ethertype, None | Some(ETHERTYPE_IPV6));
    packets.other &= !demands_ip(draft) && !matches!(draft.ethertype, Some(ETHERTYPE_IPV4 | ETHERTYPE_IPV6));
    let family = match family(packets, draft) {
        Some(family) => family,
        None => {
            let message = "the type of the list, the containers and the EtherType of this entry contradict each other";
            draft.give_up(code::CONTRADICTION, span, "family", message, report);
            without_contradiction(draft)
        }
    };
    variants(family, draft)
}

fn family(packets: Packets, draft: &Draft) -> Option<Family> {
    match (packets.ipv4, packets.ipv6, packets.other) {
        (true, true, true) => Some(Family::Ethernet(None)),
        // There is no such family. The narrower one is right for accepting, the wider one for dropping.
        (true, false, true) | (false, true, true) if !draft.accept => Some(Family::Ethernet(None)),
        (true, true, false) => Some(Family::Ip),
        (true, false, _) => Some(Family::Ipv4),
        (false, true, _) => Some(Family::Ipv6),
        (false, false, true) => Some(Family::Ethernet(draft.ethertype)),
        (false, false, false) => None,
    }
}

/// What a dropping entry drops if its matches contradict each other: whatever its peer sends or gets.
fn without_contradiction(draft: &mut Draft) -> Family {
    draft.transport = Transport::default();
    draft.icmp = false;
    if draft.ethertype.is_some() { Family::Ethernet(None) } else { Family::Ip }
}

fn variants(family: Family, draft: &Draft) -> Vec<Variant> {
    let protocol = draft.transport.protocol;
    match (draft.icmp, family) {
        (true, Family::Ipv4) => vec![Variant { family, protocol: Some(ICMP) }],
        (true, Family::Ipv6) => vec![Variant { family, protocol: Some(ICMPV6) }],
        (true, Family::Ip | Family::Ethernet(_)) => vec![
            Variant { family: Family::Ipv4, protocol: Some(ICMP) },
            Variant { family: Family::Ipv6, protocol: Some(ICMPV6) },
        ],
        (false, _) => vec![Variant { family, protocol }],
    }
}

/// Matches that only IP packets can satisfy. Local networks hold for any frame of the segment.
fn demands_ip(draft: &Draft) -> bool {
    draft.layer3.is_some()
        || draft.icmp
        || draft.transport != Transport::default()
        || draft.peer.iter().any(|matched| *matched != PeerMatch::LocalNetworks)
}
