//! The ends of rules: names of zones, devices and groups to a [`Side`].

use std::rc::Rc;

use super::model::Side;
use super::names::{Entity, Names};
use super::raw::{Document, Named};
use super::report::Findings;
use super::sets::DEEPEST;
use super::source::{At, List};

/// Which end a list of names stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

/// Resolves sides, each group once.
pub(super) struct Sides<'d> {
    names: &'d Names<'d>,
    groups: &'d [Named<List<String>>],
    expanded: Vec<State>,
    used: Vec<bool>,
}

#[derive(Clone)]
enum State {
    Unseen,
    Open,
    Done(Rc<Side>),
}

impl<'d> Sides<'d> {
    /// A resolver whose groups are all expanded, so that errors in unused ones are found too.
    pub(super) fn new(document: &'d Document, names: &'d Names<'d>, findings: &mut Findings) -> Sides<'d> {
        let count = document.groups.len();
        let mut sides =
            Sides { names, groups: &document.groups, expanded: vec![State::Unseen; count], used: vec![false; count] };
        for index in 0..count {
            sides.group(index, 0, findings);
        }
        sides
    }

    /// One end of a rule.
    pub(super) fn side(&mut self, list: &[At<String>], end: End, findings: &mut Findings) -> Side {
        let mut side = Side::default();
        for name in list {
            match (name.value.as_str(), end) {
                ("*", _) => side.star = true,
                ("same", End::To) => side.same = true,
                ("same", End::From) => {
                    findings
                        .error(name.span, "`same` stands only on the `to` side")
                        .help("write the zones in `from` and `same` in `to`");
                }
                _ => self.member(name, 0, &mut side, findings),
            }
        }
        sorted(side)
    }

    /// Groups that no rule used, directly or through another group.
    pub(super) fn unused(mut self) -> Vec<&'d Named<List<String>>> {
        // A group that a used one holds is used.
        let mut open: Vec<usize> = (0..self.used.len()).filter(|i| self.used[*i]).collect();
        while let Some(index) = open.pop() {
            for name in self.groups[index].entry.iter() {
                if let Some(Entity::Group(inner)) = self.names.find(name, &mut Findings::default())
                    && !std::mem::replace(&mut self.used[inner], true)
                {
                    open.push(inner);
                }
            }
        }
        let with_use = self.groups.iter().zip(&self.used);
        let unused = with_use.filter(|(_, used)| !**used);
        unused.map(|(group, _)| group).collect()
    }

    fn member(&mut self, name: &At<String>, depth: usize, side: &mut Side, findings: &mut Findings) {
        match self.names.find(name, findings) {
            Some(Entity::Zone(zone)) => side.zones.push(zone),
            Some(Entity::Device(device)) => side.devices.push(device),
            Some(Entity::Group(index)) => {
                if matches!(self.expanded[index], State::Open) || depth > DEEPEST {
                    findings
                        .error(name.span, format!("the group `{}` contains itself", name.value))
                        .also(self.groups[index].span, "defined here")
                        .help("take one of the groups out of the circle");
                    return;
                }
                if depth == 0 {
                    self.used[index] = true;
                }
                let members = self.group(index, depth + 1, findings);
                side.zones.extend_from_slice(&members.zones);
                side.devices.extend_from_slice(&members.devices);
            }
            None => (),
        }
    }

    fn group(&mut self, index: usize, depth: usize, findings: &mut Findings) -> Rc<Side> {
        if let State::Done(side) = &self.expanded[index] {
            return Rc::clone(side);
        }
        self.expanded[index] = State::Open;
        let mut side = Side::default();
        let groups = self.groups;
        for name in groups[index].entry.iter() {
            if matches!(name.value.as_str(), "*" | "same" | "mud" | "any") {
                findings
                    .error(name.span, format!("`{}` cannot be in a group", name.value))
                    .help("groups hold zones, devices and other groups");
                continue;
            }
            self.member(name, depth.max(1), &mut side, findings);
        }
        let side = Rc::new(sorted(side));
        self.expanded[index] = State::Done(Rc::clone(&side));
        side
    }
}

fn sorted(mut side: Side) -> Side {
    side.zones.sort();
    side.zones.dedup();
    side.devices.sort();
    side.devices.dedup();
    side
}
