//! Services: from text, and how two of them relate.

use super::icmp;
use super::model::Service;
use super::nearest::did_you_mean;
use super::value::{Fault, fault};

/// What a string in a list of services says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spoken {
    /// A service, written out.
    Service(Service),
    /// `mud`.
    Mud,
    /// Perhaps the name of a set of services.
    Name,
}

/// Words that are services by themselves.
pub(super) const WORDS: &[&str] = &["any", "mud", "tcp", "udp", "sctp", "icmp", "icmpv6"];

const FORMS: &[&str] = &["tcp", "udp", "sctp", "icmp", "icmpv6", "ip", "eth"];

const ALL_PORTS: (u16, u16) = (0, u16::MAX);

/// Reads one string of a list of services.
pub(super) fn parse(text: &str) -> Result<Spoken, Fault> {
    let Some((form, rest)) = text.split_once('/') else {
        return Ok(match text {
            "any" => Spoken::Service(Service::Any),
            "mud" => Spoken::Mud,
            "tcp" => Spoken::Service(Service::Protocol(6)),
            "udp" => Spoken::Service(Service::Protocol(17)),
            "sctp" => Spoken::Service(Service::Protocol(132)),
            "icmp" => Spoken::Service(Service::Protocol(1)),
            "icmpv6" => Spoken::Service(Service::Protocol(58)),
            _ => Spoken::Name,
        });
    };
    let service = match form {
        "tcp" => ports(text, 6, rest),
        "udp" => ports(text, 17, rest),
        "sctp" => ports(text, 132, rest),
        "icmp" => icmp(text, form, 1, rest),
        "icmpv6" => icmp(text, form, 58, rest),
        "ip" => protocol(text, rest),
        "eth" => ether(text, rest),
        _ => fault(
            format!("`{text}` is no service: `{form}` is no protocol"),
            did_you_mean(form, FORMS.iter().copied()).unwrap_or_else(|| {
                "write `tcp/…`, `udp/…`, `sctp/…`, `icmp/…`, `icmpv6/…`, `ip/…` or `eth/…`".to_owned()
            }),
        ),
    };
    Ok(Spoken::Service(service?))
}

fn ports(text: &str, protocol: u8, rest: &str) -> Result<Service, Fault> {
    let (destination, source) = match rest.split_once(':') {
        Some((destination, source)) => (destination, Some(source)),
        None => (rest, None),
    };
    if destination.is_empty() && source.is_some() {
        return fault(
            format!("`{text}` has no destination ports"),
            format!("write `{}` for all of them", text.replacen("/:", "/1-65535:", 1)),
        );
    }
    Ok(Service::Ports {
        protocol,
        destination: range(text, destination, port)?,
        source: match source {
            Some(source) => range(text, source, port)?,
            None => ALL_PORTS,
        },
    })
}

fn port(text: &str, number: &str) -> Result<u16, Fault> {
    match digits(number).map(|number| (u16::try_from(number), number)) {
        Some((_, 0)) => fault(
            format!("`{text}` has port 0, which does not exist"),
            "ports are numbers from 1 to 65535; write none at all for every port",
        ),
        Some((Ok(port), _)) => Ok(port),
        Some((Err(_), _)) => {
            fault(format!("`{text}` has port {number}, and the highest is 65535"), "ports are numbers from 1 to 65535")
        }
        None => fault(
            format!("`{text}` is no service: `{number}` is no port number"),
            "write numbers, such as `tcp/443`, `udp/5000-5010` or `tcp/443:1024-65535`",
        ),
    }
}

