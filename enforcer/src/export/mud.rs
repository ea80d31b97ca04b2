//! MUD: the lists of profiles as chains, one for each direction and family of devices that share them.

use enforcer_common::reason::Reason;

use super::entrances::Entrance;
use super::peers::End;
use super::reasons::Target;
use super::space::{Family, Place, elements};
use super::text::{Chain, among, comment};
use super::who::addresses;
use super::{Export, Hook, line};
use crate::mud::profile::{Ace, Family as Speaks, Initiated, Transport};
use crate::policy::model::ProfileId;

/// A list of a device's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    /// About what the device sends, else about what it gets.
    pub(super) from_device: bool,
    /// About answers.
    pub(super) answers: bool,
    /// About packets of this family.
    pub(super) family: Family,
}

impl List {
    /// Whether an ACE can match a packet of the list: what cannot be evaluated never accepts, and `direction-initiated` is
    /// about who opened the connection, the sender of an opening packet or the receiver of an answer.
    pub(super) fn heeds(self, ace: &Ace) -> bool {
        let device_opened = self.from_device != self.answers;
        let initiated = match ace.initiated {
            None => true,
            Some(Initiated::FromDevice) => device_opened,
            Some(Initiated::ToDevice) => !device_opened,
        };
        initiated && (!ace.accept || ace.unsupported.is_empty())
    }

    /// The end of a packet that the device is.
    fn own(self) -> End {
        if self.from_device { End::Source } else { End::Destination }
    }
}

