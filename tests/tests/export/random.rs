//! Random policies and random frames: whatever the policy, the rules let through what `enforcer replay` lets through.

use std::collections::{BTreeMap, BTreeSet};

use enforcer_tests::exchange::{PATIENCE, SILENCE};
use enforcer_tests::lab::{HOST_PORT, Host, Lab};
use enforcer_tests::policy::PolicyFile;
use enforcer_tests::raw::{self, MARK, Wire, contains};
use enforcer_tests::replay::replay;
use enforcer_tests::rules::Rules;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::drawn::{ENDS, Sent, mud, policy, sent};

/// Policies that are tried, and frames that are sent under each.
const POLICIES: usize = 12;
const FRAMES: usize = 90;

/// Sends frames from their hosts; by number, whether each came out of the router.
fn arrived(lab: &Lab, frames: &[(Sent, Vec<u8>, [u8; 16])], expected: &[bool]) -> Vec<bool> {
    let hosts: Vec<&Host> =
        ["internet", "office", "camera", "ot"].map(|name| lab.host(name).expect("a host of the lab")).into();
    let wires: BTreeMap<&str, Wire> =
        hosts.iter().map(|host| (host.name, Wire::open(&host.namespace, HOST_PORT).expect("a wire"))).collect();
    for (sent, frame, _) in frames {
        wires[sent.by.host].send(frame).expect("a wire");
    }
    let mut seen = vec![false; frames.len()];
    for (name, wire) in &wires {
        let wanted =
            frames.iter().zip(expected).filter(|((sent, _, _), passes)| sent.to.host == *name && **passes).count();
        for frame in wire.await_all_marked(MARK, wanted, PATIENCE, SILENCE).expect("a wire") {
            // An error or redirect that quotes a frame holds its marker as well, and goes the other way.
            let is_it = |(sent, _, marker): &(Sent, Vec<u8>, [u8; 16])| {
                sent.to.host == *name && frame.starts_with(&sent.to.mac) && contains(&frame, marker)
            };
            if let Some(number) = frames.iter().position(is_it) {
                seen[number] = true;
            }
        }
    }
    seen
}

fn drawn<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).expect("something is drawn").current()
}

/// What `replay` says about the frames, asked once for each port.
fn replayed(lab: &Lab, policy: &PolicyFile, frames: &[(Sent, Vec<u8>, [u8; 16])]) -> Vec<(bool, String)> {
    let mut ports: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, (sent, _, _)) in frames.iter().enumerate() {
        ports.entry(lab.host(sent.by.host).expect("a host of the lab").network.port).or_default().push(number);
    }
    let mut verdicts = vec![(false, String::new()); frames.len()];
    for (port, numbers) in ports {
        let own: Vec<Vec<u8>> = numbers.iter().map(|number| frames[*number].1.clone()).collect();
        for (number, judged) in numbers.iter().zip(replay(policy.path(), port, &own).expect("replay")) {
            verdicts[*number] = (judged.verdict != "drop", format!("{} {}", judged.verdict, judged.reason));
        }
    }
    verdicts
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn random_policies_let_the_same_frames_through() {
    let mut runner = TestRunner::deterministic();
    let (mut passing, mut refused) = (0, BTreeMap::<String, usize>::new());
    for _ in 0..POLICIES {
        let text = drawn(&mut runner, &policy());
        let [a, b] = [drawn(&mut runner, &mud("a")), drawn(&mut runner, &mud("b"))];
        let mut frames = drawn(&mut runner, &proptest::collection::vec(sent(), FRAMES));
        // A forged sender that audit lets through may reach less than with enforcer, and nobody else.
        let audits = text.contains("0\"]\nmode = \"audit\"") || text.contains("\"\nmode = \"audit\"\n[");
        let may_miss = |sent: &Sent| audits && (sent.by != sent.address || sent.by != sent.mac);
        let policy = PolicyFile::new(&[&text]).unwrap();
        policy.write_beside("a.json", &a).unwrap();
        policy.write_beside("b.json", &b).unwrap();
        let lab = Lab::new().unwrap();
        for end in ENDS {
            for v6 in [false, true] {
                let address = end.address(&lab, v6).to_string();
                let mac = enforcer_tests::lab::mac_text(end.mac);
                let port = lab.host(end.host).unwrap().network.port;
                lab.router
                    .run("ip", &["neigh", "replace", &address, "lladdr", &mac, "dev", port, "nud", "permanent"])
                    .unwrap();
            }
        }
        let mut known = BTreeSet::new();
        frames.retain(|sent| sent.address != sent.to && known.insert(sent.connection(&lab)));
        for ingress in [false, true] {
            let frames: Vec<_> = frames
                .iter()
                .map(|sent| {
                    let marker = raw::marker();
                    (*sent, sent.frame(&lab, &marker), marker)
                })
                .collect();
            let judged = replayed(&lab, &policy, &frames);
            let load = if ingress { Rules::load_at_ingress } else { Rules::load };
            let rules = load(&lab, policy.path()).unwrap();
            let expected: Vec<bool> = judged.iter().map(|(passes, _)| *passes).collect();
            let seen = arrived(&lab, &frames, &expected);
            let wrong: Vec<String> = frames
                .iter()
                .zip(seen.iter().zip(&judged))
                .filter(|((sent, _, _), (seen, judged))| **seen != judged.0 && (**seen || !may_miss(sent)))
                .map(|((sent, _, _), (seen, judged))| format!("{}, and arrived: {seen}: {sent:?}", judged.1))
                .collect();
            assert!(
                wrong.is_empty(),
                "ingress: {ingress}; {} of {} frames:\n{}\n{:?}\n{text}\na.json: {a}\nb.json: {b}\n{}",
                wrong.len(),
                frames.len(),
                wrong.join("\n"),
                rules.counted(),
                rules.text,
            );
            passing += expected.iter().filter(|passes| **passes).count();
            for (_, reason) in judged.iter().filter(|(passes, _)| !passes) {
                *refused.entry(reason.clone()).or_default() += 1;
            }
            rules.unload().unwrap();
        }
    }
    println!("{POLICIES} policies: {passing} frames passed; {refused:?}");
    // Otherwise the policies would show little.
    assert!(passing > 100, "only {passing} frames passed");
    for reason in ["guardrail", "no-transition", "mud-from-device", "mud-to-device", "spoofed-source", "unknown-device"]
    {
        assert!(refused.contains_key(&format!("drop {reason}")), "no frame was dropped for {reason}: {refused:?}");
    }
}
