//! An explanation as JSON: the keys of a line of `replay`, and what goes beyond it.

use serde_json::{Value, json};

use super::answer::Entry;
use super::change::Change;
use super::edit::{Edit, How};
use super::explanation::Explanation;
use super::lay::mac_text;
use super::steps::{Row, place};
use super::text::spoken;
use crate::judge::{Carries, Seen};

impl Explanation {
    /// One object. Names that do not apply are null.
    pub fn json(&self) -> Value {
        let answer = &self.answer;
        json!({
            "frame": self.frame,
            "asked": self.title,
            "notes": self.notes,
            "packet": self.seen.as_ref().map(packet),
            "port": answer.port,
            "from": answer.from,
            "to": answer.to,
            "device": answer.device,
            "peer": answer.peer,
            "verdict": answer.verdict.label(),
            "reason": answer.reason.label(),
            "layer": answer.layer,
            "rule": answer.rule.as_ref().map(|rule: &Entry| &rule.name),
            "at": answer.rule.as_ref().and_then(place),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "changes": self.changes.iter().map(change).collect::<Vec<_>>(),
            "no_change": self.no_change.as_ref().map(|none| &none.0),
        })
    }
}

fn packet(seen: &Seen) -> Value {
    let ports = match seen.carries {
        Carries::Ports { source, destination, .. } => Some((source, destination)),
        Carries::Icmp { .. } | Carries::Protocol(_) | Carries::Ether(..) | Carries::Llc => None,
    };
    json!({
        "source_mac": seen.macs.map(|(source, _)| mac_text(source)),
        "destination_mac": seen.macs.map(|(_, destination)| mac_text(destination)),
        "source": seen.source,
        "destination": seen.destination,
        "source_port": ports.map(|(source, _)| source),
        "destination_port": ports.map(|(_, destination)| destination),
        "service": spoken(&seen.carries),
    })
}

fn step(row: &Row) -> Value {
    json!({
        "step": row.step,
        "decided": row.decided.label(),
        "why": row.why,
        "rule": row.rule,
        "at": row.at,
    })
}

fn change(change: &Change) -> Value {
    json!({ "notes": change.notes, "edits": change.edits.iter().map(edit).collect::<Vec<_>>() })
}

fn edit(edit: &Edit) -> Value {
    let (how, line, old) = match &edit.how {
        How::Append => ("append", None, None),
        How::Create => ("create", None, None),
        How::Replace { line, old } => ("replace", Some(line), Some(old)),
    };
    json!({ "file": edit.file, "how": how, "line": line, "old": old, "text": edit.text })
}
