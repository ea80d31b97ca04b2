//! Step 4: the layers, in their order. A packet passes only if every one agrees; none widens another.

use enforcer_common::reason::Reason;

use super::case::{Case, Refusal, step};
use super::ground::Ground;
use super::mud;
use super::sides::Pair;
use super::spoken::Spoken;
use super::who::End;
use super::{Rule, rule_of};
use crate::policy::model::{DeviceId, Transition};

/// A packet between two ends, with the entries that are written for them.
pub(super) struct Layers<'a, 'p> {
    pub(super) ground: &'a Ground<'p>,
    pub(super) pair: &'a Pair,
    pub(super) from: End,
    pub(super) to: End,
    pub(super) spoken: Spoken,
}

impl<'p> Layers<'_, 'p> {
    /// All layers. The rule is the transition that allows; what the router itself sends needs none.
    pub(super) fn judge(&self, case: &mut Case<'p>) -> Result<Option<Rule<'p>>, Refusal<'p>> {
        self.guardrails(case)?;
        let rule = self.transitions(case)?;
        if let Some(device) = self.from.device {
            self.by_sender(case, device)?;
        }
        if let Some(device) = self.to.device {
            self.by_receiver(case, device)?;
        }
        Ok(rule)
    }

    /// The first name that denies, enforced ones before those in audit.
    fn guardrails(&self, case: &mut Case<'p>) -> Result<(), Refusal<'p>> {
        let policy = self.ground.policy;
        let denies = |(index, exceptions): &&(usize, Vec<usize>)| {
            let guardrail = &policy.guardrails[*index];
            let excepted =
                exceptions.iter().any(|exception| self.spoken.is_one_of(&guardrail.except[*exception].allow));
            self.spoken.is_one_of(&guardrail.deny) && !excepted
        };
        let denying = self.pair.guardrails.iter().filter(denies);
        let first = denying.map(|(index, _)| &policy.guardrails[*index]).min_by_key(|guardrail| guardrail.audit);
        let Some(guardrail) = first else {
            case.agrees(step::GUARDRAIL, None, || "no guardrail denies it".to_owned());
            return Ok(());
        };
        let rule = rule_of(&guardrail.name, step::GUARDRAIL, &guardrail.place);
        let refusal = Refusal { reason: Reason::Guardrail, rule: Some(rule), audit: guardrail.audit };
        case.refuse(step::GUARDRAIL, refusal, || format!("`{}` denies it", guardrail.name))
    }

    /// The first name that allows.
    fn transitions(&self, case: &mut Case<'p>) -> Result<Option<Rule<'p>>, Refusal<'p>> {
        let policy = self.ground.policy;
        let mut written = self.pair.transitions.iter().map(|index| &policy.transitions[*index]);
        if let Some(transition) = written.clone().find(|transition| self.allows(transition)) {
            let rule = rule_of(&transition.name, step::TRANSITION, &transition.place);
            case.agrees(step::TRANSITION, Some(rule), || format!("`{}` allows it", transition.name));
            return Ok(Some(rule));
        }
        if self.from.zone == policy.router_zone {
            case.agrees(step::TRANSITION, None, || "what the router sends needs no transition".to_owned());
            return Ok(None);
        }
        let audit = match self.pair.transitions.is_empty() {
            false => written.all(|transition| transition.audit),
            true => self.zones_in_audit(),
        };
        let refusal = Refusal::without_rule(Reason::NoTransition, audit);
        let count = self.pair.transitions.len();
        case.refuse(step::TRANSITION, refusal, || match count {
            0 => "no transition is written for the pair".to_owned(),
            count => format!("none of the {count} transitions for the pair allows it"),
        })?;
        Ok(None)
    }

    /// `deny` takes out of the entry's own `allow`, and out of its `mud`.
    fn allows(&self, transition: &Transition) -> bool {
        // An entry does not end at its `until` yet: `transition.until` would be asked here.
        let allowed = self.spoken.is_one_of(&transition.allow) || (transition.mud && self.is_for_mud());
        allowed && !self.spoken.is_one_of(&transition.deny)
    }

    /// What `mud` stands for: at least one end is a device with a profile, and no listed device at either end lacks one.
    fn is_for_mud(&self) -> bool {
        let devices = [self.from.device, self.to.device];
        let mut listed = devices.iter().flatten().peekable();
        let has_profile = |device: &DeviceId| !self.ground.policy.devices[device.0].profiles.is_empty();
        listed.peek().is_some() && listed.all(has_profile)
    }

    /// With nothing written, both zones count. The router has no mode of its own.
    fn zones_in_audit(&self) -> bool {
        let policy = self.ground.policy;
        [self.from.zone, self.to.zone].iter().all(|zone| *zone == policy.router_zone || policy.zones[zone.0].audit)
    }

    fn by_sender(&self, case: &mut Case<'p>, device: DeviceId) -> Result<(), Refusal<'p>> {
        let list = mud::List::from_device(self.ground, device, self.to, self.spoken);
        self.profile(case, device, list.judge(mud::Opener::Device), Reason::MudFromDevice)
    }

    fn by_receiver(&self, case: &mut Case<'p>, device: DeviceId) -> Result<(), Refusal<'p>> {
        let list = mud::List::to_device(self.ground, device, self.from, self.spoken);
        self.profile(case, device, list.judge(mud::Opener::Peer), Reason::MudToDevice)
    }

    fn profile(
        &self,
        case: &mut Case<'p>,
        device: DeviceId,
        answer: mud::Answer<'p>,
        reason: Reason,
    ) -> Result<(), Refusal<'p>> {
        let device = &self.ground.policy.devices[device.0];
        let refusal = |rule| Refusal { reason, rule, audit: device.audit };
        match answer {
            mud::Answer::NoProfile => Ok(()),
            mud::Answer::Accepted(rule) => {
                case.agrees(step::MUD, Some(rule), || format!("{}: `{}` accepts it", device.name, rule.name));
                Ok(())
            }
            mud::Answer::Dropped(rule) => {
                case.refuse(step::MUD, refusal(Some(rule)), || format!("{}: `{}` drops it", device.name, rule.name))
            }
            mud::Answer::Silent => case
                .refuse(step::MUD, refusal(None), || format!("{}: no entry of its MUD files accepts it", device.name)),
        }
    }

    /// What becomes of the replies, should this packet open a connection: the answering end's from-device list and the
    /// other's to-device list, settled now. Enforced refusals count before those in audit.
    pub(super) fn replies(&self) -> Option<Refusal<'p>> {
        let reply = self.spoken.reply();
        let answering = self.to.device.and_then(|device| {
            let list = mud::List::from_device(self.ground, device, self.from, reply);
            self.reply(device, list.judge(mud::Opener::Peer), Reason::MudFromDevice)
        });
        let asking = self.from.device.and_then(|device| {
            let list = mud::List::to_device(self.ground, device, self.to, reply);
            self.reply(device, list.judge(mud::Opener::Device), Reason::MudToDevice)
        });
        [answering, asking].into_iter().flatten().min_by_key(|refusal| refusal.audit)
    }

    /// Replies pass, listed or not, unless an entry drops them; to the letter of RFC 8520 they must be listed.
    fn reply(&self, device: DeviceId, answer: mud::Answer<'p>, reason: Reason) -> Option<Refusal<'p>> {
        let device = &self.ground.policy.devices[device.0];
        let refusal = |rule| Some(Refusal { reason, rule, audit: device.audit });
        match answer {
            mud::Answer::NoProfile | mud::Answer::Accepted(_) => None,
            mud::Answer::Dropped(rule) => refusal(Some(rule)),
            mud::Answer::Silent if device.replies_listed => refusal(None),
            mud::Answer::Silent => None,
        }
    }
}
