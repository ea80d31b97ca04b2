//! What a change of the policy can never do: no layer and no entry widens another.

use enforcer_common::reason::{Reason, Verdict};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use crate::draft::{Draft, Table, Value};
use crate::generate::{Sent, cases, draft, guardrail, packets};
use crate::mud::{ace, file};
use crate::naive_mud::entries;
use crate::site::Site;

/// What becomes of a packet that opens a connection, and of the answers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    verdict: Verdict,
    reason: Reason,
    /// Answers pass because nothing refuses them.
    answered: bool,
    /// Answers go on, refused or not.
    answers_go_on: bool,
}

impl Outcome {
    fn of(site: &Site, (port, packet, _): &Sent) -> Outcome {
        match site.decide(port, packet) {
            Err(reason) => Outcome { verdict: Verdict::Drop, reason, answered: false, answers_go_on: false },
            Ok(decision) => {
                let goes_on = decision.verdict != Verdict::Drop;
                let answered = goes_on && decision.reply_reason == Reason::Established;
                Outcome {
                    verdict: decision.verdict,
                    reason: decision.reason,
                    answered,
                    answers_go_on: answered || goes_on && decision.reply_audit,
                }
            }
        }
    }

    /// Every layer agrees.
    fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// It goes on, allowed or in audit.
    fn goes_on(&self) -> bool {
        self.verdict != Verdict::Drop
    }

    /// What every layer agrees to is no more than before.
    fn allows_no_more_than(&self, before: &Outcome) -> bool {
        self.is_allowed() <= before.is_allowed()
            && (self.is_allowed() && self.answered) <= (before.is_allowed() && before.answered)
    }

    /// What goes on is no more than before.
    fn lets_through_no_more_than(&self, before: &Outcome) -> bool {
        self.goes_on() <= before.goes_on() && self.answers_go_on <= before.answers_go_on
    }
}

/// Compares what becomes of each packet before and after a change.
fn compare(
    (before, after): (&Draft, &Draft),
    packets: &[Sent],
    holds: impl Fn(&Outcome, &Outcome) -> bool,
) -> Result<(), TestCaseError> {
    let (old, new) = (before.site(), after.site());
    for sent in packets {
        let (was, is) = (Outcome::of(&old, sent), Outcome::of(&new, sent));
        prop_assert!(holds(&was, &is), "{}\n{was:?}\n{is:?}\n# after\n{after:?}", sent.2);
    }
    Ok(())
}

fn is_transition(table: &Table) -> bool {
    table.head == "[[transitions]]"
}

/// Where `mode = "audit"` is written.
fn is_in_audit(table: &Table) -> bool {
    table.get("mode") == Some(&Value::Plain("\"audit\"".to_owned()))
}

/// The same with `mode = "enforce"`; at the top, where that would say nothing of the rest, with no mode at all.
fn enforced(draft: &Draft, index: usize) -> Draft {
    let mut draft = draft.clone();
    let table = &mut draft.tables[index];
    table.keys.retain(|(key, _)| key != "mode");
    *table = table.clone().word("mode", "enforce");
    draft
}

fn device_without_profile(table: &Table) -> bool {
    table.head.starts_with("[devices.") && table.get("mud").is_none()
}

/// A MUD file of a maker and a model that no other file speaks of.
fn new_profile() -> impl Strategy<Value = String> {
    let wide = Just(vec![ace("any", json!({}), true)]);
    let list = |sends| prop_oneof![entries(sends), wide.clone()];
    (list(true), list(false)).prop_map(|(from, to)| file("https://new.example/n", &from, &to))
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn adding_a_guardrail_never_allows_more(
        draft in draft(true), guardrail in guardrail(), packets in packets(),
    ) {
        let after = draft.and(guardrail.word("name", "added"));
        compare((&draft, &after), &packets, |was, is| {
            is.allows_no_more_than(was) && is.lets_through_no_more_than(was)
        })?;
    }

    #[test]
    fn removing_a_transition_never_allows_more(
        draft in draft(true), which in any::<Index>(), packets in packets(),
    ) {
        let after = draft.without(*which.get(&draft.places(is_transition)));
        compare((&draft, &after), &packets, |was, is| {
            // What was dropped for want of a transition may go on in audit: the mode of what is left of the pair counts.
            let by_audit = was.reason == Reason::NoTransition && is.verdict == Verdict::Audit;
            is.allows_no_more_than(was) && (by_audit || is.lets_through_no_more_than(was))
        })?;
    }

    #[test]
    fn giving_a_device_a_profile_never_allows_more(
        draft in draft(false), which in any::<Index>(), profile in new_profile(), packets in packets(),
    ) {
        // No transition names `mud`, and no class gains a member by the file.
        let devices = draft.places(device_without_profile);
        prop_assume!(!devices.is_empty());
        let mut after = draft.clone();
        let table = &mut after.tables[*which.get(&devices)];
        *table = table.clone().list("mud", &["new.json"]).list("my-controllers", &["192.0.2.10"]);
        after.profiles.push(("new.json".to_owned(), profile));
        compare((&draft, &after), &packets, |was, is| {
            is.allows_no_more_than(was) && is.lets_through_no_more_than(was)
        })?;
    }

    #[test]
    fn taking_something_out_of_audit_never_passes_more(
        draft in draft(true), which in any::<Index>(), packets in packets(),
    ) {
        let places = draft.places(is_in_audit);
        prop_assume!(!places.is_empty());
        let after = enforced(&draft, *which.get(&places));
        compare((&draft, &after), &packets, |was, is| {
            // What every layer agrees to has no mode.
            is.lets_through_no_more_than(was) && is.is_allowed() == was.is_allowed() && is.answered <= was.answered
        })?;
    }
}
