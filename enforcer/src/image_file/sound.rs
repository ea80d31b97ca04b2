//! Whether cells are an image: everything that the lookups follow leads somewhere in it.

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::endpoint::{Endpoint, endpoint, flag};
use enforcer_common::image::{
    self, FLAG_AUDIT_ALL, FLAG_LEARNS, Heads, PORT_ZONES, ZONE_ROUTER, head0, head1, heads, zone,
};
use enforcer_common::layers::SUBJECT_DEVICE;
use enforcer_common::source::ROUTER_ENDPOINT;
use enforcer_common::table::{LARGE, MEDIUM, PAIR, SMALL};

use super::follow::{Follower, Meaning};
use super::tables;
use crate::compile::image::{Image, Names};

/// Lists in a profile's cell.
const LISTS: usize = image::profile::TO6_REPLY + 1;
/// All bits of an endpoint's flags.
const FLAGS: u32 = (flag::UNSPECIFIED << 1) - 1;

/// Says what is wrong with an image whose checksums are right.
pub(super) fn check(image: &Image) -> Result<(), String> {
    let checked = Checked::new(image)?;
    checked.headers()?;
    checked.endpoints()?;
    let mut follower = Follower::new(&image.cells, &image.names.rules, checked.endpoint_count);
    checked.addresses(&mut follower)?;
    checked.zones()?;
    checked.matrix(&mut follower)?;
    checked.pairs(&mut follower)?;
    checked.ports()?;
    checked.profiles(&mut follower)
}

struct Checked<'a> {
    cells: &'a [Cell],
    names: &'a Names,
    heads: Heads,
    endpoint_count: u32,
    profile_count: u32,
}

impl<'a> Checked<'a> {
    fn new(image: &'a Image) -> Result<Self, String> {
        let cells = image.cells.as_slice();
        let heads = heads(cells, 0).ok_or("it has no headers")?;
        let second = &cells[1];
        Ok(Checked {
            cells,
            names: &image.names,
            heads,
            endpoint_count: second[head1::ENDPOINT_COUNT],
            profile_count: second[head1::PROFILE_COUNT],
        })
    }

    /// As many of everything as there are names, and each stretch of cells inside the image.
    fn headers(&self) -> Result<(), String> {
        let (first, second) = (&self.cells[0], &self.cells[1]);
        if first[head0::FLAGS] & !(FLAG_AUDIT_ALL | FLAG_LEARNS) != 0 {
            return Err("flags that mean nothing".into());
        }
        let counts = [
            ("zones", second[head1::ZONE_COUNT], self.names.zones.len()),
            ("devices", second[head1::DEVICE_COUNT], self.names.devices.len()),
            ("ports", second[head1::PORT_COUNT], self.names.ports.len()),
            ("rules", second[head1::RULE_COUNT], self.names.rules.len()),
        ];
        for (what, cells, names) in counts {
            if cells as usize != names {
                return Err(format!("{cells} {what} in its cells and {names} in its names"));
            }
        }
        let zones = self.names.zones.len();
        if zones > usize::from(u16::MAX) || self.endpoint_count <= ROUTER_ENDPOINT || self.profile_count == 0 {
            return Err("too many zones, or too few endpoints or profiles".into());
        }
        let stretches = [
            ("endpoints", self.heads.who.endpoints, (self.endpoint_count as usize).div_ceil(2)),
            ("zones", self.heads.what.zones, zones.div_ceil(4)),
            ("the matrix", self.heads.what.matrix, (zones * zones).div_ceil(4)),
            ("ports", self.heads.what.ports, self.names.ports.len()),
            ("profiles", self.heads.what.profiles, self.profile_count as usize),
        ];
        for (what, start, cells) in stretches {
            if start < 2 || start as usize + cells > self.cells.len() {
                return Err(format!("{what} go past the end"));
            }
        }
        Ok(())
    }

    fn endpoints(&self) -> Result<(), String> {
        for index in 1..self.endpoint_count {
            let found = endpoint(self.cells, &self.heads, index).ok_or("an endpoint past the end")?;
            if !self.is_sane(&found) {
                return Err(format!("endpoint {index} can be nobody: {found:?}"));
            }
        }
        match endpoint(self.cells, &self.heads, ROUTER_ENDPOINT) {
            Some(Endpoint { zone: ZONE_ROUTER, flags: flag::ROUTER, .. }) => Ok(()),
            Some(_) | None => Err("the router's endpoint is not the router".into()),
        }
    }

