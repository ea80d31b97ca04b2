//! Labels: what MUD lists can tell of an address, as a number for each distinct set of answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::Ranges;
use crate::mud::profile::PeerMatch;
use crate::policy::model::{Policy, ProfileId};

/// A question about an address that some MUD list asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Question {
    /// Is it of the local networks?
    Local,
    /// Is it the router's?
    Router,
    /// Is it in this network?
    Network(IpNet),
    /// Is it this address?
    Host(IpAddr),
}

/// The controller classes that are the router where the policy sets no addresses (RFC 8520, 8.8 and section 16.7).
const ROUTER_CLASSES: [&str; 2] = ["urn:ietf:params:mud:dns", "urn:ietf:params:mud:ntp"];

/// The questions that the profiles of a policy ask, and the labels given so far.
#[derive(Debug)]
pub(super) struct Labels {
    questions: BTreeMap<Question, u32>,
    numbers: HashMap<Vec<u32>, u32>,
    /// By label: the questions that are answered with yes, ascending.
    answers: Vec<Vec<u32>>,
}

impl Labels {
    /// Collects the questions. Label 0 answers all of them with no.
    pub(super) fn of(policy: &Policy) -> Labels {
        let mut asked = BTreeSet::from([Question::Local, Question::Router]);
        for profile in &policy.profiles {
            for ace in profile.from_device.iter().chain(&profile.to_device) {
                asked.extend(ace.own.iter().map(|net| network(*net)));
                for peer in &ace.peer {
                    asked.extend(questions(policy, peer, &[]));
                }
            }
        }
        let asking = asking(policy);
        for device in policy.devices.iter().filter(|device| asks(&asking, &device.profiles)) {
            asked.extend(device.my_controllers.iter().map(|address| Question::Host(*address)));
        }
        let numbered = asked.into_iter().zip(0..);
        Labels { questions: numbered.collect(), numbers: HashMap::from([(Vec::new(), 0)]), answers: vec![Vec::new()] }
    }

    /// Networks that are asked about.
    pub(super) fn networks(&self) -> impl Iterator<Item = IpNet> {
        self.questions.keys().filter_map(|question| match question {
            Question::Network(net) => Some(*net),
            Question::Local | Question::Router | Question::Host(_) => None,
        })
    }

    /// Single addresses that are asked about.
    pub(super) fn hosts(&self) -> impl Iterator<Item = IpAddr> {
        self.questions.keys().filter_map(|question| match question {
            Question::Host(address) => Some(*address),
            Question::Local | Question::Router | Question::Network(_) => None,
        })
    }

    /// Number of a question, if anybody asks it.
    pub(super) fn question(&self, question: &Question) -> Option<u32> {
        self.questions.get(question).copied()
    }

    /// The label of all addresses with just these answers.
    pub(super) fn label(&mut self, mut yes: Vec<u32>) -> u32 {
        yes.sort_unstable();
        yes.dedup();
        if let Some(known) = self.numbers.get(&yes) {
            return *known;
        }
        let label = self.answers.len() as u32;
        self.answers.push(yes.clone());
        self.numbers.insert(yes, label);
        label
    }

    /// Turns answers by label into labels by question. No label is given after that.
    pub(super) fn answered(self) -> Answered {
        let mut labels = vec![Ranges::default(); self.questions.len()];
        for (label, yes) in (0..).zip(&self.answers) {
            for question in yes {
                labels[*question as usize].push(label);
            }
        }
        Answered { questions: self.questions, labels }
    }
}

/// Which labels answer a question with yes.
#[derive(Debug)]
pub(super) struct Answered {
    questions: BTreeMap<Question, u32>,
    labels: Vec<Ranges>,
}

impl Answered {
    /// The labels of addresses for which a match on the other end's address holds. Matches on its device are none of these.
    pub(super) fn peers(&self, policy: &Policy, peer: &PeerMatch, my_controllers: &[IpAddr]) -> Ranges {
        self.any(&questions(policy, peer, my_controllers))
    }

    /// The labels of addresses in a network.
    pub(super) fn within(&self, net: IpNet) -> Ranges {
        self.any(&[network(net)])
    }

    fn any(&self, questions: &[Question]) -> Ranges {
        let numbers = questions.iter().filter_map(|question| self.questions.get(question));
        Ranges::union(numbers.map(|number| &self.labels[*number as usize]))
    }
}

/// A network as a question; a single address is a host.
fn network(net: IpNet) -> Question {
    if net.prefix_len() == net.max_prefix_len() { Question::Host(net.addr()) } else { Question::Network(net) }
}

/// True for a match on the router, in its role for devices that name no other.
pub(super) fn is_router(policy: &Policy, peer: &PeerMatch) -> bool {
    questions(policy, peer, &[]) == [Question::Router]
}

/// The questions of which one must be answered with yes for a match on the other end's address to hold.
fn questions(policy: &Policy, peer: &PeerMatch, my_controllers: &[IpAddr]) -> Vec<Question> {
    let hosts = |addresses: &[IpAddr]| addresses.iter().map(|address| Question::Host(*address)).collect();
    match peer {
        PeerMatch::Network(net) => vec![network(*net)],
        PeerMatch::Name(name) => policy.names.get(name).map_or_else(Vec::new, |addresses| hosts(addresses)),
        PeerMatch::LocalNetworks => vec![Question::Local],
        PeerMatch::Controller(uri) => match policy.controllers.get(uri) {
            Some(addresses) => hosts(addresses),
            None if ROUTER_CLASSES.contains(&uri.as_str()) => vec![Question::Router],
            None => Vec::new(),
        },
        PeerMatch::MyController => hosts(my_controllers),
        PeerMatch::SameManufacturer | PeerMatch::Manufacturer(_) | PeerMatch::Model(_) => Vec::new(),
    }
}

/// By profile: whether some entry of it is about the controllers of the device itself.
pub(crate) fn asking(policy: &Policy) -> Vec<bool> {
    let profiles = policy.profiles.iter();
    profiles
        .map(|profile| {
            let mut aces = profile.from_device.iter().chain(&profile.to_device);
            aces.any(|ace| ace.peer.contains(&PeerMatch::MyController))
        })
        .collect()
}

/// Whether a device with these profiles needs its own controllers, where `asking` says which profiles ask for them.
pub(crate) fn asks(asking: &[bool], profiles: &[ProfileId]) -> bool {
    profiles.iter().any(|profile| asking[profile.0])
}
