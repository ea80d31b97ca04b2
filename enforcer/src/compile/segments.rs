//! The address space cut at the bounds of all prefixes: segments within which every address has the same answers.

use std::net::IpAddr;

use enforcer_common::ladder::Ref;
use ipnet::IpNet;

use super::Error;
use super::ladder::{Intervals, Ladders};

/// An address as a number: IPv4 in 32 bits, IPv6 in 128.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The four words of an address as the kernel program holds it: IPv4 in word 0.
pub(super) fn words(address: IpAddr) -> [u32; 4] {
    match address {
        IpAddr::V4(address) => [u32::from(address), 0, 0, 0],
        IpAddr::V6(address) => {
            let number = u128::from(address);
            [(number >> 96) as u32, (number >> 64) as u32, (number >> 32) as u32, number as u32]
        }
    }
}

/// A stretch of addresses, and the prefixes that cover it, widest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// First address.
    pub(crate) first: u128,
    /// Last address.
    pub(crate) last: u128,
    /// Indices of the covering prefixes in the list that was cut.
    pub(crate) covering: Vec<usize>,
}

/// Cuts the space of one family (`bits` wide) at the bounds of `prefixes` (all of that family).
pub(crate) fn cut(prefixes: &[IpNet], bits: u32) -> Vec<Segment> {
    let top = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    let mut order: Vec<(u128, u8, u128, usize)> = prefixes
        .iter()
        .enumerate()
        .map(|(i, net)| (number(net.network()), net.prefix_len(), number(last_of(net)), i))
        .collect();
    order.sort_unstable();
    let mut segments = Vec::new();
    let mut open: Vec<(u128, usize)> = Vec::new();
    let mut at = 0u128;
    let mut emit = |first: u128, last: u128, open: &[(u128, usize)]| {
        segments.push(Segment { first, last, covering: open.iter().map(|(_, i)| *i).collect() });
    };
    for (first, _, last, index) in order {
        // Prefixes nest: those that end before this one starts close from the inside out.
        while let Some((end, _)) = open.last().copied() {
            if end >= first {
                break;
            }
            if at <= end {
                emit(at, end, &open);
                at = end + 1;
            }
            open.pop();
        }
        if at < first {
            emit(at, first - 1, &open);
            at = first;
        }
        open.push((last, index));
    }
    while let Some((end, _)) = open.last().copied() {
        if at <= end {
            emit(at, end, &open);
            if end == top {
                return segments;
            }
            at = end + 1;
        }
        open.pop();
    }
    emit(at, top, &open);
    segments
}

/// The last address of a prefix.
fn last_of(net: &IpNet) -> IpAddr {
    match net {
        IpNet::V4(net) => IpAddr::V4(net.broadcast()),
        IpNet::V6(net) => IpAddr::V6(net.broadcast()),
    }
}

/// The ladder over one IPv4 address; `endpoints` has one number for each segment.
pub(super) fn ladder4(ladders: &mut Ladders, segments: &[Segment], endpoints: &[u32]) -> Result<Ref, Error> {
    let intervals =
        segments.iter().zip(endpoints).map(|(segment, endpoint)| (segment.first as u32, Ref::done(*endpoint)));
    ladders.ladder_over_word(0, intervals.collect())
}

/// The ladders over the four words of an IPv6 address.
pub(super) fn ladder6(ladders: &mut Ladders, segments: &[Segment], endpoints: &[u32]) -> Result<Ref, Error> {
    let stretches: Vec<(u128, u128, u32)> =
        segments.iter().zip(endpoints).map(|(segment, endpoint)| (segment.first, segment.last, *endpoint)).collect();
    words6(ladders, &stretches, 0)
}

