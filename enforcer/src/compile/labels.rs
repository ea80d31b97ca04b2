//! Labels: what MUD lists can tell of an address, as a number for each distinct set of answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::mud::profile::{Ace, PeerMatch};
use crate::policy::model::Policy;

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
                asked.extend(ace.own.iter().map(|net| Labels::network(*net)));
                for peer in &ace.peer {
                    asked.extend(Labels::questions_of(policy, peer, &[]));
                }
            }
        }
        for device in &policy.devices {
            asked.extend(device.my_controllers.iter().map(|address| Question::Host(*address)));
        }
        let questions = asked.into_iter().enumerate().map(|(i, question)| (question, i as u32)).collect();
        Labels { questions, numbers: HashMap::from([(Vec::new(), 0)]), answers: vec![Vec::new()] }
    }

    /// A network as a question; a single address is a host.
    fn network(net: IpNet) -> Question {
        if net.prefix_len() == net.max_prefix_len() { Question::Host(net.addr()) } else { Question::Network(net) }
    }

    /// The questions of which one must be answered with yes for a match on the other end's address to hold. Matches on its
    /// device are not among them.
    fn questions_of(policy: &Policy, peer: &PeerMatch, my_controllers: &[IpAddr]) -> Vec<Question> {
        let hosts = |addresses: &[IpAddr]| addresses.iter().map(|address| Question::Host(*address)).collect();
        match peer {
            PeerMatch::Network(net) => vec![Labels::network(*net)],
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

    /// Number of labels.
    pub(super) fn count(&self) -> u32 {
        self.answers.len() as u32
    }

    /// For each match on the other end's address of an ACE: the questions of which one must be answered with yes.
    pub(super) fn demands(&self, policy: &Policy, ace: &Ace, my_controllers: &[IpAddr]) -> Vec<Vec<u32>> {
        ace.peer
            .iter()
            .filter(|peer| !is_of_device(peer))
            .map(|peer| self.ask(Labels::questions_of(policy, peer, my_controllers)))
            .collect()
    }

    /// The same for the device's own address: one demand at most.
    pub(super) fn own_demands(&self, ace: &Ace) -> Vec<Vec<u32>> {
        ace.own.iter().map(|net| self.ask(vec![Labels::network(*net)])).collect()
    }

    fn ask(&self, questions: Vec<Question>) -> Vec<u32> {
        questions.iter().filter_map(|question| self.question(question)).collect()
    }

    /// True where the label meets every demand.
    pub(super) fn meets(&self, label: u32, demands: &[Vec<u32>]) -> bool {
        let yes = &self.answers[label as usize];
        demands.iter().all(|any| any.iter().any(|question| yes.binary_search(question).is_ok()))
    }
}

/// True for matches on what device the other end is.
pub(super) fn is_of_device(peer: &PeerMatch) -> bool {
    matches!(peer, PeerMatch::SameManufacturer | PeerMatch::Manufacturer(_) | PeerMatch::Model(_))
}
