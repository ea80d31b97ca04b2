//! The same policy as nftables rules, as far as they can say it: model to text, for `nft -f`.
//!
//! Every packet goes through chains that stand for the steps of a judgement: source, connection, guardrails and transitions,
//! MUD of the sender, MUD of the receiver. A chain that agrees returns, one that does not drops; so no step can widen another.
//! What nftables cannot say is dropped, and told of at the top of the output.
//!
//! | file | what it writes |
//! | --- | --- |
//! | `forward`, `ingress` | the chains of the kernel's hooks, one form each |
//! | `source`, `neighbours` | whether address, MAC and port belong together, also in ARP and neighbour discovery |
//! | `essentials` | what needs no transition |
//! | `senders`, `receivers`, `pairs` | guardrails and transitions: by sender, by receiver, by both |
//! | `mud`, `answers`, `peers` | the lists of profiles |
//! | `learnt` | addresses of devices that are known by their MAC |

mod answers;
mod entrances;
mod essentials;
mod forward;
mod ingress;
mod learnt;
mod matches;
mod mud;
mod neighbours;
mod notes;
mod pairs;
mod peers;
mod reasons;
mod receivers;
mod senders;
mod source;
mod space;
#[cfg(test)]
mod tests;
mod text;
mod who;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use self::entrances::Entrance;
use self::notes::Notes;
use self::pairs::Content;
use self::reasons::Target;
use self::source::Bindings;
use self::space::Space;
use self::text::{Identifiers, Table};
use self::who::{Population, Subject};
use crate::policy::facts::{Facts, Live};
use crate::policy::model::Policy;

/// Where the rules stand in the kernel's way of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Behind routing, with connection tracking: a whole firewall.
    Forward,
    /// At the entrance of each interface, packet by packet without connections.
    Ingress,
}

/// The rules of a policy, for `nft -f`. `live` tells how the interfaces of VLANs and bridges are called.
pub fn nft(policy: &Policy, facts: &Facts, live: Option<&Live>, hook: Hook) -> String {
    let mut export = Export::new(policy, facts, live, hook);
    let tables = match hook {
        Hook::Forward => export.forward(),
        Hook::Ingress => export.ingress(),
    };
    let mut text = export.notes.heading(policy, hook);
    for table in tables {
        text.push('\n');
        text.push_str(&table.to_string());
    }
    text
}

/// What the steps of writing have in common.
struct Export<'a> {
    policy: &'a Policy,
    hook: Hook,
    space: Space,
    population: Population,
    entrances: Vec<Entrance>,
    /// The top-level mode is audit: nothing is dropped.
    audit_all: bool,
    /// The table that is being written.
    table: Table,
    names: Identifiers,
    notes: Notes,
    /// Chains for reasons that are there.
    reasons: HashSet<String>,
    /// Chains that are there, by what they stand for.
    pairs: HashMap<Content, Target>,
    receivers: HashMap<Subject, Target>,
    softened: HashMap<Target, Target>,
    /// Named sets of addresses and MACs, by what is in them.
    sets: BTreeMap<(&'static str, Vec<String>), String>,
    bindings: Option<Rc<Bindings>>,
}

impl<'a> Export<'a> {
    fn new(policy: &'a Policy, facts: &Facts, live: Option<&Live>, hook: Hook) -> Export<'a> {
        let mut notes = Notes::default();
        let entrances = entrances::all(policy, live, hook, &mut notes);
        Export {
            policy,
            hook,
            space: Space::new(policy, facts),
            population: Population::new(policy),
            entrances,
            audit_all: policy.zones[policy.router_zone.0].audit,
            table: Table::new(match hook {
                Hook::Forward => "inet enforcer",
                Hook::Ingress => "netdev enforcer",
            }),
            names: Identifiers::default(),
            notes,
            reasons: HashSet::new(),
            pairs: HashMap::new(),
            receivers: HashMap::new(),
            softened: HashMap::new(),
            sets: BTreeMap::new(),
            bindings: None,
        }
    }

    /// Writes another table: what stands in the one at hand is not there.
    fn aside(&mut self, name: &str, write: impl FnOnce(&mut Self)) -> Table {
        let table = std::mem::replace(&mut self.table, Table::new(name));
        let names = std::mem::take(&mut self.names);
        let reasons = std::mem::take(&mut self.reasons);
        let sets = std::mem::take(&mut self.sets);
        let bindings = self.bindings.take();
        write(self);
        self.names = names;
        self.reasons = reasons;
        self.sets = sets;
        self.bindings = bindings;
        std::mem::replace(&mut self.table, table)
    }

    /// A set of these elements, the same for all who ask for the same; how rules call it.
    fn shared_set(
        &mut self,
        wanted: &str,
        of: &'static str,
        properties: &[&'static str],
        elements: Vec<String>,
    ) -> String {
        let key = (of, elements);
        if let Some(known) = self.sets.get(&key) {
            return known.clone();
        }
        let name = self.names.unique(wanted);
        let reference = self.table.set(name, of, properties, key.1.clone());
        self.sets.insert(key, reference.clone());
        reference
    }

    /// What a family's packets are known by where no address is asked for.
    fn is_family(&self, family: space::Family) -> String {
        match self.hook {
            Hook::Forward => format!("meta nfproto ipv{}", family.digit()),
            Hook::Ingress => format!("meta protocol {}", family.header()),
        }
    }
}

/// The parts of a rule that are there, in one line.
fn line(parts: &[&str]) -> String {
    let there: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    there.join(" ")
}