/// Ladders from word `word` on, over stretches that fill the space of the words from there.
fn words6(ladders: &mut Ladders, stretches: &[(u128, u128, u32)], word: u32) -> Result<Ref, Error> {
    if let [(_, _, only)] = stretches {
        return Ok(Ref::done(*only));
    }
    let shift = 32 * (3 - word);
    let rest = (1u128 << shift) - 1;
    let mut intervals: Intervals = Vec::new();
    let mut i = 0;
    // Where the next interval starts: always at a whole word.
    let mut at = 0u128;
    while i < stretches.len() {
        let (_, last, endpoint) = stretches[i];
        // The last word that the stretch touches, and whether it fills it.
        let base = last & !rest;
        if last & rest == rest {
            intervals.push(((at >> shift) as u32, Ref::done(endpoint)));
            at = last.wrapping_add(1);
            i += 1;
            continue;
        }
        if base > at {
            intervals.push(((at >> shift) as u32, Ref::done(endpoint)));
        }
        // Other stretches share that word: they are told apart by the next one.
        let top = base | rest;
        let mut inside = Vec::new();
        while i < stretches.len() && stretches[i].0 <= top {
            let (first, last, endpoint) = stretches[i];
            inside.push((first.max(base) - base, last.min(top) - base, endpoint));
            if last > top {
                break;
            }
            i += 1;
        }
        intervals.push(((base >> shift) as u32, words6(ladders, &inside, word + 1)?));
        at = top.wrapping_add(1);
    }
    ladders.ladder_over_word(word as usize, intervals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use enforcer_common::cell::WORDS;
    use enforcer_common::ladder::walk;
    use proptest::prelude::*;

    /// Prefixes with few distinct bits, so that they nest and touch.
    fn net6() -> impl Strategy<Value = IpNet> {
        (0u128..16, 0u32..32, 0u8..=128).prop_map(|(bits, place, length)| {
            let address = std::net::Ipv6Addr::from(bits << (place * 4));
            IpNet::new(IpAddr::V6(address), length).unwrap().trunc()
        })
    }

    fn net4() -> impl Strategy<Value = IpNet> {
        (0u32..16, 0u32..8, 0u8..=32).prop_map(|(bits, place, length)| {
            let address = std::net::Ipv4Addr::from(bits << (place * 4));
            IpNet::new(IpAddr::V4(address), length).unwrap().trunc()
        })
    }

    fn check(nets: Vec<IpNet>, bits: u32, keys: Vec<u128>) -> Result<(), TestCaseError> {
        let mut nets = nets;
        nets.sort();
        nets.dedup();
        let segments = cut(&nets, bits);
        let endpoints: Vec<u32> =
            segments.iter().map(|segment| segment.covering.last().map_or(0, |i| *i as u32 + 1)).collect();
        let mut ladders = Ladders::new(1);
        let root = if bits == 128 {
            ladder6(&mut ladders, &segments, &endpoints).unwrap()
        } else {
            ladder4(&mut ladders, &segments, &endpoints).unwrap()
        };
        let mut cells = vec![[0; WORDS]];
        cells.extend(ladders.into_cells());
        let edges = segments.iter().flat_map(|segment| [segment.first, segment.last]);
        for key in keys.into_iter().chain(edges.collect::<Vec<_>>()) {
            let address = if bits == 128 {
                IpAddr::V6(std::net::Ipv6Addr::from(key))
            } else {
                IpAddr::V4(std::net::Ipv4Addr::from(key as u32))
            };
            let expected = nets
                .iter()
                .enumerate()
                .filter(|(_, net)| net.contains(&address))
                .max_by_key(|(_, net)| net.prefix_len())
                .map_or(0, |(i, _)| i as u32 + 1);
            let [a, b, c, d] = words(address);
            prop_assert_eq!(
                walk(cells.as_slice(), 0, root.0, &[a, b, c, d, 0, 0, 0, 0]),
                Some(expected),
                "{}",
                address
            );
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn the_longest_prefix_wins6(
            nets in proptest::collection::vec(net6(), 0..20),
            keys in proptest::collection::vec(any::<u128>(), 20),
        ) {
            check(nets, 128, keys)?;
        }

        #[test]
        fn the_longest_prefix_wins4(
            nets in proptest::collection::vec(net4(), 0..20),
            keys in proptest::collection::vec(any::<u32>().prop_map(u128::from), 20),
        ) {
            check(nets, 32, keys)?;
        }
    }
}
