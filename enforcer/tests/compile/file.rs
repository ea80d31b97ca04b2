//! Images as files: what was written is read, and nothing else is.

use std::sync::LazyLock;

use enforcer::image_file::{ImageFile, Refusal, mend};
use enforcer_common::image::{head0, head1};
use enforcer_common::ladder::Ref;
use proptest::prelude::*;

use crate::site::{Site, packet};

/// A policy with something of everything: devices, both kinds of table, exceptions, profiles.
const RULES: &str = r#"
[[transitions]]
from = "office"
to = ["iot", "internet"]
allow = ["tcp/443", "udp/53:1024-65535", "mud"]
deny = ["tcp/443:1-9"]

[[guardrails]]
name = "no shells"
from = "*"
to = "iot"
deny = ["tcp/22"]
except = [{ from = "desk", to = "lamp" }]

[devices.lamp]
mac = "02:00:00:00:00:02"
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"
mud = ["lamp.json"]

[devices.desk]
addresses = ["10.20.0.11", "fd00:20::11"]
zone = "office"

[router]
ignore = ["docker0"]
"#;

const LAMP: &str = include_str!("../../../examples/demo/mud/camera.json");

fn site(rules: &str) -> Site {
    Site::with(&[("zones.toml", crate::site::ZONES), ("rules.toml", rules), ("lamp.json", LAMP)])
}

fn file(rules: &str) -> ImageFile {
    let site = site(rules);
    let ignore = site.loaded.policy.router.ignore.clone();
    ImageFile { image: site.image, facts: site.loaded.facts, ignore }
}

static FILE: LazyLock<ImageFile> = LazyLock::new(|| file(RULES));
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| FILE.to_bytes());

/// Bytes in front of the cells: header and checksum.
const CELLS: usize = 96;

