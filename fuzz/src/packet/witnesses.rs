//! Who judges: the kernel program's steps, held to what no policy changes, and the reference.

use anyhow::Result;
use enforcer::replay::{Finding, Medium};
use enforcer_common::packet::Packet;
use enforcer_common::reason::{Reason, Verdict};
use enforcer_ebpf::packet::parse;
use enforcer_tests::verify::compare::START;
use enforcer_tests::verify::host::Host;
use enforcer_tests::verify::prepared::Prepared;
use enforcer_tests::verify::reference::Reference;
use enforcer_tests::verify::traffic::{Event, What};
use enforcer_tests::verify::witness::Witness;

use super::sites::INTERFACES;

/// All witnesses, beginning with this policy.
pub fn all(first: &'static Prepared) -> [Box<dyn Witness<'static>>; 2] {
    let steps = Steps { host: Host::new(&INTERFACES, first), policy: first };
    [Box::new(steps), Box::new(Reference::new(&INTERFACES, first))]
}

/// What the reference thinks at each step of the last event.
pub fn explained(sites: &'static [Prepared], events: &[Event]) -> Vec<String> {
    let mut reference = Reference::new(&INTERFACES, &sites[0]);
    let mut next = sites.iter().skip(1);
    let mut now = START;
    let mut last = Vec::new();
    for event in events {
        now += event.after;
        if event.what == What::Reload {
            if let Some(policy) = next.next() {
                reference.reload(policy).ok();
            }
            continue;
        }
        last = reference.explained(now, &event.what);
    }
    last
}

/// The steps of the kernel program, which let nothing pass that they do not understand.
struct Steps {
    host: Host<'static>,
    policy: &'static Prepared,
}

impl Witness<'static> for Steps {
    fn name(&self) -> &'static str {
        "program"
    }

    fn reload(&mut self, prepared: &'static Prepared) -> Result<()> {
        self.policy = prepared;
        self.host.reload(prepared)
    }

    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>> {
        let found = self.host.judge(now, what)?;
        if let Some(found) = &found {
            assert_eq!(found.verdict == Verdict::Pass, found.reason.is_pass(), "{found:?}");
        }
        if let What::Enters { interface, frame } | What::Leaves { interface, frame, .. } = what {
            let interface = &INTERFACES.0[*interface];
            let named = self.policy.names().ports.iter().skip(1).any(|port| port.interface == interface.name);
            let understood = parse(&frame[..], interface.medium == Medium::Ip, &mut Packet::default()).is_ok();
            let refused = found.as_ref().is_some_and(|found| {
                let audited = found.verdict == Verdict::Audit && in_audit(self.policy);
                found.reason == Reason::Malformed && (found.verdict == Verdict::Drop || audited)
            });
            assert!(understood || refused || !named, "{found:?} for what is not understood");
        }
        Ok(found)
    }
}

/// Everything is in audit, what is not understood too.
fn in_audit(policy: &Prepared) -> bool {
    let mut declared = policy.loaded.policy.zones.iter().filter(|zone| zone.place.is_some());
    declared.all(|zone| zone.audit)
}