/// One value, or first and last with a dash between.
fn range<T: Copy + Ord + std::fmt::LowerHex>(
    text: &str,
    bounds: &str,
    read: impl Fn(&str, &str) -> Result<T, Fault>,
) -> Result<(T, T), Fault> {
    let Some((low, high)) = bounds.split_once('-') else {
        let only = read(text, bounds)?;
        return Ok((only, only));
    };
    let (first, last) = (read(text, low)?, read(text, high)?);
    if first > last {
        return fault(
            format!("`{text}` has its range the wrong way round"),
            format!("write `{}`", text.replacen(bounds, &format!("{high}-{low}"), 1)),
        );
    }
    Ok((first, last))
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 12 && text.bytes().all(|c| c.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn byte(text: &str) -> Option<u8> {
    digits(text).and_then(|number| u8::try_from(number).ok())
}

fn icmp(text: &str, form: &str, protocol: u8, rest: &str) -> Result<Service, Fault> {
    if let Some((kind, code)) = icmp::by_name(protocol, rest) {
        return Ok(Service::Icmp { protocol, kind, code });
    }
    let (kind, code) = match rest.split_once('.') {
        Some((kind, code)) => (kind, Some(code)),
        None => (rest, None),
    };
    let named = icmp::by_name(protocol, kind).and_then(|(kind, code)| code.is_none().then_some(kind));
    let code_number = code.map(byte);
    match (byte(kind).or(named), code_number) {
        (Some(kind), None) => Ok(Service::Icmp { protocol, kind, code: None }),
        (Some(kind), Some(Some(code))) => Ok(Service::Icmp { protocol, kind, code: Some(code) }),
        _ => {
            let other = if protocol == 1 { 58 } else { 1 };
            let help = if let Some(help) = did_you_mean(rest, icmp::names(protocol)) {
                help
            } else if icmp::by_name(other, rest).is_some() {
                let family = if other == 1 { "icmp" } else { "icmpv6" };
                format!("`{family}/{rest}` exists")
            } else {
                format!(
                    "write a name or a number, such as `{form}/echo-request`, or type and code, such as `{form}/3.4`"
                )
            };
            fault(format!("`{text}` is no type of {form}"), help)
        }
    }
}

fn protocol(text: &str, rest: &str) -> Result<Service, Fault> {
    match byte(rest) {
        Some(number) => Ok(Service::Protocol(number)),
        None => fault(
            format!("`{text}` is no service: `{rest}` is no protocol number"),
            "write a number from 0 to 255, such as `ip/50` for ESP",
        ),
    }
}

fn ether(text: &str, rest: &str) -> Result<Service, Fault> {
    let (ethertype, second) = match rest.split_once('/') {
        Some((ethertype, second)) => (ethertype, Some(second)),
        None => (rest, None),
    };
    let ethertype = hexadecimal(text, ethertype)?;
    match ethertype {
        0..0x0600 => fault(
            format!("`{text}` is no EtherType: values below 0x0600 are lengths"),
            "write an EtherType, such as `eth/0x88b8`",
        ),
        0x0800 | 0x86dd => fault(
            format!("`{text}` is IP, whose services have names of their own"),
            "write `tcp`, `udp`, `icmp`, `icmpv6`, `ip/50` …",
        ),
        0x8100 | 0x88a8 => {
            fault(format!("`{text}` is a VLAN tag, not a service"), "name the VLAN as a port, such as `lan0.30`")
        }
        _ => Ok(Service::Ether {
            ethertype,
            second: match second {
                Some(second) => range(text, second, hexadecimal)?,
                None => (0, u16::MAX),
            },
        }),
    }
}

fn hexadecimal(text: &str, number: &str) -> Result<u16, Fault> {
    let value = number
        .strip_prefix("0x")
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u16::from_str_radix(digits, 16).ok());
    match value {
        Some(value) => Ok(value),
        None => fault(
            format!("`{text}` is no service: `{number}` is no 16-bit hexadecimal number"),
            "write it with 0x, such as `eth/0x88b8` or `eth/0x88b8/0x0001-0x00ff`",
        ),
    }
}

impl Service {
    /// Everything that `other` stands for, this one stands for too.
    pub fn covers(&self, other: &Service) -> bool {
        let within = |inner: (u16, u16), outer: (u16, u16)| outer.0 <= inner.0 && inner.1 <= outer.1;
        match (self, other) {
            (Service::Any, _) => true,
            (Service::Protocol(number), _) => other.protocol() == Some(*number),
            (
                Service::Ports { protocol, destination, source },
                Service::Ports { protocol: other_protocol, destination: other_destination, source: other_source },
            ) => {
                protocol == other_protocol && within(*other_destination, *destination) && within(*other_source, *source)
            }
            (
                Service::Icmp { protocol, kind, code },
                Service::Icmp { protocol: other_protocol, kind: other_kind, code: other_code },
            ) => protocol == other_protocol && kind == other_kind && (code.is_none() || code == other_code),
            (
                Service::Ether { ethertype, second },
                Service::Ether { ethertype: other_ethertype, second: other_second },
            ) => ethertype == other_ethertype && within(*other_second, *second),
            _ => false,
        }
    }

    /// Some packet belongs to both.
    pub fn overlaps(&self, other: &Service) -> bool {
        let meet = |a: (u16, u16), b: (u16, u16)| a.0 <= b.1 && b.0 <= a.1;
        match (self, other) {
            (
                Service::Ports { protocol, destination, source },
                Service::Ports { protocol: other_protocol, destination: other_destination, source: other_source },
            ) => protocol == other_protocol && meet(*destination, *other_destination) && meet(*source, *other_source),
            (
                Service::Ether { ethertype, second },
                Service::Ether { ethertype: other_ethertype, second: other_second },
            ) => ethertype == other_ethertype && meet(*second, *other_second),
            // The other kinds are nested or disjoint.
            _ => self.covers(other) || other.covers(self),
        }
    }

    fn protocol(&self) -> Option<u8> {
        match self {
            Service::Protocol(protocol) | Service::Ports { protocol, .. } | Service::Icmp { protocol, .. } => {
                Some(*protocol)
            }
            Service::Any | Service::Ether { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Service {
        match parse(text) {
            Ok(Spoken::Service(service)) => service,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(service("ip/50"), Service::Protocol(50));
        assert_eq!(
            service("tcp/443:1024-65535"),
            Service::Ports { protocol: 6, destination: (443, 443), source: (1024, 65535) }
        );
        assert_eq!(service("icmp/3.4"), Service::Icmp { protocol: 1, kind: 3, code: Some(4) });
        assert_eq!(service("icmpv6/echo-request"), Service::Icmp { protocol: 58, kind: 128, code: None });
        assert_eq!(service("eth/0x88b8/0x0001-0x00ff"), Service::Ether { ethertype: 0x88b8, second: (1, 255) });
        assert_eq!(parse("modbus"), Ok(Spoken::Name));
        assert_eq!(parse("mud"), Ok(Spoken::Mud));
    }

    #[test]
    fn covering_and_overlapping() {
        assert!(service("tcp").covers(&service("tcp/22")));
        assert!(!service("tcp/22").covers(&service("tcp")));
        assert!(service("tcp/22").overlaps(&service("tcp")));
        assert!(service("icmp/3").covers(&service("icmp/3.4")));
        assert!(service("udp/1-10").overlaps(&service("udp/10-20")));
        assert!(!service("udp/1-10").covers(&service("udp/10-20")));
        assert!(service("any").covers(&service("eth/0x88b8")));
    }
}
