//! Makes a session that shows a difference small: fewer events, fewer entries in the policy.

use anyhow::Result;
use serde_json::Value;

use super::session::Session;
use super::site::Site;

/// Says whether a session still shows the difference, at its last event.
pub type Shows<'c> = dyn FnMut(&Session) -> Result<bool> + 'c;

/// The smallest session that can be found by taking things out. `session` ends with the event that shows the difference.
pub fn shrink(session: Session, shows: &mut Shows<'_>) -> Result<Session> {
    let mut session = session;
    loop {
        let before = size(&session);
        session = fewer_events(session, shows)?;
        for index in 0..session.sites.len() {
            session = smaller_policy(session, index, shows)?;
        }
        if size(&session) == before {
            return Ok(session);
        }
    }
}

fn size(session: &Session) -> (usize, usize) {
    let text = |site: &Site| {
        site.policy.to_string().len() + site.profiles.values().map(|file| file.to_string().len()).sum::<usize>()
    };
    (session.events.len(), session.sites.iter().map(text).sum())
}

/// Takes out stretches of events, long ones first. The clock of those that stay is as it was.
fn fewer_events(mut session: Session, shows: &mut Shows<'_>) -> Result<Session> {
    let mut stretch = session.events.len().div_ceil(2);
    while stretch > 0 {
        let mut start = 0;
        while start + 1 < session.events.len() {
            // The last one shows the difference.
            let end = (start + stretch).min(session.events.len() - 1);
            let mut fewer = session.clone();
            let skipped: u64 = fewer.events.drain(start..end).map(|event| event.after).sum();
            fewer.events[start].after += skipped;
            if shows(&fewer)? {
                session = fewer;
            } else {
                start = end;
            }
        }
        stretch /= 2;
    }
    Ok(session)
}

/// Takes out whatever is not needed: MUD files, tables, entries, keys, elements of lists.
fn smaller_policy(mut session: Session, index: usize, shows: &mut Shows<'_>) -> Result<Session> {
    let names: Vec<String> = session.sites[index].profiles.keys().cloned().collect();
    let mut pointers = vec![(None, String::new())];
    pointers.extend(names.into_iter().map(|name| (Some(name), String::new())));
    while let Some((file, pointer)) = pointers.pop() {
        let Some(tree) = tree(&mut session.sites[index], file.as_deref()) else { continue };
        for key in children(tree, &pointer) {
            let child = format!("{pointer}/{key}");
            let mut smaller = session.clone();
            // Where both policies have it, it goes from both first.
            let mut everywhere = smaller.clone();
            for site in &mut everywhere.sites {
                take_out(site, file.as_deref(), &child);
            }
            if everywhere.sites.len() > 1 && shows(&everywhere)? {
                session = everywhere;
                continue;
            }
            take_out(&mut smaller.sites[index], file.as_deref(), &child);
            if shows(&smaller)? {
                session = smaller;
            } else {
                pointers.push((file.clone(), child));
            }
        }
    }
    for name in session.sites[index].profiles.keys().cloned().collect::<Vec<_>>() {
        let mut smaller = session.clone();
        smaller.sites[index].profiles.remove(&name);
        if shows(&smaller)? {
            session = smaller;
        }
    }
    Ok(session)
}

fn tree<'s>(site: &'s mut Site, file: Option<&str>) -> Option<&'s mut Value> {
    match file {
        None => Some(&mut site.policy),
        Some(name) => site.profiles.get_mut(name),
    }
}

/// Keys of what stands there; elements of a list from the last, so that taking one out does not move those to come.
fn children(tree: &Value, pointer: &str) -> Vec<String> {
    match tree.pointer(pointer) {
        Some(Value::Object(map)) => map.keys().map(|key| key.replace('~', "~0").replace('/', "~1")).collect(),
        Some(Value::Array(list)) => (0..list.len()).rev().map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn take_out(site: &mut Site, file: Option<&str>, pointer: &str) {
    let Some(tree) = tree(site, file) else { return };
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    match tree.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(list)) => {
            if let Some(index) = key.parse::<usize>().ok().filter(|index| *index < list.len()) {
                list.remove(index);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verify::prepared::Interfaces;
    use crate::verify::traffic::{Event, What};

    fn event(after: u64, byte: u8) -> Event {
        Event { after, what: What::Enters { interface: 0, frame: vec![byte] } }
    }

    #[test]
    fn only_what_the_difference_rests_on_stays() {
        let policy = json!({"zones": {"a": {"ports": ["x", "y"]}, "b": {}}, "rules": [{"name": "r"}, {"name": "s/t"}]});
        let profiles = [("m.json".to_owned(), json!({"k": [1, 2, 3]})), ("n.json".to_owned(), json!({}))];
        let site = Site { policy, profiles: profiles.into() };
        let events = (0..100).map(|number| event(1, number)).collect();
        let session = Session { sites: vec![site], interfaces: Interfaces::default(), events };
        // The difference needs frame 37 before frame 99, a port, a rule and the 2 of a file; and the clock as it was.
        let mut shows = |session: &Session| {
            let mut now = 0;
            let mut seen = Vec::new();
            for event in &session.events {
                now += event.after;
                if let What::Enters { frame, .. } = &event.what {
                    seen.push((now, frame[0]));
                }
            }
            let text = session.sites[0].policy.to_string();
            let file = session.sites[0].profiles.get("m.json").map(ToString::to_string).unwrap_or_default();
            Ok(seen.contains(&(38, 37))
                && seen.last() == Some(&(100, 99))
                && text.contains(r#""y""#)
                && text.contains("s/t")
                && file.contains('2'))
        };
        let small = shrink(session, &mut shows).expect("nothing fails here");
        assert_eq!(small.events, [event(38, 37), event(62, 99)]);
        assert_eq!(small.sites[0].policy, json!({"zones": {"a": {"ports": ["y"]}}, "rules": [{"name": "s/t"}]}));
        assert_eq!(small.sites[0].profiles, [("m.json".to_owned(), json!({"k": [2]}))].into());
    }
}
