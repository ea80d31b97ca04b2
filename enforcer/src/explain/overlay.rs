//! What a device's MUD file does not allow: an address that its names or controllers lack, or a second file beside it.
//!
//! The maker's file stays as it is: several files of a device are a union.

use enforcer_common::reason::Reason;
use serde_json::json;

use super::ace::{Direction, Listed};
use super::candidates::{Ops, Situation, Way, quoted};
use super::edit::{Op, Target, file_with};
use super::nearest::{Near, Peer, Unmet, nearest};
use super::service::SCTP;
use crate::judge::Carries;
use crate::mud::profile::PeerMatch;
use crate::policy::model::{Device, Policy};

/// The device whose lists refuse, and the packet as they see it.
struct Refused<'s> {
    device: &'s Device,
    listed: Listed,
    peer: Peer<'s>,
}

/// First what the nearest entry misses in the policy, then a file of the site's own.
pub(super) fn ways(situation: &Situation<'_>) -> Vec<Way> {
    let Some(refused) = refused(situation) else { return Vec::new() };
    let near = nearest(situation.lay, refused.device, &refused.listed, refused.peer);
    let named = near.and_then(|near| address(situation, &refused, &near));
    named.into_iter().chain(beside(situation, &refused)).collect()
}

/// What came nearest, in words.
pub(super) fn hint(situation: &Situation<'_>) -> Option<String> {
    let refused = refused(situation)?;
    let near = nearest(situation.lay, refused.device, &refused.listed, refused.peer)?;
    (!near.unmet.is_empty()).then(|| near.told())
}

fn refused<'s>(situation: &Situation<'s>) -> Option<Refused<'s>> {
    let Situation { lay, answer, seen, .. } = *situation;
    let device = |name: &Option<String>| name.as_deref().and_then(|name| lay.device(name));
    let (sender, receiver) = (device(&answer.device), device(&answer.peer));
    let (from, to) = situation.zones();
    let (direction, own, peer) = if answer.reason == Reason::MudFromDevice {
        (Direction::FromDevice, sender?, Peer { zone: to, device: receiver })
    } else if answer.reason == Reason::MudToDevice {
        (Direction::ToDevice, receiver?, Peer { zone: from, device: sender })
    } else {
        return None;
    };
    // A reply was settled when its connection was opened: no layer was asked.
    let reply = answer.said.iter().all(|said| said.step != "guardrail");
    Some(Refused { device: own, listed: Listed { direction, reply, seen }, peer })
}

/// The other end's address, where the nearest entry misses nothing else.
fn address(situation: &Situation<'_>, refused: &Refused<'_>, near: &Near<'_>) -> Option<Way> {
    let [Unmet::Peer(wanted)] = near.unmet.as_slice() else { return None };
    let peer = refused.listed.peer()?;
    let item = peer.to_string();
    let (op, whose) = match wanted {
        PeerMatch::Name(name) => (entry(situation, "names", name, &item), format!("`{name}`")),
        PeerMatch::Controller(class) => (entry(situation, "controllers", class, &item), format!("`{class}`")),
        PeerMatch::MyController => {
            let target = Target::Named("devices", refused.device.name.clone());
            let op = Op::Push { target, key: "my-controllers".to_owned(), item: item.into(), implied: None };
            let whose = format!("a controller of {}", refused.device.name);
            ((situation.file(refused.device.place.as_ref()), op), whose)
        }
        PeerMatch::Network(_)
        | PeerMatch::LocalNetworks
        | PeerMatch::SameManufacturer
        | PeerMatch::Manufacturer(_)
        | PeerMatch::Model(_) => return None,
    };
    let note = format!("if {peer} is {whose}: every MUD file that speaks of it holds for that address then");
    Some(Way { tries: vec![vec![op]], note: Some(note) })
}

/// One more address for a name or a class, wherever its list stands.
fn entry(situation: &Situation<'_>, table: &'static str, key: &str, address: &str) -> (String, Op) {
    let site = situation.site;
    if let Some(file) = file_with(site, table, Some(key)).or_else(|| file_with(site, table, None)) {
        let target = Target::Table(table);
        let op = Op::Push { target, key: key.to_owned(), item: address.into(), implied: None };
        return (file.to_owned(), op);
    }
    let text = format!("[{table}]\n{} = [\"{address}\"]\n", quoted(key));
    (situation.file(None), Op::Append { text })
}

/// A second file for the device that allows this one thing.
fn beside(situation: &Situation<'_>, refused: &Refused<'_>) -> Option<Way> {
    let Refused { device, listed, .. } = refused;
    let name = "beside";
    let word = listed.direction.word();
    let document = json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": format!("https://site.invalid/{}.json", device.name),
            "last-update": "2026-01-01T00:00:00+00:00",
            "cache-validity": 48,
            "is-supported": true,
            "systeminfo": format!("What this site lets {} do beside the file of its maker", device.name),
            format!("{word}-policy"): { "access-lists": { "access-list": [{ "name": name }] } },
        },
        "ietf-access-control-list:acls": {
            "acl": [{ "name": name, "type": listed.list_type(), "aces": { "ace": [listed.entry("1")?] } }],
        },
    });
    let text = format!("{}\n", serde_json::to_string_pretty(&document).ok()?);
    let file = free_file(situation, device)?;
    let target = Target::Named("devices", device.name.clone());
    let add = Op::Push { target, key: "mud".to_owned(), item: file.as_str().into(), implied: None };
    let ops: Ops = vec![(file, Op::Create { text }), (situation.file(device.place.as_ref()), add)];
    let mut note = format!("the MUD file says what its maker meant {} for; this goes beyond it", device.name);
    if matches!(listed.seen.carries, Carries::Ports { protocol: SCTP, .. }) {
        note.push_str(". MUD files have no ports of SCTP: it allows all of them with this address");
    }
    if drops(situation.lay.policy, device) {
        note.push_str(". What a MUD file drops, another may accept: DNS and NTP are accepted in every one");
    }
    Some(Way { tries: vec![ops], note: Some(note) })
}

/// True where one of the device's files drops something of itself.
fn drops(policy: &Policy, device: &Device) -> bool {
    let profiles = device.profiles.iter().map(|id| &policy.profiles[id.0]);
    profiles.flat_map(|profile| profile.from_device.iter().chain(&profile.to_device)).any(|ace| !ace.accept)
}

/// A path for the file, beside the first of the device's own.
fn free_file(situation: &Situation<'_>, device: &Device) -> Option<String> {
    let profile = &situation.lay.policy.profiles[device.profiles.first()?.0];
    let own = &profile.from_device.iter().chain(&profile.to_device).next()?.place.file;
    let folder = own.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
    let folder_of_policy = situation.site.loaded.folder();
    let profiles = &situation.lay.policy.profiles;
    let free = |path: &String| {
        let read = profiles.iter().flat_map(|profile| &profile.from_device).any(|ace| *ace.place.file == **path);
        !read && !folder_of_policy.join(path).exists()
    };
    let numbered = (1..1000).map(|number| match number {
        1 => format!("{folder}{}-site.json", device.name),
        _ => format!("{folder}{}-site-{number}.json", device.name),
    });
    numbered.into_iter().find(free)
}
