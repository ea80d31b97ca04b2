//! `direction-initiated` on one of two mirrored TCP entries holds for both (RFC 8520, section 4.8). Public files mostly
//! write it on the from-device entry alone, which would leave its mirror open to connections from the peer's well-known port.

use super::draft::Placed;
use super::profile::{Ace, Initiated};
use super::report::{Report, code};

const TCP: u8 = 6;

pub(super) fn carry_over(from: &mut [Placed], to: &mut [Placed], report: &mut Report) {
    let for_to: Vec<_> = to.iter().map(|placed| wanted(&placed.ace, from)).collect();
    let for_from: Vec<_> = from.iter().map(|placed| wanted(&placed.ace, to)).collect();
    let pairs = to.iter_mut().zip(for_to).chain(from.iter_mut().zip(for_from));
    for (placed, found) in pairs {
        let Some((initiated, rule)) = found else {
            continue;
        };
        placed.ace.initiated = Some(initiated);
        let opener = match initiated {
            Initiated::FromDevice => "from-device",
            Initiated::ToDevice => "to-device",
        };
        let (own, other) = (within_file(&placed.ace.rule), within_file(&rule));
        let message = format!("`{own}` mirrors `{other}`, whose `direction-initiated` holds for both");
        report
            .lint(code::MIRRORED, placed.span.clone(), message)
            .help(format!("\"ietf-mud:direction-initiated\": \"{opener}\" in its `tcp`"));
    }
}

/// The name of an entry without that of its file.
fn within_file(rule: &str) -> &str {
    rule.split_once('#').map_or(rule, |(_, name)| name)
}

/// What `ace` takes over: only if it accepts and says nothing itself, and all its mirrors agree.
fn wanted(ace: &Ace, others: &[Placed]) -> Option<(Initiated, String)> {
    if !ace.accept || ace.initiated.is_some() || ace.transport.protocol != Some(TCP) {
        return None;
    }
    let mirrors: Vec<_> = others.iter().map(|other| &other.ace).filter(|other| mirrored(ace, other)).collect();
    let first = mirrors.first()?;
    let initiated = first.initiated?;
    mirrors.iter().all(|mirror| mirror.initiated == Some(initiated)).then(|| (initiated, first.rule.clone()))
}

fn mirrored(one: &Ace, other: &Ace) -> bool {
    other.accept
        && other.unsupported.is_empty()
        && one.family == other.family
        && one.peer == other.peer
        && one.own == other.own
        && one.transport.protocol == other.transport.protocol
        && one.transport.source_ports == other.transport.destination_ports
        && one.transport.destination_ports == other.transport.source_ports
}
