//! Groups, transitions, guardrails and management.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Draft, services};
use crate::verify::dice::Dice;

/// Names of rules: their order decides which one is told.
const NAMES: [&str; 12] =
    ["alpha", "bravo", "Charlie", "delta", "echo", "fox trot", "golf", "hotel", "india", "juliett", "kilo", "lima"];

/// A few groups, of zones, devices and groups before them.
pub(super) fn groups(draft: &mut Draft, dice: &mut Dice) {
    for name in dice.some(&["all", "plant", "users"], 0, 2) {
        let mut members = draft.subjects();
        members.retain(|member| member != "router");
        let members = dice.some(&members, 1, 3);
        draft.groups.insert(name.to_owned(), members);
    }
}

fn side(draft: &Draft, star: u32, same: u32, dice: &mut Dice) -> Value {
    if dice.percent(star) {
        return json!(["*"]);
    }
    let mut names = dice.some(&draft.subjects(), 1, 3);
    if dice.percent(same) {
        names.push("same".to_owned());
    }
    if names.len() == 1 && dice.percent(50) {
        return json!(names[0]);
    }
    json!(names)
}

/// `[[transitions]]`.
pub(super) fn transitions(draft: &Draft, dice: &mut Dice) -> Value {
    let count = dice.weighted(&[(1, 1), (2, 2), (3, 4), (3, 6), (2, 9)]);
    let names = dice.some(&NAMES, count, count);
    unnamed(names.into_iter().map(|name| transition(draft, name, dice)).collect(), dice)
}

/// Takes the names of some rules away: they are then called by their sides, which no two of them may share.
fn unnamed(mut rules: Vec<Value>, dice: &mut Dice) -> Value {
    let mut called = BTreeSet::new();
    for rule in &mut rules {
        let sides = format!("{}>{}", words(&rule["from"]), words(&rule["to"]));
        if let Some(entry) = rule.as_object_mut()
            && dice.percent(25)
            && called.insert(sides)
        {
            entry.remove("name");
        }
    }
    rules.into()
}

fn words(side: &Value) -> String {
    let list = side.as_array().map_or_else(|| vec![side], |list| list.iter().collect());
    let mut words: Vec<&str> = list.into_iter().filter_map(Value::as_str).collect();
    words.sort_unstable();
    words.join("+")
}

fn transition(draft: &Draft, name: &str, dice: &mut Dice) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(name));
    entry.insert("from".into(), side(draft, 15, 0, dice));
    let to = if dice.percent(12) { json!("same") } else { side(draft, 15, 10, dice) };
    entry.insert("to".into(), to);
    let mut allow = services::list(&draft.sets, 1, 4, dice);
    if dice.percent(35) {
        allow.push("mud".to_owned());
        if dice.percent(50) {
            allow = vec!["mud".to_owned()];
        }
    }
    entry.insert("allow".into(), json!(allow));
    if dice.percent(40) {
        let mut deny = services::list(&draft.sets, 1, 3, dice);
        // What takes everything out again is an error.
        deny.retain(|service| service != "any");
        if !deny.is_empty() {
            entry.insert("deny".into(), json!(deny));
        }
    }
    if dice.percent(15) {
        entry.insert("log".into(), json!(true));
    }
    if dice.percent(20) {
        entry.insert("mode".into(), json!("audit"));
    }
    Value::Object(entry)
}

/// `[[guardrails]]`.
pub(super) fn guardrails(draft: &Draft, dice: &mut Dice) -> Value {
    let count = dice.weighted(&[(3, 0), (3, 1), (3, 2), (2, 4)]);
    let names = dice.some(&NAMES, count, count);
    unnamed(names.into_iter().map(|name| guardrail(draft, name, dice)).collect(), dice)
}

fn guardrail(draft: &Draft, name: &str, dice: &mut Dice) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(name));
    entry.insert("from".into(), side(draft, 20, 0, dice));
    entry.insert("to".into(), side(draft, 20, 10, dice));
    entry.insert("deny".into(), json!(services::list(&draft.sets, 1, 2, dice)));
    let mut except = Vec::new();
    for _ in 0..dice.weighted(&[(4, 0), (3, 1), (2, 2)]) {
        let mut exception = Map::new();
        exception.insert("from".into(), side(draft, 15, 0, dice));
        exception.insert("to".into(), side(draft, 15, 10, dice));
        if dice.percent(60) {
            exception.insert("allow".into(), json!(services::list(&draft.sets, 1, 2, dice)));
        }
        except.push(Value::Object(exception));
    }
    if !except.is_empty() {
        entry.insert("except".into(), except.into());
    }
    if dice.percent(25) {
        entry.insert("mode".into(), json!("audit"));
    }
    Value::Object(entry)
}

/// `[management]`.
pub(super) fn management(draft: &Draft, dice: &mut Dice) -> Option<Value> {
    let populated = draft.zones.iter().filter(|zone| {
        let devices = draft.devices.iter().any(|device| device.zone == zone.name);
        !zone.ports.is_empty() && (zone.unknown == "allow" || devices)
    });
    let populated: Vec<&str> = populated.map(|zone| zone.name.as_str()).collect();
    let from = dice.some(&populated, 1, 2);
    (!from.is_empty()).then(|| json!({ "from": from, "allow": ["tcp/22", "icmp/echo-request", "icmpv6/echo-request"] }))
}

/// Takes an entry out of a policy, or turns the mode of one around.
pub(super) fn change(policy: &mut Value, dice: &mut Dice) {
    let table = *dice.pick(&["transitions", "transitions", "guardrails", "zones", "devices"]);
    let entry = match policy.get_mut(table) {
        Some(Value::Array(list)) if !list.is_empty() => {
            let index = dice.below(list.len());
            if dice.percent(50) && list.len() > 1 {
                list.remove(index);
                return;
            }
            &mut list[index]
        }
        Some(Value::Object(map)) if !map.is_empty() => {
            let index = dice.below(map.len());
            match map.iter_mut().nth(index) {
                Some((_, entry)) => entry,
                None => return,
            }
        }
        _ => return,
    };
    let audit = entry.get("mode").is_some_and(|mode| mode == "audit");
    match dice.below(3) {
        0 if entry.get("deny").is_some() && table == "transitions" => {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("deny");
            }
        }
        1 if entry.get("replies").is_none() && table == "devices" => entry["replies"] = json!("listed"),
        _ => entry["mode"] = json!(if audit { "enforce" } else { "audit" }),
    }
}
