//! What no single entry can tell: whether the entries make sense together, and on this machine.

mod bypass;
mod devices;
mod interfaces;
mod management;
mod profiles;
mod reach;
mod rules;
mod zones;

use super::facts::{Facts, Live};
use super::model::{Policy, ZoneId};
use super::names::router_zone;
use super::raw::{Document, Named, Zone};
use super::report::Findings;
use super::resolve::Resolver;
use super::source::Span;

/// A policy with what it was made of.
pub(super) struct Checked<'a> {
    pub(super) document: &'a Document,
    pub(super) policy: &'a Policy,
    pub(super) facts: &'a Facts,
    pub(super) live: Option<&'a Live>,
}

impl Checked<'_> {
    /// What makes the policy unusable.
    pub(super) fn errors(&self, findings: &mut Findings) {
        zones::errors(self, findings);
        devices::errors(self, findings);
        management::errors(self, findings);
    }

    /// What would surprise.
    pub(super) fn warnings(&self, findings: &mut Findings) {
        zones::warnings(self, findings);
        rules::warnings(self, findings);
        profiles::warnings(self, findings);
        management::warnings(self, findings);
        interfaces::warnings(self, findings);
        bypass::warnings(self, findings);
    }

    /// The declared zones, with their numbers.
    fn zones(&self) -> impl Iterator<Item = (ZoneId, &Named<Zone>)> {
        let router = router_zone(self.document).0;
        let declared = self.document.zones.iter().enumerate();
        declared.map(move |(index, zone)| (ZoneId(index + usize::from(index >= router)), zone))
    }

    /// Where a zone is declared; none for `router`.
    fn zone_span(&self, zone: ZoneId) -> Option<Span> {
        self.zones().find(|(id, _)| *id == zone).map(|(_, zone)| zone.span)
    }

    fn zone_name(&self, zone: ZoneId) -> &str {
        &self.policy.zones[zone.0].name
    }
}

/// Warns of names that nothing uses.
pub(super) fn unused(resolver: Resolver<'_>, findings: &mut Findings) {
    for set in resolver.sets.unused() {
        findings.warning(set.span, format!("nothing uses the service `{}`", set.name));
    }
    for group in resolver.sides.unused() {
        findings.warning(group.span, format!("nothing uses the group `{}`", group.name));
    }
}
