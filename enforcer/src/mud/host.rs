//! Host names in matches: `inet:host`, a name or an address (RFC 6991, section 4; RFC 8520, section 8.1).

use std::net::IpAddr;

use ipnet::IpNet;

use super::profile::PeerMatch;

/// A name as DNS compares it, or the address that stands in its place.
pub(super) fn read(text: &str) -> Result<PeerMatch, &'static str> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(PeerMatch::Network(IpNet::from(address)));
    }
    name(text).map(PeerMatch::Name)
}

/// Lower case, no final dot.
pub(super) fn name(text: &str) -> Result<String, &'static str> {
    let lower = text.to_ascii_lowercase();
    let name = lower.strip_suffix('.').unwrap_or(&lower);
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.contains('*') {
        Err("wildcards are not names of hosts")
    } else if !name.is_ascii() {
        Err("write the name as DNS has it (xn--…)")
    } else if name.is_empty() || name.len() > 253 {
        Err("a name has 1 to 253 characters")
    } else if name.split('.').all(|label| (1..=63).contains(&label.len()) && label.chars().all(letters)) {
        Ok(name.to_owned())
    } else {
        Err("a name is made of labels with letters, digits, `-` and `_`")
    }
}
