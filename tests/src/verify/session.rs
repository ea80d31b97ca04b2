//! A session: a policy, perhaps the one that takes its place, and what happens meanwhile.

use anyhow::{Result, bail};
use enforcer_common::reason::Verdict;

use super::compare::START;
use super::dice::Dice;
use super::ground::Ground;
use super::host::Host;
use super::prepared::{Interfaces, Prepared, Unusable};
use super::site::Site;
use super::traffic::{Event, Extent, Traffic, What};
use super::witness::Witness;

/// Policies that are thought of until one can be used; nearly every one can.
const TRIES: u32 = 100;
/// One session in so many has a reload.
const RELOADS: u32 = 3;

/// What witnesses are asked about.
#[derive(Debug, Clone)]
pub struct Session {
    /// The policies, in the order in which they come into force.
    pub sites: Vec<Site>,
    /// The interfaces that events tell of.
    pub interfaces: Interfaces,
    /// What happens.
    pub events: Vec<Event>,
}

/// A session to be, and how often a policy for it was refused.
#[derive(Debug)]
pub struct Generated {
    /// The session.
    pub session: Session,
    /// The policies of the session, ready.
    pub prepared: Vec<Prepared>,
    /// Policies that could not be used, and why.
    pub refused: Vec<Unusable>,
}

impl Session {
    /// The session of this seed, with so many events.
    pub fn generate(seed: u64, events: usize, extent: Extent) -> Result<Generated> {
        let mut dice = Dice::new(seed);
        let mut refused = Vec::new();
        let (site, first) = usable(&mut refused, || Site::generate(dice.seed()))?;
        let (mut sites, mut prepared) = (vec![site.clone()], vec![first]);
        if extent.reloads && dice.one_in(RELOADS) {
            let (site, next) = usable(&mut refused, || site.changed(&mut dice))?;
            sites.push(site);
            prepared.push(next);
        }
        let interfaces = Interfaces::of(&prepared);
        let ground = Ground::of(&prepared[0], &interfaces, &mut dice);
        let reload = (sites.len() > 1).then(|| dice.below(events.max(1)));
        let traffic = Traffic::new(ground, interfaces.0.len(), extent, dice.seed());
        let events = happenings(traffic, &interfaces, &prepared, events, reload)?;
        Ok(Generated { session: Session { sites, interfaces, events }, prepared, refused })
    }

    /// Reads and compiles the policies again; none where one of them cannot be used.
    pub fn prepare(&self) -> Result<Option<Vec<Prepared>>> {
        let mut prepared = Vec::new();
        for site in &self.sites {
            match Prepared::of(site)? {
                Ok(usable) => prepared.push(usable),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(prepared))
    }
}

/// Events, with a reload at that place. The steps on the host judge them, so that conversations go on where they may.
fn happenings(
    mut traffic: Traffic<'_>,
    interfaces: &Interfaces,
    prepared: &[Prepared],
    count: usize,
    reload: Option<usize>,
) -> Result<Vec<Event>> {
    let mut host = Host::new(interfaces, &prepared[0]);
    let mut now = START;
    let mut events = Vec::with_capacity(count + 1);
    for number in 0..count {
        if reload == Some(number)
            && let Some(next) = prepared.get(1)
        {
            events.push(Event { after: 0, what: What::Reload });
            host.reload(next)?;
        }
        let event = traffic.event();
        now += event.after;
        let found = host.judge(now, &event.what)?;
        traffic.told(found.is_some_and(|found| found.verdict != Verdict::Drop));
        events.push(event);
    }
    Ok(events)
}

/// The first policy that can be used.
fn usable(refused: &mut Vec<Unusable>, mut think: impl FnMut() -> Site) -> Result<(Site, Prepared)> {
    for _ in 0..TRIES {
        let site = think();
        match Prepared::of(&site)? {
            // Where no zone has a port nobody sends anything.
            Ok(prepared) if prepared.names().ports.len() < 2 => {}
            Ok(prepared) => return Ok((site, prepared)),
            Err(unusable) => refused.push(unusable),
        }
    }
    bail!("none of {TRIES} policies can be used; the last one: {:?}", refused.last())
}
