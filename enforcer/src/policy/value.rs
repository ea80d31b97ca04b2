//! Single values: prefixes, addresses, hardware addresses, ports, times.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use toml::value::{Datetime, Offset};

use super::model::Port;

/// What is wrong with a value, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// A [`Fault`] as the error of a result.
pub(super) fn fault<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { message: message.into(), help: help.into() })
}

/// A network: host bits clear, and none of those that belong to no zone.
pub(super) fn prefix(text: &str) -> Result<IpNet, Fault> {
    let net = network(text)?;
    if net.addr() != net.network() {
        let right = net.trunc();
        return fault(format!("`{text}` has host bits set"), format!("the network is `{right}`"));
    }
    if let Some(kind) = special(net.addr()).filter(|_| net.prefix_len() > 0) {
        let help = match kind {
            "link-local" => "leave it out: link-local addresses belong to the zone of their port",
            _ => "leave it out: no zone has such addresses",
        };
        return fault(format!("`{text}` is a {kind} network"), help);
    }
    Ok(net)
}

/// An address with its prefix length, host bits kept.
pub(super) fn network(text: &str) -> Result<IpNet, Fault> {
    if let Ok(net) = text.parse::<IpNet>() {
        return Ok(net);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let length = if address.is_ipv4() { 32 } else { 128 };
        return fault(
            format!("`{text}` has no prefix length"),
            format!("write `{text}/{length}` for this one address"),
        );
    }
    let length =
        text.split_once('/').and_then(|(address, length)| Some((address.parse().ok()?, length.parse::<u32>().ok()?)));
    match length {
        Some((IpAddr::V4(_), length)) if length > 32 => fault(
            format!("`{text}` is no network: a prefix of IPv4 has at most 32 bits"),
            "write a prefix length from 0 to 32",
        ),
        Some((IpAddr::V6(_), length)) if length > 128 => fault(
            format!("`{text}` is no network: a prefix of IPv6 has at most 128 bits"),
            "write a prefix length from 0 to 128",
        ),
        _ => fault(
            format!("`{text}` is no network"),
            "write an address and a prefix length, such as `10.30.0.0/16` or `fd00:30::/64`",
        ),
    }
}

/// An address that a host can have.
pub(super) fn host(text: &str) -> Result<IpAddr, Fault> {
    let Ok(address) = text.parse::<IpAddr>() else {
        let bare = text.split_once('/').map(|(address, _)| address);
        let help = match bare.filter(|address| address.parse::<IpAddr>().is_ok()) {
            Some(address) => format!("write `{address}`, without a prefix length"),
            None => "write an address such as `10.30.0.11` or `fd00:30::11`".to_owned(),
        };
        return fault(format!("`{text}` is no address"), help);
    };
    if let IpAddr::V6(v6) = address
        && let Some(v4) = v6.to_ipv4_mapped()
    {
        return fault(format!("`{text}` is an IPv4 address in disguise"), format!("write `{v4}`"));
    }
    match special(address) {
        Some("link-local") => fault(
            format!("`{text}` is a link-local address"),
            "leave it out: a device's link-local addresses go with its `mac`",
        ),
        Some("unspecified") => {
            fault(format!("`{text}` is the unspecified address"), "write the address that the host has itself")
        }
        Some(kind) => fault(format!("`{text}` is a {kind} address"), "write the address that the host has itself"),
        None => Ok(address),
    }
}

fn special(address: IpAddr) -> Option<&'static str> {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => is_link_local(v6),
    };
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    let kinds = [
        ("unspecified", address.is_unspecified()),
        ("loopback", address.is_loopback()),
        ("multicast", address.is_multicast()),
        ("broadcast", broadcast),
        ("link-local", link_local),
    ];
    let kind = kinds.into_iter().find(|(_, holds)| *holds)?;
    Some(kind.0)
}

fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

/// A hardware address of one device.
pub(super) fn mac(text: &str) -> Result<[u8; 6], Fault> {
    let help = "write six pairs of hexadecimal digits, such as `02:00:00:00:30:11`";
    let separator = if text.contains('-') { '-' } else { ':' };
    let mut mac = [0; 6];
    let mut pairs = text.split(separator);
    for byte in &mut mac {
        let pair = pairs.next().unwrap_or_default();
        let digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        match u8::from_str_radix(pair, 16) {
            Ok(value) if digits => *byte = value,
            _ => return fault(format!("`{text}` is no MAC address"), help),
        }
    }
    if pairs.next().is_some() {
        return fault(format!("`{text}` is no MAC address"), help);
    }
    if mac[0] & 1 == 1 {
        return fault(
            format!("`{text}` is a group address, not that of one device"),
            "the second digit of a device's own MAC address is even",
        );
    }
    if mac == [0; 6] {
        return fault(format!("`{text}` is the MAC address of nobody"), help);
    }
    Ok(mac)
}

