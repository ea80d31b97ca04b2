//! Rules over services into ladders: a sweep over the service key, and within it over the second key.

use std::collections::BTreeSet;

use enforcer_common::ladder::Ref;
use enforcer_common::packet::{fields, service};

use super::Error;
use super::ladder::{Intervals, Ladders};
use crate::policy::model::Service;

/// A rectangle of packets: inclusive ranges of the service key and of the second key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Area {
    /// Service keys.
    pub(super) key: (u32, u32),
    /// Source ports, or the 16 bits behind an EtherType.
    pub(super) second: (u32, u32),
}

/// Every second key.
pub(super) const ALL_SECONDS: (u32, u32) = (0, u32::MAX);

impl Area {
    /// The area of a service.
    pub(super) fn of(what: &Service) -> Area {
        let ports = |range: (u16, u16)| (u32::from(range.0), u32::from(range.1));
        let seconds = |range: (u16, u16)| {
            if range == (0, u16::MAX) { ALL_SECONDS } else { ports(range) }
        };
        match what {
            Service::Any => Area { key: service::ALL, second: ALL_SECONDS },
            Service::Protocol(protocol) => {
                Area { key: (service::ip(*protocol, 0), service::ip(*protocol, u16::MAX)), second: ALL_SECONDS }
            }
            Service::Ports { protocol, destination, source } => Area {
                key: (service::ip(*protocol, destination.0), service::ip(*protocol, destination.1)),
                second: seconds(*source),
            },
            Service::Icmp { protocol, kind, code } => {
                let high = u16::from(*kind) << 8;
                let (first, last) = code.map_or((0, 0xff), |code| (u16::from(code), u16::from(code)));
                Area {
                    key: (service::ip(*protocol, high | first), service::ip(*protocol, high | last)),
                    second: ALL_SECONDS,
                }
            }
            Service::Ether { ethertype, second } => {
                Area { key: (service::ether(*ethertype), service::ether(*ethertype)), second: seconds(*second) }
            }
        }
    }
}

/// Where the items of a point are decided: gets the numbers of the items that cover the point, ascending.
pub(super) trait Decide {
    /// The outcome.
    fn decide(&self, covering: &BTreeSet<usize>) -> Ref;
}

impl<F: Fn(&BTreeSet<usize>) -> Ref> Decide for F {
    fn decide(&self, covering: &BTreeSet<usize>) -> Ref {
        self(covering)
    }
}

/// Builds the ladder over service and second key that gives for each point what `decide` says of the areas covering it.
pub(super) fn sweep(ladders: &mut Ladders, areas: &[Area], decide: &impl Decide) -> Result<Ref, Error> {
    let keys: Vec<(usize, (u32, u32))> = areas.iter().map(|area| area.key).enumerate().collect();
    line(ladders, fields::SERVICE, &keys, |ladders, covering| {
        if covering.iter().all(|item| areas[*item].second == ALL_SECONDS) {
            return Ok(decide.decide(covering));
        }
        let seconds: Vec<(usize, (u32, u32))> = covering.iter().map(|item| (*item, areas[*item].second)).collect();
        line(ladders, fields::SECOND, &seconds, |_, covering| Ok(decide.decide(covering)))
    })
}

/// A ladder over one field: intervals between the bounds of all ranges, each decided by the ranges that cover it.
pub(super) fn line(
    ladders: &mut Ladders,
    field: usize,
    ranges: &[(usize, (u32, u32))],
    mut outcome: impl FnMut(&mut Ladders, &BTreeSet<usize>) -> Result<Ref, Error>,
) -> Result<Ref, Error> {
    // Bounds in order; at each, what begins and what has ended.
    let mut events: Vec<(u32, bool, usize)> = Vec::with_capacity(ranges.len() * 2);
    for (item, (first, last)) in ranges {
        events.push((*first, true, *item));
        if let Some(after) = last.checked_add(1) {
            events.push((after, false, *item));
        }
    }
    events.sort_unstable();
    let mut covering = BTreeSet::new();
    let mut intervals: Intervals = Vec::new();
    if events.first().is_none_or(|event| event.0 != 0) {
        intervals.push((0, outcome(ladders, &covering)?));
    }
    for group in events.chunk_by(|a, b| a.0 == b.0) {
        for (_, begins, item) in group {
            if *begins {
                covering.insert(*item);
            } else {
                covering.remove(item);
            }
        }
        intervals.push((group[0].0, outcome(ladders, &covering)?));
    }
    ladders.ladder(field, intervals)
}
