//! Frames: what happens at a router is told by the bytes, and the kernel program's steps and the reference must say the same.

mod events;
mod parser;
mod sites;
mod witnesses;

pub use events::write;
pub use sites::{INTERFACES, POLICIES, SITES};

use enforcer_tests::verify::compare::{Difference, compare};
use enforcer_tests::verify::tally::Tally;
use enforcer_tests::verify::traffic::What;

/// Reads the bytes as a policy and what happens under it.
pub fn check(content: &[u8]) {
    let Some((policy, events)) = events::read(content) else { return };
    for event in &events {
        if let What::Enters { frame, .. } | What::Leaves { frame, .. } = &event.what {
            parser::check(frame);
        }
    }
    let sites = &SITES[policy..];
    match compare(&mut witnesses::all(&sites[0]), sites, &events, &mut Tally::default()) {
        Ok(None) => (),
        Ok(Some(difference)) => panic!("{}", told(policy, &events, &difference)),
        Err(error) => panic!("{error:#}"),
    }
}

/// A difference, and what the reference thinks at each step of it.
fn told(policy: usize, events: &[enforcer_tests::verify::traffic::Event], found: &Difference) -> String {
    let mut lines = vec![format!("under {}, event {}:", POLICIES[policy % POLICIES.len()].0, found.event)];
    lines.extend(events.iter().take(found.event + 1).map(|event| format!("  {}", events::told(event))));
    lines.extend(found.readings.iter().map(|(name, said)| format!("{name:<9} {said}")));
    let steps = witnesses::explained(&SITES[policy..], &events[..=found.event]);
    lines.extend(steps.into_iter().map(|step| format!("    {step}")));
    lines.join("\n")
}