fn refusal(bytes: &[u8]) -> String {
    match ImageFile::from_bytes(bytes) {
        Ok(_) => "accepted".into(),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn what_was_written_is_read() {
    let read = ImageFile::from_bytes(&BYTES).unwrap();
    assert_eq!(read, *FILE);
    assert_eq!(read.ignore, ["docker0"]);
    assert_eq!(read.facts.addresses["iot0"].len(), 3);
    assert_eq!(*BYTES, file(RULES).to_bytes(), "compiled again");
}

/// Where things are written is no part of what is in force.
#[test]
fn places_change_the_appendix_only() {
    let moved = file(&format!("\n\n# a comment\n{RULES}")).to_bytes();
    assert_ne!(moved, *BYTES);
    let number = |at: usize| u32::from_le_bytes(BYTES[at..at + 4].try_into().unwrap()) as usize;
    let appendix = CELLS + number(16) * 64 + number(20);
    assert_eq!(moved[..appendix], BYTES[..appendix]);
    let line = |bytes: &[u8]| ImageFile::from_bytes(bytes).unwrap().image.names.rules[1].place.clone().unwrap().line;
    assert_eq!(line(&moved), line(&BYTES) + 3);
}

#[test]
fn what_is_no_image_is_called_so() {
    assert!(matches!(ImageFile::from_bytes(b""), Err(Refusal::NoImage)));
    assert!(matches!(ImageFile::from_bytes(b"version = 1\n"), Err(Refusal::NoImage)));
    // A transfer as text.
    let text: Vec<u8> =
        BYTES.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect();
    assert!(matches!(ImageFile::from_bytes(&text), Err(Refusal::NoImage)));
}

#[test]
fn another_version_is_told_from_damage() {
    for (at, found) in [(8, "2.1"), (12, "1.2")] {
        let mut other = BYTES.clone();
        other[at] += 1;
        let told = refusal(&other);
        assert!(told.contains(found) && told.contains("compile the policy again"), "{told}");
    }
}

#[test]
fn a_cut_file_is_refused_and_so_is_a_longer_one() {
    for length in (0..BYTES.len()).step_by(7).chain(BYTES.len() - 200..BYTES.len()) {
        assert!(ImageFile::from_bytes(&BYTES[..length]).is_err(), "{length} of {} bytes", BYTES.len());
    }
    for more in [vec![0], vec![0; 64], BYTES.clone()] {
        assert!(ImageFile::from_bytes(&[BYTES.as_slice(), &more].concat()).is_err());
    }
}

/// Words of the cells changed, with all checksums as they should then be: what follows a wrong number must not be believed.
#[test]
fn cells_that_lead_nowhere_are_refused() {
    let heads = &FILE.image.cells[0];
    let second = &FILE.image.cells[1];
    let cells = FILE.image.cells.len() as u32;
    let at = |cell: u32, word: usize| cell as usize * 16 + word;
    let endpoint = |index: u32, word: usize| at(heads[head0::ENDPOINTS] + index / 2, index as usize % 2 * 8 + word);
    let ladder = heads[head0::PREFIXES4];
    let root = Ref(ladder).index();
    let depth = Ref(ladder).depth();
    let leaf = (0..depth).fold(root, |cell, _| FILE.image.cells[cell as usize][0]);
    let port = second[head1::PORTS] + 1;
    let rows: [(&str, usize, u32, &str); 27] = [
        ("flags", head0::FLAGS, 1 << 9, "flags that mean nothing"),
        ("a table behind the end", head0::HOSTS4, cells, "a table goes past the end"),
        ("a table without end", head0::HOSTS4 + 1, u32::MAX, "a table goes past the end"),
        ("a table of three buckets", head0::HOSTS4 + 1, 2, "past the end"),
        ("another seed", head0::HOSTS6 + 2, 77, "nobody looks for it"),
        ("prefixes that are the header", head0::PREFIXES4, Ref::ladder(0, 0, 0).0, "cell 0"),
        ("prefixes behind the end", head0::PREFIXES6, Ref::ladder(0, 0, cells).0, "which is none"),
        ("deeper than it is", head0::PREFIXES4, Ref::ladder(0, depth + 1, root).0, ""),
        ("an endpoint that is none", head0::PREFIXES4, Ref::done(9999).0, "no outcome of Endpoint"),
        ("a ladder that leads to itself", at(leaf, 8), ladder, "more steps"),
        ("bounds that fall", at(leaf, 0), u32::MAX, "do not ascend"),
        ("endpoints behind the end", head0::ENDPOINTS, cells, "endpoints go past the end"),
        ("more endpoints", at(1, head1::ENDPOINT_COUNT), cells * 2, "endpoints go past the end"),
        ("no endpoints", at(1, head1::ENDPOINT_COUNT), 1, "too few endpoints"),
        ("the router elsewhere", endpoint(1, 0), 0x0002_0003, "can be nobody"),
        ("nobody in the place of the router", endpoint(1, 5), 0, "not the router"),
        ("a zone that is none", endpoint(2, 0), 0x0099_0002, "can be nobody"),
        ("somebody of a zone who stands in none", endpoint(2, 0), 2, "can be nobody"),
        ("the router, in a zone that is not its own", endpoint(2, 5), 1 << 9, "can be nobody"),
        ("a label that stands for no bound", endpoint(2, 2), u32::MAX, "can be nobody"),
        ("more zones than names", at(1, head1::ZONE_COUNT), 99, "99 zones in its cells"),
        ("more rules than names", at(1, head1::RULE_COUNT), 99, "99 rules in its cells"),
        ("the matrix behind the end", at(1, head1::MATRIX), cells - 1, "the matrix go past the end"),
        ("a guardrail of a rule that is none", at(second[head1::MATRIX], 0), 0xc0ff_ffff, "no outcome of Guardrails"),
        ("a transition by a MUD rule", at(second[head1::MATRIX], 1), 0xc000_0009, "no outcome of Transitions"),
        ("a port in another zone", at(port, 1), 1, "in other zones by its cell"),
        ("a profile whose list loops", at(second[head1::PROFILES] + 1, 0), Ref::ladder(3, 7, 2).0, ""),
    ];
    for (what, word, value, why) in rows {
        let mut changed = BYTES.clone();
        let place = CELLS + word * 4;
        assert_ne!(changed[place..place + 4], value.to_le_bytes(), "{what}: that is what stands there");
        changed[place..place + 4].copy_from_slice(&value.to_le_bytes());
        assert!(refusal(&changed).contains("checksum"), "{what}");
        mend(&mut changed);
        let told = refusal(&changed);
        assert!(told.starts_with("is no image that can be put in force") && told.contains(why), "{what}: {told}");
    }
}

/// The same of the names.
#[test]
fn names_that_do_not_fit_the_cells_are_refused() {
    let rows: [(&str, &str, &str); 9] = [
        (r#""interface":"iot0""#, r#""interface":"office0""#, "is another port too"),
        (r#""router","#, r#""rooter","#, "first zone is not the router"),
        (r#"["router","internet","iot","office"]"#, r#"["router","internet","iot","iot","office"]"#, "two zones `iot`"),
        (r#"["router","internet","iot","office"]"#, r#"["router","internet","iot"]"#, "and 4 in its names"),
        (r#""devices":["#, r#""more":1,"devices":["#, "unknown field `more`"),
        (r#""vlans":[]"#, r#""vlans":[5000]"#, "can be no port"),
        (r#""zones":[2]"#, r#""zones":[3]"#, "in other zones by its cell"),
        (r#"["guardrail","no shells"]"#, r#"["transition","no shells"]"#, "no outcome of Guardrails"),
        (r#"["guardrail","no shells"]"#, r#"["hunch","no shells"]"#, "unknown variant `hunch`"),
    ];
    let number = |at: usize| u32::from_le_bytes(BYTES[at..at + 4].try_into().unwrap()) as usize;
    let start = CELLS + number(16) * 64;
    let end = start + number(20);
    let names = std::str::from_utf8(&BYTES[start..end]).unwrap();
    for (from, to, why) in rows {
        let changed = names.replacen(from, to, 1);
        assert_ne!(changed, names, "{from} is not in {names}");
        let mut file = [&BYTES[..start], changed.as_bytes(), &BYTES[end..]].concat();
        file[20..24].copy_from_slice(&(changed.len() as u32).to_le_bytes());
        mend(&mut file);
        let told = refusal(&file);
        assert!(told.contains(why), "{to}: {told}");
    }
}

proptest! {
    #[test]
    fn a_file_with_a_wrong_bit_is_refused(byte: prop::sample::Index, bit in 0u32..8) {
        let mut bytes = BYTES.clone();
        let byte = byte.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        prop_assert!(ImageFile::from_bytes(&bytes).is_err(), "byte {}, bit {}", byte, bit);
    }

    /// Whatever is accepted with its checksums put right can be judged by.
    #[test]
    fn what_is_accepted_is_judged_to_the_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 0u32..32), 1..3),
    ) {
        let mut bytes = BYTES.clone();
        for (word, value, keep) in changes {
            let place = CELLS + word.index(FILE.image.cells.len() * 16) * 4;
            let old = u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap());
            // Some of the low bits, so that a part of the changes is small.
            bytes[place..place + 4].copy_from_slice(&(old ^ value >> keep).to_le_bytes());
        }
        mend(&mut bytes);
        if let Ok(file) = ImageFile::from_bytes(&bytes) {
            let changed = Site { loaded: site(RULES).loaded, image: file.image };
            for (from, to) in [("10.20.0.11", "10.30.0.12"), ("fd00:20::11", "fd00:30::12"), ("10.20.0.7", "203.0.113.1")] {
                for service in ["tcp/22", "tcp/443", "udp/53:1024"] {
                    // It says something, and does not panic.
                    prop_assert!(!changed.judge("office0", &packet(from, to, service)).is_empty());
                }
            }
        }
    }
}
