//! Where packets end that are refused: a chain and a counter for each reason.

use enforcer_common::reason::Reason;

use super::Export;
use super::line;
use super::text::Chain;

/// Where a step of a judgement leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Target {
    /// The step agrees: on with the next one.
    Agree,
    /// A chain decides.
    Chain(String),
}

impl Target {
    /// The verdict statement.
    pub(super) fn verdict(&self) -> String {
        match self {
            Target::Agree => "return".to_owned(),
            Target::Chain(name) => format!("goto {name}"),
        }
    }

    /// The verdict statement of a step behind which others follow.
    pub(super) fn call(&self) -> String {
        match self {
            Target::Agree => "continue".to_owned(),
            Target::Chain(name) => format!("jump {name}"),
        }
    }
}

/// How often audit logs at most: it must not become the load that it tells of.
const RATE: &str = "limit rate 10/second burst 20 packets";

impl Export<'_> {
    /// A refusal. In audit it counts, logs and goes on with the next step.
    pub(super) fn refuse(&mut self, reason: Reason, audit: bool) -> Target {
        let audit = audit || self.audit_all;
        let label = reason.label();
        let name = if audit { format!("audit_{label}") } else { label.to_owned() };
        if self.reasons.insert(name.clone()) {
            let name = self.names.unique(&name);
            let count = self.table.count(&name);
            let mut chain = Chain::new(name);
            if audit {
                chain.rule(count);
                chain.rule(line(&[RATE, &super::text::log(&format!("audit {label}"))]));
            } else {
                chain.rule(line(&[&count, "drop"]));
            }
            self.table.chain(chain);
        }
        Target::Chain(name)
    }

    /// Whether a refusal drops.
    pub(super) fn drops(&self, audit: bool) -> bool {
        !audit && !self.audit_all
    }

    /// The statements that let a packet through, counted under the reason of a pass.
    pub(super) fn accept(&mut self, reason: Reason) -> String {
        line(&[&self.table.count(reason.label()), "accept"])
    }

    /// What a target comes to for an unlisted member of a zone in audit that demands listed devices.
    pub(super) fn softened(&mut self, target: Target) -> Target {
        let refusal = self.refuse(Reason::UnknownDevice, true);
        let (Target::Chain(audit), Target::Chain(then)) = (&refusal, &target) else {
            return refusal;
        };
        if let Some(known) = self.softened.get(&target) {
            return known.clone();
        }
        let mut chain = Chain::new(self.names.unique(&format!("{audit}_then_{then}")));
        chain.rule(format!("jump {audit}"));
        chain.rule(target.verdict());
        let softened = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        self.softened.insert(target, softened.clone());
        softened
    }

    /// The policy of a chain on a hook: what no rule lets through.
    pub(super) fn policy(&self) -> &'static str {
        if self.audit_all { "policy accept" } else { "policy drop" }
    }
}