    fn is_sane(&self, found: &Endpoint) -> bool {
        let zone = |zone: u16| usize::from(zone) < self.names.zones.len();
        zone(found.zone)
            && zone(found.home)
            && (found.device as usize) < self.names.devices.len()
            && found.profile < self.profile_count
            && found.address_label != u32::MAX
            && found.device_label != u32::MAX
            && found.flags & !FLAGS == 0
            && found.is(flag::LISTED) == (found.device != 0)
            && found.is(flag::PROFILED) == (found.profile != 0)
            && (found.is(flag::HAS_MAC) || found.mac == 0)
            // Who is judged as somebody of a zone stands in one, and nobody is the router in another zone than its own.
            && (found.zone == 0 || found.home != 0)
            && (found.zone == ZONE_ROUTER || !found.is(flag::ROUTER) || found.is(flag::LINK_LOCAL))
            && found.mac >> 48 == 0
    }

    fn is_endpoint(&self, index: u32) -> Result<(), String> {
        if (1..self.endpoint_count).contains(&index) { Ok(()) } else { Err(format!("there is no endpoint {index}")) }
    }

    fn addresses(&self, follower: &mut Follower<'_>) -> Result<(), String> {
        let who = &self.heads.who;
        tables::check::<SMALL, 1, 1>(self.cells, who.hosts4, |_, value| self.is_endpoint(value[0]))?;
        tables::check::<LARGE, 4, 1>(self.cells, who.hosts6, |_, value| self.is_endpoint(value[0]))?;
        tables::check::<MEDIUM, 2, 1>(self.cells, who.macs, |_, value| self.is_endpoint(value[0]))?;
        follower.follow(Meaning::Endpoint, who.prefixes4)?;
        follower.follow(Meaning::Endpoint, who.prefixes6)
    }

    fn zones(&self) -> Result<(), String> {
        for number in 1..self.names.zones.len() as u16 {
            let record = image::zone(self.cells, &self.heads, number).ok_or("a zone past the end")?;
            if record.flags & !(zone::AUDIT | zone::ESSENTIALS | zone::UPLINK) != 0 {
                return Err(format!("zone {number} has flags that mean nothing"));
            }
            self.is_endpoint(record.anonymous)?;
        }
        Ok(())
    }

    fn matrix(&self, follower: &mut Follower<'_>) -> Result<(), String> {
        let zones = self.names.zones.len();
        let start = self.heads.what.matrix as usize;
        let entries =
            self.cells[start..start + (zones * zones).div_ceil(4)].iter().flat_map(|cell| cell.chunks_exact(4));
        for entry in entries.take(zones * zones) {
            follow_entry(follower, Meaning::Guardrails, [entry[0], entry[1], entry[2]])?;
        }
        Ok(())
    }

    fn pairs(&self, follower: &mut Follower<'_>) -> Result<(), String> {
        tables::check::<PAIR, 2, 3>(self.cells, self.heads.what.pairs, |key, value| {
            let fine = |subject: u32| match subject & SUBJECT_DEVICE {
                0 => (subject as usize) < self.names.zones.len(),
                _ => ((subject & !SUBJECT_DEVICE) as usize) < self.names.devices.len(),
            };
            if !key.iter().all(|subject| fine(*subject)) {
                return Err("a pair of somebody who is none".into());
            }
            follow_entry(follower, Meaning::DeviceGuardrails, *value)
        })
    }

    fn ports(&self) -> Result<(), String> {
        for (number, port) in self.names.ports.iter().enumerate().skip(1) {
            let cell = image::port(self.cells, &self.heads, number as u32).ok_or("a port past the end")?;
            let mut zones = [0; WORDS - 1];
            if port.zones.len() > PORT_ZONES {
                return Err(format!("port {} is in too many zones", port.name));
            }
            for (to, from) in zones.iter_mut().zip(&port.zones) {
                *to = u32::from(*from);
            }
            let known = port.zones.iter().all(|zone| *zone != 0 && usize::from(*zone) < self.names.zones.len());
            if !known || cell[1..] != zones || cell[0] & !(1 << 16) != port.zones.len() as u32 {
                return Err(format!("port {} is in other zones by its cell than by its name", port.name));
            }
        }
        Ok(())
    }

    fn profiles(&self, follower: &mut Follower<'_>) -> Result<(), String> {
        let start = self.heads.what.profiles as usize;
        for cell in &self.cells[start..start + self.profile_count as usize] {
            for list in &cell[..LISTS] {
                follower.follow(Meaning::Mud, *list)?;
            }
        }
        Ok(())
    }
}

/// What is written for a pair: guardrails, and transitions without and with `mud`.
fn follow_entry(follower: &mut Follower<'_>, guardrails: Meaning, entry: [u32; 3]) -> Result<(), String> {
    follower.follow(guardrails, entry[0])?;
    follower.follow(Meaning::Transitions, entry[1])?;
    follower.follow(Meaning::Transitions, entry[2])
}
