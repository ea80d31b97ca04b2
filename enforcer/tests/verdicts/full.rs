//! Full tables: what loses its state is judged again, and nothing passes because a table is full.

use enforcer::dataplane::load::Options;

use super::fragments::{datagram, fragment};
use super::frames::*;
use super::site::Site;

/// Much more than the tables here hold.
const FLOOD: u16 = 120;
/// What they hold.
const ROOM: u32 = 16;

const RULES: &str = r#"
    [[transitions]]
    name = "out"
    from = "office"
    to = "cell1"
    allow = ["tcp/1-1000", "udp/1-1000", "icmp/echo-request", "icmpv6/echo-request"]
"#;

const YES: &str = "pass allowed out";
const OK: &str = "pass established";
const NOTHING: &str = "drop no-transition";
const LONE: &str = "drop fragment";

fn site() -> Site {
    Site::sized(RULES, |options| Options { connections: ROOM, fragments: ROOM, ..options })
}

/// What became of frames, each with what may become of it; all that came out otherwise, and how often each verdict was given.
#[derive(Default)]
struct Tally {
    wrong: Vec<String>,
    given: std::collections::BTreeMap<String, usize>,
}

impl Tally {
    fn sent(&mut self, site: &mut Site, family: Family, sent: &Sent, may: &[&str], what: &str) {
        let found = site.told(sent, family);
        if !may.contains(&found.as_str()) {
            self.wrong.push(format!("{what}, {family:?}: {found}, and not one of {may:?}"));
        }
        *self.given.entry(found).or_default() += 1;
    }

    fn given(&self, verdict: &str) -> usize {
        self.given.get(verdict).copied().unwrap_or_default()
    }

    fn assert(&self) {
        assert!(self.wrong.is_empty(), "{} frames:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_flood_of_connections_lets_nothing_pass_that_is_refused() {
    let mut site = site();
    for family in [Family::Four, Family::Six] {
        let mut tally = Tally::default();
        let ports = |i: u16| (10_000 + i, 1 + i % 1000);
        for i in 0..FLOOD {
            let (from, to) = ports(i);
            // What is allowed passes by itself, with or without state.
            tally.sent(&mut site, family, &tcp(OFFICE, PLC1, (from, to), SYN), &[YES], "a SYN");
            tally.sent(&mut site, family, &udp(OFFICE, PLC1, (from, to)), &[YES], "a datagram");
            // What is not does not, however full the table is.
            tally.sent(&mut site, family, &tcp(OFFICE, PLC1, (from, 1001 + to), SYN), &[NOTHING], "a closed port");
            tally.sent(&mut site, family, &udp(PLC1, OFFICE, (from, to)), &[NOTHING], "the wrong way");
            // An answer to nothing.
            tally.sent(&mut site, family, &tcp(PLC1, OFFICE, (to, 30_000 + i), ACK), &[NOTHING], "no answer");
        }
        tally.assert();

        // Answers to all of them: those that the table kept, and no other.
        let mut tally = Tally::default();
        for i in 0..FLOOD {
            let (from, to) = ports(i);
            for sent in [tcp(PLC1, OFFICE, (to, from), SYN | ACK), udp(PLC1, OFFICE, (to, from))] {
                tally.sent(&mut site, family, &sent, &[OK, NOTHING], "an answer");
            }
        }
        tally.assert();
        assert!(tally.given(NOTHING) > usize::from(FLOOD), "the table is too large for this test");

        // The one who opened goes on: judged again, as if it opened now.
        let mut tally = Tally::default();
        for i in 0..FLOOD {
            let (from, to) = ports(i);
            tally.sent(&mut site, family, &tcp(OFFICE, PLC1, (from, to), ACK), &[OK, YES], "the opener's next");
        }
        tally.assert();
        assert!(tally.given(YES) > usize::from(FLOOD) / 2, "some had lost their state");
        // And with that the answers pass again.
        let (from, to) = ports(7);
        tally.sent(&mut site, family, &tcp(OFFICE, PLC1, (from, to), ACK), &[OK, YES], "the opener");
        tally.sent(&mut site, family, &tcp(PLC1, OFFICE, (to, from), ACK), &[OK], "its answer");
        tally.assert();
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_flood_of_first_fragments_lets_nothing_pass_that_is_refused() {
    let mut site = site();
    let first = |id: u16, port| fragment(OFFICE, PLC1, 17, (id, 0, true), &datagram(port, 64, 24));
    let later = |id: u16| fragment(OFFICE, PLC1, 17, (id, 32, false), &[0; 32]);
    for family in [Family::Four, Family::Six] {
        let mut tally = Tally::default();
        for id in 0..FLOOD {
            // Every other datagram is for a closed port.
            let (port, may) = if id % 2 == 0 { (53, &[YES, OK][..]) } else { (2000, &[NOTHING][..]) };
            tally.sent(&mut site, family, &first(id, port), may, "a first fragment");
            tally.sent(&mut site, family, &later(id + 10_000), &[LONE], "of no datagram");
        }
        tally.assert();

        let mut tally = Tally::default();
        for id in 0..FLOOD {
            let may = if id % 2 == 0 { &[OK, LONE][..] } else { &[LONE] };
            tally.sent(&mut site, family, &later(id), may, "a later fragment");
        }
        tally.assert();
        assert!(tally.given(OK) <= ROOM as usize, "what is kept of fragments has bounds");
        assert!(tally.given(OK) > 0, "the last of them are kept");

        // What was forgotten is judged again.
        let mut tally = Tally::default();
        tally.sent(&mut site, family, &first(0, 53), &[YES, OK], "a first fragment that comes again");
        tally.sent(&mut site, family, &later(0), &[OK], "what follows it");
        tally.assert();
    }
}