/// A port: an interface, and up to two VLAN IDs behind dots.
pub(super) fn port(text: &str) -> Result<Port, Fault> {
    let mut interface = text;
    let mut vlans = Vec::new();
    while let Some((head, tail)) = interface.rsplit_once('.') {
        if tail.is_empty() || !tail.bytes().all(|digit| digit.is_ascii_digit()) {
            break;
        }
        match tail.parse::<u16>() {
            Ok(0) => {
                return fault(
                    format!("`{text}` has VLAN ID 0, which is no VLAN but a priority tag"),
                    format!("write `{head}`: such frames belong to the untagged port"),
                );
            }
            Ok(id) if id <= 4094 => {
                if tail.starts_with('0') {
                    return fault(format!("`{text}` has a VLAN ID with leading zeros"), format!("write `{head}.{id}`"));
                }
                vlans.insert(0, id);
            }
            _ => {
                return fault(
                    format!("`{text}` has VLAN ID {tail}, and the highest is 4094"),
                    "write a VLAN ID from 1 to 4094",
                );
            }
        }
        interface = head;
    }
    if vlans.len() > 2 {
        return fault(
            format!("`{text}` has {} VLAN tags", vlans.len()),
            "a port is an interface, a VLAN on it, or a VLAN in a VLAN on it",
        );
    }
    if !is_interface(interface) {
        return fault(
            format!("`{text}` is no port"),
            "write the name of an interface (at most 15 characters), such as `lan0`, or a VLAN on it, such as `lan0.30`",
        );
    }
    Ok(Port { name: text.to_owned(), interface: interface.to_owned(), vlans })
}

/// A name that the kernel would give to an interface.
pub(super) fn is_interface(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    !name.is_empty() && name.len() <= 15 && name != "." && name != ".." && !name.contains(odd)
}

/// A host name of a MUD file: lower case, without a final dot.
pub(super) fn host_name(text: &str) -> Result<String, Fault> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(known)
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return fault(
            format!("`{text}` is no host name"),
            "write a name as a MUD file has it, such as `cloud.example.com`",
        );
    }
    Ok(name)
}

/// A controller class: a URI, as MUD files name it.
pub(super) fn controller_class(text: &str) -> Result<(), Fault> {
    match text.split_once(':') {
        Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => Ok(()),
        _ => fault(
            format!("`{text}` is no controller class"),
            "write the URI that MUD files use, such as `\"urn:ietf:params:mud:dns\"`",
        ),
    }
}

/// Seconds since 1970 UTC of a time with an offset.
pub(super) fn instant(written: &Datetime) -> Result<i64, Fault> {
    let (Some(date), Some(time), Some(offset)) = (written.date, written.time, written.offset) else {
        let help = match (written.date, written.time) {
            (Some(_), Some(_)) => format!("write `{written}Z` for UTC, or `{written}+02:00`"),
            _ => "write date, time and zone, such as `2026-12-01T17:00:00Z`".to_owned(),
        };
        return fault(format!("`{written}` does not name one instant"), help);
    };
    // Days since 1970-01-01, in years that begin on the first of March.
    let (year, month) = match i64::from(date.month) {
        month if month <= 2 => (i64::from(date.year) - 1, month + 9),
        month => (i64::from(date.year), month - 3),
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + i64::from(date.day)
        - 1
        - 719_468;
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    Ok(days * 86_400 + seconds - minutes * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_seconds_since_1970() {
        let at = |text: &str| instant(&text.parse().unwrap()).unwrap();
        assert_eq!(at("1970-01-01T00:00:00Z"), 0);
        assert_eq!(at("2026-12-01T17:00:00Z"), 1_796_144_400);
        assert_eq!(at("2026-12-01T19:00:00+02:00"), 1_796_144_400);
        assert_eq!(at("2024-02-29T12:00:00Z"), 1_709_208_000);
    }

    #[test]
    fn a_port_is_an_interface_and_vlans() {
        let double = port("lan0.100.30").unwrap();
        assert_eq!((double.interface.as_str(), double.vlans), ("lan0", vec![100, 30]));
        let dotted = port("br.lan").unwrap();
        assert_eq!((dotted.interface.as_str(), dotted.vlans), ("br.lan", vec![]));
        for wrong in ["", ".30", "lan0.0", "lan0.4095", "lan0.030", "a.1.2.3", "a/b", "sixteen-letters-"] {
            assert!(port(wrong).is_err(), "{wrong}");
        }
    }
}
