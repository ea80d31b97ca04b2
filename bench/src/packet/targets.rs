//! What the project wants of one packet.

use super::cases::{ALLOWED_FULL, CASES, DENIED_FROM, DENIED_PEER, DENIED_TO, DENIED_ZONE, ESTABLISHED, UNKNOWN};
use super::frame::Shape;
use super::rivals::{CELLS_64K, CELLS_KEYS, EVICT, HASH8, HASH40, LOOKUP, LRU40};
use super::site::Site;
use super::{BASE, ENDPOINTS, RULES, cost, own_cost};
use crate::results::Results;
use crate::target::{Sense, Target, ratio};

/// The targets, for either family.
pub(super) fn targets(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for shape in Shape::ALL.into_iter().filter(|shape| !shape.tagged) {
        at_the_base(results, shape, &mut targets);
        by_size(results, shape, &mut targets);
    }
    targets
}

/// At 131,072 random endpoints and connections.
fn at_the_base(results: &Results, shape: Shape, targets: &mut Vec<Target>) {
    let rival = |case, name| cost(results, case, name, BASE);
    let mut add = |what: &str, over: &str, bound, measured, rival| {
        let name = format!("{what}, {}: × {over}", shape.label());
        targets.push(Target::new(name, Sense::AtMost, bound, ratio(measured, rival)));
    };
    let own = |case| own_cost(results, case, shape, BASE);
    let denied = [DENIED_ZONE, DENIED_PEER, DENIED_FROM, DENIED_TO];
    let hash = rival(LOOKUP, HASH40);
    add("established", "one LRU lookup", 0.35, own(ESTABLISHED), rival(LOOKUP, LRU40));
    add("established", "F, 65,536 cells", 3.0, own(ESTABLISHED), rival(LOOKUP, CELLS_64K));
    for case in denied {
        add(case, "one 40-byte hash lookup", 0.4, own(case), hash);
    }
    add(UNKNOWN, "one 40-byte hash lookup", 0.3, own(UNKNOWN), hash);
    add(ALLOWED_FULL, "insert and evict in the LRU", 0.4, own(ALLOWED_FULL), rival(EVICT, LRU40));
}

/// As endpoints and rules become more. The worst of all cases counts.
fn by_size(results: &Results, shape: Shape, targets: &mut Vec<Target>) {
    // A case that is missing makes the worst one unknown.
    let worst = |of_case: &dyn Fn(&str) -> Option<f64>| {
        let all: Option<Vec<f64>> = CASES.iter().map(|case| of_case(case.name)).collect();
        all.map(|all| all.into_iter().fold(f64::MIN, f64::max))
    };
    let label = shape.label();
    let own = |case: &str, site| own_cost(results, case, shape, site);
    let [few, many] = [BASE.rules, RULES[1]].map(|rules| Site { rules, ..BASE });
    targets.push(Target::new(
        format!("50,000 rules against 10, {label}, worst case: ×"),
        Sense::AtMost,
        1.1,
        worst(&|case| ratio(own(case, many), own(case, few))),
    ));

    // What is added, in nanoseconds: a cell of a small array costs about nothing over the empty program, and no number is a
    // multiple of that.
    let [few, many] = ENDPOINTS.map(|devices| Site { devices, ..BASE });
    let growth = worst(&|case| added(own(case, few), own(case, many)));
    let rival = |name| added(cost(results, LOOKUP, name, few), cost(results, LOOKUP, name, many));
    for (over, bound, rival) in
        [("that of F, as many cells as keys", 1.0, rival(CELLS_KEYS)), ("that of the 8-byte hash", 0.5, rival(HASH8))]
    {
        targets.push(Target::new(
            format!("nanoseconds added from 1,000 to 1,000,000 endpoints, {label}, worst case: × {over}"),
            Sense::AtMost,
            bound,
            ratio(growth, rival),
        ));
    }
}

/// By how much the second is more than the first.
fn added(few: Option<f64>, many: Option<f64>) -> Option<f64> {
    Some(many? - few?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Id, Measured};

    /// Results in which every case of the product costs `own(case, site)`, and every rival `rival(case, name, site)`.
    fn results(own: impl Fn(&str, Site) -> f64, rival: impl Fn(&str, &str, Site) -> f64) -> Results {
        let mut results = Results::default();
        for site in super::super::sites(false) {
            let mut add = |case: &str, contender: &str, value| {
                let (keys, rules) = (Some(site.devices.into()), Some(site.rules.into()));
                let id = Id { group: super::super::NAME, case, contender, keys, rules };
                results.add(Measured::counted(id, value, "ns"));
            };
            for shape in Shape::ALL {
                for case in CASES {
                    add(&format!("{}, {}", case.name, shape.label()), super::super::PRODUCT, own(case.name, site));
                }
            }
            for known in super::super::RIVALS {
                add(known.case, known.name, rival(known.case, known.name, site));
            }
        }
        results
    }

    fn measured(targets: &[Target], start: &str) -> Vec<(Option<f64>, Option<bool>)> {
        targets
            .iter()
            .filter(|target| target.name.starts_with(start))
            .map(|target| (target.measured, target.met))
            .collect()
    }

    #[test]
    fn targets_are_in_proportion_to_the_right_rival() {
        let results = results(
            |case, _| if case == ESTABLISHED { 60.0 } else { 100.0 },
            |case, name, _| match (case, name) {
                (LOOKUP, LRU40) => 240.0,
                (LOOKUP, CELLS_64K) => 15.0,
                (LOOKUP, HASH40) => 400.0,
                (EVICT, LRU40) => 200.0,
                _ => 20.0,
            },
        );
        let targets = targets(&results);
        for family in ["IPv4", "IPv6"] {
            let one = |start: &str| measured(&targets, &start.replace("…", family));
            assert_eq!(one("established, …: × one LRU"), [(Some(0.25), Some(true))]);
            assert_eq!(one("established, …: × F"), [(Some(4.0), Some(false))]);
            assert_eq!(one("denied by zone, …"), [(Some(0.25), Some(true))]);
            assert_eq!(one("unknown source, …"), [(Some(0.25), Some(true))]);
            assert_eq!(one("new, allowed, table full, …"), [(Some(0.5), Some(false))]);
        }
    }

    #[test]
    fn the_worst_case_counts_as_sizes_grow() {
        let large = |site: Site| site.devices == ENDPOINTS[1] || site.rules == RULES[1];
        let results = results(
            |case, site| match (case, large(site)) {
                (UNKNOWN, true) => 300.0,
                (ESTABLISHED, true) => 110.0,
                _ => 100.0,
            },
            |_, name, site| match (name, large(site)) {
                // The control may cost nothing at all while it is small.
                (CELLS_KEYS, false) => 0.0,
                (CELLS_KEYS, true) => 80.0,
                (_, false) => 20.0,
                (_, true) => 520.0,
            },
        );
        let targets = targets(&results);
        assert_eq!(measured(&targets, "50,000 rules"), [(Some(3.0), Some(false)); 2]);
        let growth = measured(&targets, "nanoseconds added");
        assert_eq!(growth, [(Some(2.5), Some(false)), (Some(0.4), Some(true))].repeat(2));
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let targets = targets(&Results::default());
        assert!(targets.len() > 10);
        assert!(targets.iter().all(|target| target.measured.is_none() && target.met.is_none()));
    }
}
