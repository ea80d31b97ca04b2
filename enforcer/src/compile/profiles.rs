//! What profiles allow: a cell of lists for all devices that share everything that matters to them.

use std::collections::HashMap;
use std::net::IpAddr;

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::ladder::Ref;

use super::Error;
use super::aces::{About, areas};
use super::labels::{Answered, asking, asks, is_router};
use super::ladder::Ladders;
use super::lists::{Entry, Known, LISTS, List, Writer};
use super::numbers::Numbers;
use super::ranges::Ranges;
use crate::mud::profile::{Ace, PeerMatch};
use crate::policy::model::{Device, Policy, ProfileId};

/// What makes two devices share compiled lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Binding {
    /// Device label: which files.
    kind: u32,
    my_controllers: Vec<IpAddr>,
    listed: bool,
}

/// Numbers of the lists and labels that devices have.
#[derive(Debug)]
pub(super) struct Bindings {
    bindings: Vec<Binding>,
    known: HashMap<Binding, u32>,
    /// By device label: the profiles of such devices. Label 0 has none.
    kinds: Vec<Vec<ProfileId>>,
    labels: HashMap<Vec<ProfileId>, u32>,
    /// By profile: whether it asks for the controllers of the device.
    asking: Vec<bool>,
}

impl Bindings {
    /// Nobody bound yet.
    pub(super) fn new(policy: &Policy) -> Bindings {
        Bindings {
            bindings: Vec::new(),
            known: HashMap::new(),
            kinds: vec![Vec::new()],
            labels: HashMap::from([(Vec::new(), 0)]),
            asking: asking(policy),
        }
    }

    /// Device label and profile number of a device.
    pub(super) fn bind(&mut self, device: &Device) -> (u32, u32) {
        if device.profiles.is_empty() {
            return (0, 0);
        }
        let kind = self.kind(&device.profiles);
        let asks = asks(&self.asking, &device.profiles);
        let binding = Binding {
            kind,
            my_controllers: if asks { device.my_controllers.clone() } else { Vec::new() },
            listed: device.replies_listed,
        };
        if let Some(number) = self.known.get(&binding) {
            return (kind, *number);
        }
        self.bindings.push(binding.clone());
        let number = self.bindings.len() as u32;
        self.known.insert(binding, number);
        (kind, number)
    }

    fn kind(&mut self, profiles: &[ProfileId]) -> u32 {
        if let Some(kind) = self.labels.get(profiles) {
            return *kind;
        }
        let kind = self.kinds.len() as u32;
        self.kinds.push(profiles.to_vec());
        self.labels.insert(profiles.to_vec(), kind);
        kind
    }

    /// The cells of the profiles, the unused first one included.
    pub(super) fn cells(
        &self,
        policy: &Policy,
        numbers: &Numbers,
        answered: &Answered,
        ladders: &mut Ladders,
    ) -> Result<Vec<Cell>, Error> {
        let reader = Reader { policy, numbers, answered, kinds: &self.kinds };
        let entries: Vec<Vec<Vec<Entry>>> =
            (0..self.kinds.len()).map(|kind| LISTS.map(|list| reader.entries(kind, list)).into()).collect();
        let mut cells = vec![[Ref::NOTHING.0; WORDS]];
        let mut known = Known::new();
        // Lists that do not ask for the device's controllers are the same for all devices with the same files.
        let mut shared: HashMap<(u32, usize, bool), Ref> = HashMap::new();
        for binding in &self.bindings {
            let controllers = answered.peers(policy, &PeerMatch::MyController, &binding.my_controllers);
            let mut cell = [Ref::NOTHING.0; WORDS];
            for (list, entries) in LISTS.into_iter().zip(&entries[binding.kind as usize]) {
                let writer =
                    Writer { list, kind: binding.kind, listed: binding.listed, controllers: &controllers, entries };
                let key = (binding.kind, list.slot, binding.listed);
                let reference = match shared.get(&key) {
                    Some(reference) => *reference,
                    None => writer.write(ladders, &mut known)?,
                };
                if !entries.iter().any(|entry| entry.mine) {
                    shared.insert(key, reference);
                }
                cell[list.slot] = reference.0;
            }
            cells.push(cell);
        }
        Ok(cells)
    }
}