impl Export<'_> {
    /// The chains that ask the profiles of the sender and of the receiver; nothing where no device has one.
    pub(super) fn mud(&mut self) -> Option<[String; 2]> {
        let with_profile: Vec<usize> =
            (0..self.population.groups.len()).filter(|i| !self.population.groups[*i].profiles.is_empty()).collect();
        if with_profile.is_empty() {
            return None;
        }
        self.notes.dead_entries(self.policy);
        let [from, to] = [("mud_from", true), ("mud_to", false)]
            .map(|(name, from_device)| self.dispatch(name, &with_profile, from_device, false));
        let to = self.no_forged_peers(to, &with_profile);
        Some([from, to])
    }

    /// A false sender that audit lets through meets no entry of a list.
    fn no_forged_peers(&mut self, lists: String, with_profile: &[usize]) -> String {
        let audited: Vec<Entrance> = self.entrances.iter().filter(|entrance| entrance.audit).cloned().collect();
        if audited.is_empty() {
            return lists;
        }
        let mut forged = Chain::new(self.names.unique("mud_to_from_nobody"));
        for group in with_profile {
            let audit = self.population.groups[*group].audit;
            let refused = self.refuse(Reason::MudToDevice, audit).verdict();
            for family in Family::BOTH {
                let devices = self.population.groups[*group].devices.iter().map(|id| &self.policy.devices[id.0]);
                let listed = devices.flat_map(|device| addresses(&self.space, device, family)).collect();
                let name = format!("all_{}", self.population.groups[*group].name);
                let sets = [self.address_set(&name, family, listed), self.learnt(*group, family)];
                forged.rules(sets.iter().flatten().map(|set| format!("{} daddr {set} {refused}", family.header())));
            }
        }
        let mut chain = Chain::new(self.names.unique("mud_to_checked"));
        for entrance in audited {
            let here = |place| match place {
                Place::Zone(zone) => entrance.zones.contains(&zone),
                Place::LinkLocal | Place::Unspecified => true,
                Place::Group | Place::Own | Place::Nowhere => false,
            };
            for family in Family::BOTH {
                let here = elements(&self.space.ranges(family, here));
                let header = family.header();
                chain.rule(format!(
                    "iifname {} {header} saddr != {} jump {}",
                    entrance.quoted,
                    among(&here),
                    forged.name
                ));
            }
        }
        chain.rule(format!("goto {lists}"));
        let name = chain.name.clone();
        self.table.chain(forged);
        self.table.chain(chain);
        name
    }

    /// The chain that leads to the lists of groups, by the end of the packet that the device is.
    pub(super) fn dispatch(&mut self, name: &str, groups: &[usize], from_device: bool, answers: bool) -> String {
        let mut chain = Chain::new(self.names.unique(name));
        let mut by_mac = Vec::new();
        let mut learnt = Vec::new();
        for family in Family::BOTH {
            let list = List { from_device, answers, family };
            let mut by_address = Vec::new();
            for group in groups {
                let Some(target) = self.list(*group, list) else { continue };
                for device in &self.population.groups[*group].devices {
                    let device = &self.policy.devices[device.0];
                    let addresses = addresses(&self.space, device, family);
                    by_address.extend(addresses.map(|address| format!("{address} : {}", target.verdict())));
                    if let Some(mac) = device.mac {
                        let family = match self.hook {
                            Hook::Forward => format!("ipv{}", family.digit()),
                            Hook::Ingress => family.header().to_owned(),
                        };
                        by_mac.push(format!("{family} . {} : {}", super::who::mac(mac), target.verdict()));
                    }
                }
                if !from_device && let Some(set) = self.learnt(*group, family) {
                    learnt.push(format!("{} daddr {set} {}", family.header(), target.verdict()));
                }
            }
            if !by_address.is_empty() {
                let map = self.names.unique(&format!("{name}{}", family.digit()));
                let map = self.table.set(map, &format!("{} : verdict", family.of_set()), &[], by_address);
                let end = if from_device { "saddr" } else { "daddr" };
                chain.rule(format!("{} {end} vmap {map}", family.header()));
            }
        }
        if from_device && !by_mac.is_empty() {
            let (key, of) = match self.hook {
                Hook::Forward => ("meta nfproto", "nf_proto"),
                Hook::Ingress => ("meta protocol", "ether_type"),
            };
            let map = self.names.unique(&format!("{name}_macs"));
            let map = self.table.set(map, &format!("{of} . ether_addr : verdict"), &[], by_mac);
            chain.rule(format!("{key} . ether saddr vmap {map}"));
        }
        chain.rules(learnt);
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// Where a list of a group's files decides; nothing where it has nothing to say on answers.
    fn list(&mut self, group: usize, list: List) -> Option<Target> {
        let (name, profiles, listed, audit) = {
            let group = &self.population.groups[group];
            (group.name.clone(), group.profiles.clone(), group.replies_listed, group.audit)
        };
        if list.answers && !listed && !self.drops_answers(&profiles, list) {
            return None;
        }
        let reason = if list.from_device { Reason::MudFromDevice } else { Reason::MudToDevice };
        let refusal = self.refuse(reason, audit);
        // Silence on an answer means yes, unless replies must be listed.
        let silent = if list.answers && !listed { Target::Agree } else { refusal.clone() };
        let direction = if list.from_device { "from" } else { "to" };
        let answers = if list.answers { "answers_" } else { "" };
        let name = format!("{name}_{answers}{direction}{}", list.family.digit());
        let mut written = Files { export: self, group, list, name, profiles: &profiles, refusal, silent };
        Some(written.file(0, false))
    }

    pub(super) fn drops_answers(&self, profiles: &[ProfileId], list: List) -> bool {
        let mut aces = profiles.iter().flat_map(|id| aces(self.policy, *id, list));
        aces.any(|ace| !ace.accept)
    }
}

/// The files of a group in order: the first match of each decides for it, and one that accepts is enough.
struct Files<'e, 'a> {
    export: &'e mut Export<'a>,
    group: usize,
    list: List,
    name: String,
    profiles: &'e [ProfileId],
    refusal: Target,
    silent: Target,
}

