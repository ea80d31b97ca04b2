//! Generated policies and traffic before `enforcer explain`: a change that it shows lets the packet pass when it is pasted,
//! and lets nothing pass that is something else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use enforcer::explain::{Change, Explanation, Given, How, Question, Site, explain, written};
use enforcer::judge::seen;
use enforcer::replay::Way;
use enforcer_tests::verify::prepared::Interfaces;
use enforcer_tests::verify::session::Session;
use enforcer_tests::verify::traffic::{Event, Extent, What};

const SESSIONS: u64 = 120;
const EVENTS: usize = 160;
/// Drops of a session that are explained, and of each reason.
const DROPS: usize = 8;
const OF_A_REASON: usize = 2;
/// Packets that a change must leave alone.
const OTHERS: usize = 40;

/// An event as a question of its own; none for what happens at an interface that the policy does not name.
fn question(event: &Event, interfaces: &Interfaces, site: &Site) -> Option<Question> {
    let (way, interface, frame) = match &event.what {
        What::Enters { interface, frame } => (Way::In, interface, frame),
        What::Leaves { interface, entered: None, frame } => (Way::Out, interface, frame),
        What::Leaves { .. } | What::Reload => return None,
    };
    let interface = &interfaces.0[*interface];
    let given = Given { way, medium: interface.medium, place: interface.name.clone(), frame: frame.clone() };
    let question = Question::of("", vec![given]);
    question.ask(site).is_ok().then_some(question)
}

/// A copy of the policy with a change pasted into its files.
fn pasted(from: &Path, change: &Change) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(from, folder.path());
    for edit in &change.edits {
        let path = folder.path().join(&edit.file);
        let current = match edit.how {
            How::Create => String::new(),
            How::Append | How::Replace { .. } => fs::read_to_string(&path).expect("the file"),
        };
        let text = edit.paste(&current).unwrap_or_else(|| panic!("it cannot be pasted: {edit:?}\n{current}"));
        fs::write(path, text).expect("a file");
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// True for changes that only open a pair for a service.
fn only_opens(change: &Change) -> bool {
    let opens =
        |text: &str| text.contains("[[transitions]]") || text.starts_with("allow") || text.starts_with("except");
    change.edits.iter().all(|edit| opens(&edit.text))
}

/// What a packet is, for a transition or an exception: the service, and zone and device of each end.
#[derive(Debug)]
struct Kind {
    service: Option<String>,
    ends: [(Option<String>, Option<String>); 2],
}

impl Kind {
    fn of(question: &Question, site: &Site, event: &Event, interfaces: &Interfaces) -> Kind {
        let answer = question.ask(site).expect("an answer");
        let service = match &event.what {
            What::Enters { interface, frame } | What::Leaves { interface, frame, .. } => {
                seen(interfaces.0[*interface].medium, frame).ok().and_then(|seen| written(&seen.carries))
            }
            What::Reload => None,
        };
        Kind { service, ends: [(answer.from, answer.device), (answer.to, answer.peer)] }
    }

    /// The service as an entry speaks of it: the word for an echo request leaves its code open.
    fn spoken(&self) -> Option<&str> {
        let service = self.service.as_deref()?;
        Some(match service.split_once('.') {
            Some(("icmp/8", _)) => "icmp/echo-request",
            Some(("icmpv6/128", _)) => "icmpv6/echo-request",
            _ => service,
        })
    }

    /// True where an entry for this packet, by its devices or else its zones, speaks of another one too.
    fn covers(&self, other: &Kind) -> bool {
        let ends = self.ends.iter().zip(&other.ends);
        self.spoken() == other.spoken()
            && ends.into_iter().all(
                |((zone, device), (other_zone, other_device))| {
                    if device.is_some() { device == other_device } else { zone == other_zone }
                },
            )
    }
}

#[test]
fn what_is_shown_lets_the_packet_pass_and_nothing_else() {
    let mut shown: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let (mut changes, mut others) = (0, 0);
    for seed in 0..SESSIONS {
        let extent = Extent { leaves: true, ..Extent::default() };
        let generated = Session::generate(seed, EVENTS, extent).expect("a session");
        let Session { sites, interfaces, events } = &generated.session;
        let folder = tempfile::tempdir().expect("a folder");
        sites[0].write(folder.path()).expect("files");
        let path = folder.path().join("policy.toml");
        let site = Site::load(&path, None).expect("the policy can be used");
        let asked: Vec<_> =
            events.iter().filter_map(|event| Some((event, question(event, interfaces, &site)?))).collect();
        let mut of_reason: BTreeMap<&str, usize> = BTreeMap::new();
        let mut explained = 0;
        for (event, question) in &asked {
            let answer = question.ask(&site).expect("an answer");
            let count = of_reason.entry(answer.reason.label()).or_default();
            if answer.passes() || explained == DROPS || *count == OF_A_REASON {
                continue;
            }
            *count += 1;
            explained += 1;
            let explanation = explain(&path, None, &site, question).expect("an explanation");
            let told = shown.entry(answer.reason.label()).or_default();
            told.0 += 1;
            told.1 += u32::from(!explanation.changes.is_empty());
            assert_eq!(explanation.changes.is_empty(), explanation.no_change.is_some(), "seed {seed}");
            for change in &explanation.changes {
                changes += 1;
                let changed = pasted(folder.path(), change);
                let site_after = Site::load(&changed.path().join("policy.toml"), None)
                    .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{explanation}"));
                let after = question.ask(&site_after).expect("an answer");
                assert!(after.passes(), "seed {seed}: {after:?}\n{explanation}");
                if only_opens(change) {
                    let this = Kind::of(question, &site_after, event, interfaces);
                    others += leaves_alone(&asked, interfaces, (&site, &site_after), &this, (seed, &explanation));
                }
            }
        }
    }
    println!("{changes} changes, {others} other packets; drops explained, with a change, by reason: {shown:?}");
    for reason in [
        "no-transition",
        "guardrail",
        "mud-from-device",
        "mud-to-device",
        "unknown-device",
        "spoofed-source",
        "unknown-zone",
    ] {
        let (asked, told) = shown.get(reason).copied().unwrap_or_default();
        assert!(told > 0, "no change was shown for any of {asked} {reason} drops");
    }
    for reason in ["malformed", "fragment", "invalid-state"] {
        let (asked, told) = shown.get(reason).copied().unwrap_or_default();
        assert!(asked > 0 && told == 0, "{told} changes for {asked} {reason} drops");
    }
    assert!(others > 1000, "{others} other packets only");
}

/// Other packets keep their verdicts, but for those of the same ends and service.
fn leaves_alone(
    asked: &[(&Event, Question)],
    interfaces: &Interfaces,
    (before, after): (&Site, &Site),
    this: &Kind,
    (seed, explanation): (u64, &Explanation),
) -> usize {
    let mut compared = 0;
    for (event, question) in asked.iter().take(OTHERS) {
        let (was, is) = (question.ask(before).expect("an answer"), question.ask(after).expect("an answer"));
        compared += 1;
        if was.verdict == is.verdict {
            continue;
        }
        let other = Kind::of(question, after, event, interfaces);
        assert!(this.covers(&other), "seed {seed}: {this:?}\n{other:?}\n{was:?}\n{is:?}\n{explanation}");
    }
    compared
}
