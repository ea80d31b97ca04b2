//! What one packet costs in the kernel, without any driver: `BPF_PROG_TEST_RUN`, with a key drawn in the kernel for each packet.

pub mod arena;
pub mod cases;
pub mod frame;
pub mod interfaces;
pub mod plans;
mod plots;
pub mod product;
pub mod programs;
pub mod rivals;
pub mod rounds;
pub mod site;
mod targets;

use std::thread;

use anyhow::{Context, Result, anyhow};

use self::arena::Arena;
use self::cases::CASES;
use self::frame::Shape;
use self::plans::Order;
use self::rivals::RIVALS;
use self::rounds::{Contestant, Slice};
use self::site::Site;
use crate::group::{Group, Settings};
use crate::results::{Id, Measured, Results};
use crate::stats::Summary;

/// What a packet costs.
pub const GROUP: Group = Group {
    name: NAME,
    about: "One packet in the kernel, without a driver (`BPF_PROG_TEST_RUN`): nanoseconds over an empty program. A key is drawn \
            and written into the frame for each packet, in the kernel; the empty program is called alike.",
    run,
    targets: targets::targets,
    plots: plots::plots,
};

const NAME: &str = "packet";

/// The product's name in results.
pub const PRODUCT: &str = "enforcer";

/// The site on which everything is measured, and the one that most targets speak of.
pub const BASE: Site = Site { devices: 131_072, rules: 10, ipv6: true };
/// Other numbers of endpoints, few rules.
pub const ENDPOINTS: [u32; 2] = [1000, 1_000_000];
/// Other numbers of rules, as many endpoints as in the base.
pub const RULES: [u32; 2] = [1000, 50_000];

/// The sites of a run, the base first.
fn sites(quick: bool) -> Vec<Site> {
    let endpoints = ENDPOINTS.map(|devices| Site { devices, ..BASE });
    let rules = RULES.map(|rules| Site { rules, ..BASE });
    if quick {
        return vec![BASE, endpoints[0], rules[0]];
    }
    [BASE].into_iter().chain(endpoints).chain(rules).collect()
}

fn run(settings: &Settings, results: &mut Results) -> Result<()> {
    for site in sites(settings.quick) {
        let name = format!("{} endpoints, {} rules", site.devices, site.rules);
        eprintln!("packet: {name}");
        // A thread of its own: it changes its network namespace and stays on one processor.
        let measured = thread::scope(|scope| {
            let work = scope.spawn(|| measure(settings, site));
            work.join().map_err(|_| anyhow!("the measurement panicked"))?
        });
        results.extend(measured.context(name)?);
    }
    Ok(())
}

/// Packets of a slice and rounds. The stretch that is not timed is the same in either form: as many packets as there are keys,
/// for with fewer a small table would look as cold as a large one.
fn extent(quick: bool, site: Site) -> (Slice, u32) {
    let warm = site.devices.clamp(60_000, 200_000);
    if quick { (Slice { warm, timed: 50_000 }, 7) } else { (Slice { warm, timed: 100_000 }, 21) }
}

fn measure(settings: &Settings, site: Site) -> Result<Vec<Measured>> {
    interfaces::stay_on_one_processor()?;
    let (slice, rounds) = extent(settings.quick, site);
    let mut arena = Arena::new(settings, site, slice)?;
    let everything = site == BASE && !settings.quick;
    let mut contestants = contestants(&arena, everything)?;
    rounds::run(&mut arena.programs, &mut arena.products, &mut contestants, rounds, slice)?;
    contestants.iter().map(|contestant| measured(contestant, site)).collect()
}

/// Who is measured: with `everything`, tagged frames too, and keys that are not uniform.
fn contestants(arena: &Arena, everything: bool) -> Result<Vec<Contestant>> {
    let mut contestants = Vec::new();
    for (shape, order) in variants(everything) {
        contestants.push(arena.plain("empty", shape, order)?);
        contestants.push(arena.plain("parse", shape, order)?);
        if shape == Shape::ALL[0] {
            for rival in RIVALS {
                contestants.push(arena.rival(&rival, order)?);
            }
        }
        for case in CASES {
            contestants.push(arena.contestant(&case, shape, order)?);
        }
    }
    Ok(contestants)
}

fn variants(everything: bool) -> Vec<(Shape, Order)> {
    let mut variants = Vec::new();
    for shape in Shape::ALL {
        if everything || !shape.tagged {
            variants.push((shape, Order::Uniform));
        }
        if everything && !shape.tagged {
            variants.extend([(shape, Order::Zipf), (shape, Order::Hot)]);
        }
    }
    variants
}

fn measured(contestant: &Contestant, site: Site) -> Result<Measured> {
    let summary = Summary::of(&contestant.samples).context("no samples")?;
    let id = Id {
        group: NAME,
        case: &contestant.case,
        contender: contestant.name,
        keys: Some(site.devices.into()),
        rules: Some(site.rules.into()),
    };
    Ok(Measured::timed(id, summary, "ns"))
}

/// The cost of a case, with uniform keys.
fn cost(results: &Results, case: &str, contender: &str, site: Site) -> Option<f64> {
    let (keys, rules) = (Some(site.devices.into()), Some(site.rules.into()));
    results.value(&Id { group: NAME, case, contender, keys, rules })
}

/// What the product's packet of that kind costs.
fn own_cost(results: &Results, case: &str, shape: Shape, site: Site) -> Option<f64> {
    cost(results, &format!("{case}, {}", shape.label()), PRODUCT, site)
}
