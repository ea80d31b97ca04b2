//! Prefixes and single addresses in matches (RFC 6991, section 4).

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;

use super::report::{Report, code};

/// A prefix in canonical form. A bare address is a host prefix; host bits mean nothing.
pub(super) fn network(text: &str, span: Range<usize>, report: &mut Report) -> Option<IpNet> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let network = IpNet::from(address);
        report.lint(code::PREFIX, span, format!("`{text}` has no prefix length; it is taken as `{network}`"));
        return Some(network);
    }
    let Ok(network) = text.parse::<IpNet>() else {
        report.problem(code::VALUE, span, format!("`{text}` is no prefix")).help("192.0.2.0/24 or 2001:db8::/32");
        return None;
    };
    let canonical = network.trunc();
    if canonical != network {
        report.lint(code::PREFIX, span, format!("`{text}` has host bits set; it is taken as `{canonical}`"));
    }
    Some(canonical)
}

/// Tells of addresses that differ from one network to the next, and so cannot be right in a file for all of them.
pub(super) fn tell_private(network: IpNet, span: Range<usize>, report: &mut Report) {
    let private = match network {
        IpNet::V4(v4) => v4.addr().is_private() || v4.addr().is_loopback(),
        IpNet::V6(v6) => v6.addr().is_unique_local() || v6.addr().is_loopback(),
    };
    if private {
        report
            .lint(code::PRIVATE, span, format!("`{network}` is a private address, which every network has its own of"))
            .help("`local-networks`, `my-controller` or a controller class says it for all networks");
    }
}
