//! How sides of rules relate: which covers which.

use super::Checked;
use crate::policy::model::{DeviceId, Service, Side, ZoneId};

/// One end of a packet, as far as rules tell ends apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Zone(ZoneId),
    Device(DeviceId),
}

impl Checked<'_> {
    /// The side of a guardrail (or exception) includes everybody that `who` is. `sender` is who `same` refers to.
    pub(super) fn includes(&self, side: &Side, who: Who, sender: Option<ZoneId>) -> bool {
        let zone = self.zone_of(who);
        let named = side.zones.binary_search(&zone).is_ok();
        let listed = match who {
            Who::Zone(_) => false,
            Who::Device(device) => side.devices.binary_search(&device).is_ok(),
        };
        side.star || named || listed || (side.same && sender == Some(zone))
    }

    /// The side includes somebody that `who` is: a device of a zone is enough.
    pub(super) fn touches(&self, side: &Side, who: Who, sender: Option<ZoneId>) -> bool {
        let members = || side.devices.iter().any(|device| Who::Zone(self.policy.devices[device.0].zone) == who);
        self.includes(side, who, sender) || members()
    }

    pub(super) fn zone_of(&self, who: Who) -> ZoneId {
        match who {
            Who::Zone(zone) => zone,
            Who::Device(device) => self.policy.devices[device.0].zone,
        }
    }

    /// Everybody that the side of a transition names; `*` is every declared zone.
    pub(super) fn members<'s>(&'s self, side: &'s Side) -> impl Iterator<Item = Who> + 's {
        let declared =
            (0..self.policy.zones.len()).map(ZoneId).filter(|zone| side.star && *zone != self.policy.router_zone);
        let zones = side.zones.iter().copied().chain(declared).map(Who::Zone);
        zones.chain(side.devices.iter().copied().map(Who::Device))
    }
}

/// Every one of `inner` is covered by one of `outer`.
pub(super) fn all_covered(inner: &[Service], outer: &[Service]) -> bool {
    let covered = |service: &Service| outer.iter().any(|other| other.covers(service));
    inner.iter().all(covered)
}

/// Some packet belongs to both lists.
pub(super) fn any_overlap(one: &[Service], two: &[Service]) -> bool {
    one.iter().any(|a| two.iter().any(|b| a.overlaps(b)))
}
