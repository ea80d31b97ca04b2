//! An explanation as text for people.

use std::fmt;

use super::change::Change;
use super::edit::{Edit, How};
use super::explanation::Explanation;
use super::lay::mac_text;
use super::service;
use super::steps::{Decided, Row, place};
use crate::judge::{Carries, Seen};

const WIDTH: usize = 15;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.seen {
            Some(seen) => writeln!(f, "{}: {}", self.title, shown(seen))?,
            None => writeln!(f, "{}", self.title)?,
        }
        for note in &self.notes {
            writeln!(f, "  {note}")?;
        }
        writeln!(f)?;
        for row in &self.steps {
            step(f, row)?;
        }
        writeln!(f)?;
        write!(f, "{} {}", self.answer.verdict.label(), self.answer.reason.label())?;
        if let Some(rule) = &self.answer.rule {
            write!(f, ", by `{}`", rule.name)?;
            if let Some(place) = place(rule) {
                write!(f, " ({place})")?;
            }
        }
        writeln!(f)?;
        for (number, change) in self.changes.iter().enumerate() {
            let lead = if number == 0 { "The smallest change that lets it pass" } else { "Or" };
            writeln!(f, "\n{lead}:")?;
            told(f, change)?;
        }
        if let Some(none) = &self.no_change {
            writeln!(f, "\n{}", none.0)?;
        }
        Ok(())
    }
}

fn step(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let mark = match row.decided {
        Decided::Refuses => ">",
        Decided::Audited => "~",
        Decided::Agrees | Decided::NotAsked => " ",
    };
    let line = format!("{mark} {:<WIDTH$}  {:<9}  {}", row.step, row.decided.label(), row.why);
    write!(f, "{}", line.trim_end())?;
    if let Some(at) = &row.at {
        write!(f, "  ({at})")?;
    }
    writeln!(f)
}

fn told(f: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    for note in &change.notes {
        writeln!(f, "  ({note})")?;
    }
    for Edit { file, how, text } in &change.edits {
        match how {
            How::Append => writeln!(f, "\n  at the end of {file}:\n")?,
            How::Create => writeln!(f, "\n  a new file {file}:\n")?,
            How::Replace { line, old } if old.is_empty() => writeln!(f, "\n  in {file}, before line {line}:\n")?,
            How::Replace { line, old } => {
                writeln!(f, "\n  in {file}, line {line}, in the place of\n\n{}\n\n  write\n", old.trim_end())?;
            }
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}

/// A packet in one line.
fn shown(seen: &Seen) -> String {
    let ends = match (seen.source, seen.destination, seen.macs) {
        (Some(source), Some(destination), _) => format!("{source} > {destination}"),
        (_, _, Some((source, destination))) => format!("{} > {}", mac_text(source), mac_text(destination)),
        (_, _, None) => String::new(),
    };
    match seen.carries {
        _ if seen.later_fragment => format!("{ends}, a later fragment"),
        Carries::Ports { source, .. } => format!("{ends} {}, from port {source}", spoken(&seen.carries)),
        Carries::Icmp { .. } | Carries::Protocol(_) | Carries::Ether(..) | Carries::Llc => {
            format!("{ends} {}", spoken(&seen.carries))
        }
    }
}

/// What is spoken, where no policy could write it too.
pub(super) fn spoken(carries: &Carries) -> String {
    service::written(carries).unwrap_or_else(|| match carries {
        Carries::Ports { protocol, destination, .. } => format!("protocol {protocol}, port {destination}"),
        Carries::Protocol(protocol) => format!("protocol {protocol}"),
        Carries::Icmp { kind, code, .. } => format!("type {kind}, code {code}"),
        Carries::Ether(ethertype, _) => format!("EtherType {ethertype:#06x}"),
        Carries::Llc => "802.3".to_owned(),
    })
}