/// Reads the ACEs of profiles as the entries of a list.
struct Reader<'a> {
    policy: &'a Policy,
    numbers: &'a Numbers,
    answered: &'a Answered,
    kinds: &'a [Vec<ProfileId>],
}

impl Reader<'_> {
    /// The ACEs of all files of a kind of device that can match packets of a list, in order.
    fn entries(&self, kind: usize, list: List) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (file, id) in self.kinds[kind].iter().enumerate() {
            let profile = &self.policy.profiles[id.0];
            let aces = if list.from_device { &profile.from_device } else { &profile.to_device };
            for ace in aces.iter().filter(|ace| list.heeds(ace)) {
                let areas = areas(ace, list.about);
                if areas.is_empty() {
                    continue;
                }
                entries.push(Entry {
                    file,
                    accept: ace.accept,
                    rule: self.numbers.ace(ace),
                    areas,
                    device: self.devices(ace, *id),
                    peer: self.peers(ace, list.about),
                    mine: ace.peer.contains(&PeerMatch::MyController),
                    own: self.own(ace, list.about),
                });
            }
        }
        entries
    }

    /// The labels of devices that meet an ACE's demands on the other end's device; none where it makes none.
    fn devices(&self, ace: &Ace, of: ProfileId) -> Option<Ranges> {
        let mine = &self.policy.profiles[of.0];
        let labels = |peer: &PeerMatch| {
            let mut labels = Ranges::default();
            for (label, files) in (0..).zip(self.kinds) {
                let mut theirs = files.iter().map(|id| &self.policy.profiles[id.0]);
                let meets = match peer {
                    PeerMatch::SameManufacturer => theirs.any(|profile| profile.authority == mine.authority),
                    PeerMatch::Manufacturer(authority) => theirs.any(|profile| profile.authority == *authority),
                    PeerMatch::Model(url) => theirs.any(|profile| profile.url == *url),
                    PeerMatch::Network(_)
                    | PeerMatch::Name(_)
                    | PeerMatch::LocalNetworks
                    | PeerMatch::Controller(_)
                    | PeerMatch::MyController => true,
                };
                if meets {
                    labels.push(label);
                }
            }
            labels
        };
        all(ace.peer.iter().filter(|peer| is_of_device(peer)).map(labels))
    }

    /// The labels of addresses that meet an ACE's demands on the other end's address, `my-controller` left out.
    fn peers(&self, ace: &Ace, about: About) -> Option<Ranges> {
        let demanded = |peer: &&PeerMatch| match peer {
            // Frames without IP do not leave the network that they are in.
            PeerMatch::LocalNetworks => about != About::Ether,
            PeerMatch::MyController => about == About::Ether,
            PeerMatch::Network(_) | PeerMatch::Name(_) | PeerMatch::Controller(_) => true,
            PeerMatch::SameManufacturer | PeerMatch::Manufacturer(_) | PeerMatch::Model(_) => false,
        };
        let peers = ace.peer.iter().filter(demanded);
        all(peers.map(|peer| match about {
            // They have no address either, and are at most for the router.
            About::Ether if !is_router(self.policy, peer) => Ranges::default(),
            About::Ether | About::Ipv4 | About::Ipv6 => self.answered.peers(self.policy, peer, &[]),
        }))
    }

    /// The labels of addresses that meet an ACE's demands on the device's own address.
    fn own(&self, ace: &Ace, about: About) -> Option<Ranges> {
        all(ace.own.iter().map(|net| match about {
            About::Ether => Ranges::default(),
            About::Ipv4 | About::Ipv6 => self.answered.within(*net),
        }))
    }
}

/// What is in all of the sets; none where there are none.
fn all(sets: impl Iterator<Item = Ranges>) -> Option<Ranges> {
    sets.reduce(|all, set| all.intersection(&set))
}

/// True for matches on what device the other end is.
fn is_of_device(peer: &PeerMatch) -> bool {
    matches!(peer, PeerMatch::SameManufacturer | PeerMatch::Manufacturer(_) | PeerMatch::Model(_))
}
