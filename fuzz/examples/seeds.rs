//! Seeds for the `packet` target: generated traffic under each of its policies, a file a session.
//!
//! ```text
//! cargo run --example seeds -- FOLDER SESSIONS
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result};
use enforcer_common::reason::Verdict;
use enforcer_fuzz::packet::{INTERFACES, POLICIES, SITES, write};
use enforcer_tests::verify::compare::START;
use enforcer_tests::verify::dice::Dice;
use enforcer_tests::verify::ground::Ground;
use enforcer_tests::verify::host::Host;
use enforcer_tests::verify::traffic::{Event, Extent, Traffic, What};
use enforcer_tests::verify::witness::Witness;

/// Events of a session.
const EVENTS: usize = 10;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().context("which folder?")?);
    let sessions: u64 = arguments.next().and_then(|text| text.into_string().ok()).context("how many?")?.parse()?;
    std::fs::create_dir_all(&folder)?;
    for (policy, (name, _)) in POLICIES.iter().enumerate() {
        for seed in 0..sessions {
            let events = happenings(policy, seed)?;
            std::fs::write(folder.join(format!("{name}-{seed}")), write(policy, &events))?;
        }
    }
    Ok(())
}

fn happenings(policy: usize, seed: u64) -> Result<Vec<Event>> {
    let mut host = Host::new(&INTERFACES, &SITES[policy]);
    let ground = Ground::of(&SITES[policy], &INTERFACES, &mut Dice::new(seed));
    let mut traffic = Traffic::new(ground, INTERFACES.0.len(), Extent::ALL, seed);
    let mut now = START;
    let mut events = Vec::new();
    for number in 0..EVENTS {
        let event = traffic.event();
        now += event.after;
        let found = host.judge(now, &event.what)?;
        traffic.told(found.is_some_and(|found| found.verdict != Verdict::Drop));
        events.push(event);
        if number == EVENTS / 2 && seed.is_multiple_of(4) {
            events.push(Event { after: 0, what: What::Reload });
            host.reload(&SITES[policy + 1])?;
        }
    }
    Ok(events)
}
