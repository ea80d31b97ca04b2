//! Lists of services with the named sets in them resolved.

use std::collections::HashMap;
use std::rc::Rc;

use super::model::Service;
use super::nearest::did_you_mean;
use super::raw::{Document, Named};
use super::report::Findings;
use super::service::{self, Spoken};
use super::source::{At, List};

/// Deeper nesting than this is refused.
pub(super) const DEEPEST: usize = 64;

/// The named sets of services.
pub(super) struct Sets<'d> {
    definitions: &'d [Named<List<String>>],
    by_name: HashMap<&'d str, usize>,
    resolved: Vec<State>,
    used: Vec<bool>,
    complete: bool,
}

#[derive(Clone)]
enum State {
    Unseen,
    Open,
    Done(Rc<[Service]>),
}

/// A list of services, resolved.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// Sorted, each once.
    pub(super) services: Vec<Service>,
    /// Where `mud` stands in the list.
    pub(super) mud: Option<super::source::Span>,
}

impl<'d> Sets<'d> {
    /// The sets of a document, all of them resolved, so that errors in unused ones are found too.
    pub(super) fn new(document: &'d Document, complete: bool, findings: &mut Findings) -> Sets<'d> {
        let definitions = &document.services;
        let by_name = definitions.iter().enumerate();
        let by_name = by_name.map(|(index, set)| (set.name.as_str(), index));
        let mut sets = Sets {
            definitions,
            by_name: by_name.collect(),
            resolved: vec![State::Unseen; definitions.len()],
            used: vec![false; definitions.len()],
            complete,
        };
        for index in 0..definitions.len() {
            sets.set(index, 0, findings);
        }
        sets.used.fill(false);
        sets
    }

    /// A list as a rule has it.
    pub(super) fn list(&mut self, list: &[At<String>], findings: &mut Findings) -> Resolved {
        let mut resolved = Resolved::default();
        for item in list {
            match self.item(item, 0, findings) {
                Some(Item::Services(services)) => resolved.services.extend_from_slice(&services),
                Some(Item::Mud) => resolved.mud = Some(item.span),
                None => (),
            }
        }
        resolved.services.sort();
        resolved.services.dedup();
        resolved
    }

    /// A list in which `mud` has no place.
    pub(super) fn without_mud(&mut self, list: &[At<String>], findings: &mut Findings) -> Vec<Service> {
        let resolved = self.list(list, findings);
        if let Some(span) = resolved.mud {
            findings
                .error(span, "`mud` stands only in the `allow` of a transition")
                .help("write services, such as `tcp/443` or `any`");
        }
        resolved.services
    }

    /// Every name, and the services that it stands for.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'d str, &[Service])> {
        self.definitions.iter().zip(&self.resolved).map(|(set, resolved)| match resolved {
            State::Done(services) => (set.name.as_str(), &services[..]),
            State::Unseen | State::Open => (set.name.as_str(), &[][..]),
        })
    }

    /// Names that no rule used, directly or through another name.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'d Named<List<String>>> {
        let with_use = self.definitions.iter().zip(self.used.clone());
        with_use.filter(|(_, used)| !used).map(|(set, _)| set)
    }

    fn item(&mut self, item: &At<String>, depth: usize, findings: &mut Findings) -> Option<Item> {
        match service::parse(&item.value) {
            Ok(Spoken::Service(service)) => Some(Item::Services(Rc::new([service]))),
            Ok(Spoken::Mud) => Some(Item::Mud),
            Ok(Spoken::Name) => {
                let index = self.index(item, findings)?;
                if matches!(self.resolved[index], State::Open) || depth > DEEPEST {
                    let message = format!("the service `{}` contains itself", item.value);
                    findings
                        .error(item.span, message)
                        .also(self.definitions[index].span, "defined here")
                        .help("take one of the names out of the circle");
                    return None;
                }
                Some(Item::Services(self.set(index, depth + 1, findings)))
            }
            Err(fault) => {
                findings.error(item.span, fault.message).help(fault.help);
                None
            }
        }
    }

    fn index(&mut self, item: &At<String>, findings: &mut Findings) -> Option<usize> {
        if let Some(index) = self.by_name.get(item.value.as_str()) {
            return Some(*index);
        }
        if self.complete {
            let known = self.by_name.keys().copied();
            let known = known.chain(service::WORDS.iter().copied());
            let help = did_you_mean(&item.value, known)
                .unwrap_or_else(|| "write `tcp/443`, or define the name in `[services]`".to_owned());
            findings.error(item.span, format!("`{}` is no service", item.value)).help(help);
        }
        None
    }

    fn set(&mut self, index: usize, depth: usize, findings: &mut Findings) -> Rc<[Service]> {
        self.mark(index);
        if let State::Done(services) = &self.resolved[index] {
            return Rc::clone(services);
        }
        self.resolved[index] = State::Open;
        let mut services = Vec::new();
        let definitions = self.definitions;
        for item in definitions[index].entry.iter() {
            match self.item(item, depth, findings) {
                Some(Item::Services(more)) => services.extend_from_slice(&more),
                Some(Item::Mud) => {
                    findings
                        .error(item.span, "`mud` stands only in the `allow` of a transition")
                        .help("write it there, beside the name of this service");
                }
                None => (),
            }
        }
        services.sort();
        services.dedup();
        let services: Rc<[Service]> = services.into();
        self.resolved[index] = State::Done(Rc::clone(&services));
        services
    }

    /// Marks a name and those that it names as used.
    fn mark(&mut self, index: usize) {
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut self.used[index], true) {
                continue;
            }
            let named = self.definitions[index].entry.iter();
            open.extend(named.filter_map(|item| self.by_name.get(item.value.as_str())));
        }
    }
}

enum Item {
    Services(Rc<[Service]>),
    Mud,
}
