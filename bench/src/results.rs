//! What was measured.

use serde::{Deserialize, Serialize};

use crate::stats::Summary;

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The group that measured it.
    pub group: String,
    /// What was done.
    pub case: String,
    /// Who did it.
    pub contender: String,
    /// Endpoints (and conversations), where their number matters.
    pub keys: Option<u64>,
    /// Rules of the policy, where their number matters.
    pub rules: Option<u64>,
    /// The median.
    pub value: f64,
    /// Unit of value and spread.
    pub unit: String,
    /// The quartiles; none where it was counted and not timed.
    pub spread: Option<[f64; 2]>,
}

/// Which figure is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id<'a> {
    /// See [`Measured::group`].
    pub group: &'a str,
    /// See [`Measured::case`].
    pub case: &'a str,
    /// See [`Measured::contender`].
    pub contender: &'a str,
    /// See [`Measured::keys`].
    pub keys: Option<u64>,
    /// See [`Measured::rules`].
    pub rules: Option<u64>,
}

impl Measured {
    /// A figure that was timed.
    pub fn timed(id: Id<'_>, summary: Summary, unit: &str) -> Measured {
        let spread = Some([summary.low, summary.high]);
        Measured { spread, ..Measured::counted(id, summary.median, unit) }
    }

    /// A figure that was counted: it has no spread.
    pub fn counted(id: Id<'_>, value: f64, unit: &str) -> Measured {
        Measured {
            group: id.group.to_owned(),
            case: id.case.to_owned(),
            contender: id.contender.to_owned(),
            keys: id.keys,
            rules: id.rules,
            value,
            unit: unit.to_owned(),
            spread: None,
        }
    }

    /// True for the figure that is meant.
    pub fn is(&self, id: &Id<'_>) -> bool {
        self.group == id.group
            && self.case == id.case
            && self.contender == id.contender
            && self.keys == id.keys
            && self.rules == id.rules
    }
}

/// All figures of a run, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results(Vec<Measured>);

impl Results {
    /// Adds a figure.
    pub fn add(&mut self, measured: Measured) {
        self.0.push(measured);
    }

    /// The figure that is meant, if it was measured.
    pub fn value(&self, id: &Id<'_>) -> Option<f64> {
        self.0.iter().find(|measured| measured.is(id)).map(|measured| measured.value)
    }

    /// All figures.
    pub fn iter(&self) -> impl Iterator<Item = &Measured> {
        self.0.iter()
    }

    /// The figures of one group.
    pub fn of(&self, group: &str) -> impl Iterator<Item = &Measured> {
        self.0.iter().filter(move |measured| measured.group == group)
    }
}

impl Extend<Measured> for Results {
    fn extend<T: IntoIterator<Item = Measured>>(&mut self, figures: T) {
        self.0.extend(figures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_all_of_its_name() {
        let id = Id { group: "packet", case: "parse", contender: "parser", keys: Some(1000), rules: None };
        let mut results = Results::default();
        results.add(Measured::counted(id, 7.0, "ns"));
        assert_eq!(results.value(&id), Some(7.0));
        for other in [
            Id { group: "control", ..id },
            Id { case: "lookup", ..id },
            Id { contender: "hash", ..id },
            Id { keys: None, ..id },
            Id { rules: Some(10), ..id },
        ] {
            assert_eq!(results.value(&other), None);
        }
    }
}