impl Files<'_, '_> {
    /// Where the files from one on decide; `dropped` where one before has dropped the packet.
    fn file(&mut self, index: usize, dropped: bool) -> Target {
        let Some(profile) = self.profiles.get(index).copied() else {
            return if dropped { self.refusal.clone() } else { self.silent.clone() };
        };
        let mut chain = Chain::new(self.export.names.unique(&self.name));
        let silent = self.file(index + 1, dropped);
        let refused = if dropped || self.silent == self.refusal { silent.clone() } else { self.file(index + 1, true) };
        let policy = self.export.policy;
        for ace in aces(policy, profile, self.list) {
            let verdict = if ace.accept { Target::Agree.verdict() } else { refused.verdict() };
            for matched in self.matches(ace, profile) {
                chain.rule(line(&[&matched, "counter", &verdict, &comment(&ace.rule)]));
            }
        }
        if chain.is_empty() {
            return silent;
        }
        if silent != Target::Agree {
            chain.rule(silent.verdict());
        }
        let target = Target::Chain(chain.name.clone());
        self.export.table.chain(chain);
        target
    }

    /// The matches of an ACE, each for a rule of its own; none where no packet of the list can match.
    fn matches(&mut self, ace: &Ace, profile: ProfileId) -> Vec<String> {
        let family = self.list.family;
        let speaks = match ace.family {
            Speaks::Ip | Speaks::Ethernet(None) => true,
            Speaks::Ipv4 | Speaks::Ethernet(Some(0x0800)) => family == Family::V4,
            Speaks::Ipv6 | Speaks::Ethernet(Some(0x86dd)) => family == Family::V6,
            Speaks::Ethernet(Some(_)) => false,
        };
        if !speaks {
            return Vec::new();
        }
        let mut any_of = vec![String::new()];
        let mut demand = |alternatives: &[String]| {
            let combined = any_of.iter().flat_map(|one| alternatives.iter().map(move |other| line(&[one, other])));
            any_of = combined.collect();
        };
        for net in &ace.own {
            let own = self.list.own().field();
            let within = Family::of(net.addr()) == family;
            demand(&if within { vec![format!("{} {own} {net}", family.header())] } else { Vec::new() });
        }
        for peer in &ace.peer {
            let other = self.list.own().other();
            demand(&self.export.peer(peer, (self.group, profile), other, family));
        }
        demand(&transport(&ace.transport, family));
        any_of
    }
}

/// The entries of a file that can match packets of a list, in order.
fn aces(policy: &crate::policy::model::Policy, id: ProfileId, list: List) -> impl Iterator<Item = &Ace> {
    let profile = &policy.profiles[id.0];
    let aces = if list.from_device { &profile.from_device } else { &profile.to_device };
    aces.iter().filter(move |ace| list.heeds(ace))
}

/// The matches of protocol, ports, ICMP type and code; none where the family has no such packets.
fn transport(wanted: &Transport, family: Family) -> Vec<String> {
    let Some(protocol) = wanted.protocol else {
        return vec![String::new()];
    };
    let icmp = match (protocol, family) {
        (1, Family::V6) | (58, Family::V4) => return Vec::new(),
        (1, Family::V4) => Some("icmp"),
        (58, Family::V6) => Some("icmpv6"),
        _ => None,
    };
    let mut parts = Vec::new();
    if let Some(icmp) = icmp {
        parts.extend(wanted.icmp_type.map(|kind| format!("{icmp} type {kind}")));
        parts.extend(wanted.icmp_code.map(|code| format!("{icmp} code {code}")));
    }
    for (field, ports) in [("sport", &wanted.source_ports), ("dport", &wanted.destination_ports)] {
        let ranges: Vec<String> = ports.iter().map(|ports| super::matches::range(*ports)).collect();
        if !ranges.is_empty() {
            parts.push(format!("th {field} {}", among(&ranges)));
        }
    }
    // Ports stand where they do only behind the protocols that have them.
    parts.insert(0, format!("meta l4proto {}", super::matches::protocol_name(protocol)));
    vec![parts.join(" ")]
}
