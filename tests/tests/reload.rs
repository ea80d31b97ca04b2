//! What a change of policy does to traffic under way, to counters, and what stays when the daemon goes.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use enforcer_tests::conversation::Conversation;
use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::lab::{Host, Lab};
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::Router;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const WEB: &str = r#"
[[transitions]]
name = "web"
from = "office"
to = "internet"
allow = ["tcp/443"]
"#;

const PLANT: &str = r#"
[[transitions]]
name = "plant"
from = "office"
to = "ot"
allow = ["tcp/502"]
"#;

/// How long a reload may take.
const SWITCH: Duration = Duration::from_secs(10);

fn talk(from: &Host, to: &Host, at: IpAddr, port: u16) -> Conversation {
    let at = SocketAddr::new(at, port);
    let opened = Conversation::open(&from.namespace, from.like(at.ip()), &to.namespace, at, PATIENCE).unwrap();
    let mut talk = opened.unwrap_or_else(|| panic!("{} to {at}", from.name));
    assert!(talk.goes_on(PATIENCE).unwrap(), "{} to {at}", from.name);
    talk
}

fn generation(router: &Router<'_>) -> u64 {
    router.status().unwrap()["generation"].as_u64().unwrap()
}

/// Both families' conversations from the office: to the internet, and to the plant.
fn talks(lab: &Lab) -> (Vec<Conversation>, Vec<Conversation>) {
    let web = [IpAddr::from(lab.internet.v4), lab.internet.v6.into()];
    let plant = [IpAddr::from(lab.ot.v4), lab.ot.v6.into()];
    let twice = |at: IpAddr| [at, at];
    (
        web.into_iter().flat_map(twice).map(|at| talk(&lab.office, &lab.internet, at, 443)).collect(),
        plant.into_iter().map(|at| talk(&lab.office, &lab.ot, at, 502)).collect(),
    )
}

/// Those that were revoked say nothing more, whichever side begins; the others go on.
fn only_the_others_go_on(revoked: &mut [Conversation], others: &mut [Conversation]) {
    for (number, talk) in revoked.iter_mut().enumerate() {
        let (first, then) = if number % 2 == 0 {
            (talk.from_client(SILENCE).unwrap(), talk.from_server(SILENCE).unwrap())
        } else {
            (talk.from_server(SILENCE).unwrap(), talk.from_client(SILENCE).unwrap())
        };
        assert!(!first && !then, "revoked: {talk:?}");
    }
    for talk in others {
        assert!(talk.goes_on(PATIENCE).unwrap(), "unaffected: {talk:?}");
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_reload_stops_what_was_revoked_and_nothing_else() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, WEB, PLANT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let (mut web, mut plant) = talks(&lab);
    let before = generation(&router);
    policy.write(&[ZONES, PLANT]).unwrap();
    let said = router.ask(&["reload"]).unwrap();
    assert!(said.contains("enforcing generation"), "{said}");
    assert_eq!(generation(&router), before + 1);
    only_the_others_go_on(&mut web, &mut plant);

    // And what is allowed again opens again.
    policy.write(&[ZONES, WEB]).unwrap();
    router.ask(&["reload"]).unwrap();
    only_the_others_go_on(&mut plant, &mut [talk(&lab.office, &lab.internet, lab.internet.v6.into(), 443)]);
    let metrics = router.metrics().unwrap();
    assert_eq!(metrics.sum("enforcer_policy_reloads_total", &[("result", "success")]), 2.0);
    assert_eq!(metrics.sum("enforcer_policy_generation", &[]), generation(&router) as f64);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn sighup_reloads() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, WEB, PLANT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let (mut web, mut plant) = talks(&lab);
    let before = generation(&router);
    policy.write(&[ZONES, PLANT]).unwrap();
    kill(Pid::from_raw(i32::try_from(router.pid()).unwrap()), Signal::SIGHUP).unwrap();
    let end = Instant::now() + SWITCH;
    while generation(&router) == before {
        assert!(Instant::now() < end, "no new generation; it said\n{}", router.said());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(router.status().unwrap()["last_reload"]["by"], "SIGHUP");
    only_the_others_go_on(&mut web, &mut plant);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_broken_policy_leaves_the_old_one_in_force() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, WEB, PLANT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let (mut web, _plant) = talks(&lab);
    let before = (generation(&router), router.status().unwrap()["digest"].clone());
    let broken = "[[transitions]]\nfrom = \"offcie\"\nto = \"internet\"\nallow = [\"tcp/443\"]\n";
    let unknown = ZONES.replace("wan0", "wan9");
    // An error of the policy, one of its grammar, and an interface that does not exist.
    for (parts, expected) in [
        (
            vec![ZONES, PLANT, broken],
            vec![format!("policy.toml:{}", (ZONES.to_owned() + PLANT).lines().count() + 2), "offcie".into()],
        ),
        (vec![ZONES, "[zones"], vec![format!("policy.toml:{}", ZONES.lines().count() + 1)]),
        (vec![&unknown, WEB], vec!["wan9".into()]),
    ] {
        policy.write(&parts).unwrap();
        let output = router.command(&["reload"]).unwrap().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for expected in expected {
            assert!(said.contains(&expected), "{expected} in\n{said}");
        }
        assert!(said.contains("the old policy stays in force"), "{said}");
        let status = router.status().unwrap();
        assert_eq!((generation(&router), status["digest"].clone()), before);
        assert!(status["last_reload"]["error"].is_string(), "{status}");
        for talk in &mut web {
            assert!(talk.goes_on(PATIENCE).unwrap());
        }
    }
    let failed = router.metrics().unwrap().sum("enforcer_policy_reloads_total", &[("result", "failure")]);
    assert_eq!(failed, 3.0);
    // A signal cannot answer; the log does.
    kill(Pid::from_raw(i32::try_from(router.pid()).unwrap()), Signal::SIGHUP).unwrap();
    let end = Instant::now() + SWITCH;
    while router.status().unwrap()["last_reload"]["by"] != "SIGHUP" {
        assert!(Instant::now() < end, "{}", router.said());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(router.said().contains("wan9"), "{}", router.said());
    assert!(web.iter_mut().all(|talk| talk.goes_on(PATIENCE).unwrap()));
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn counters_go_on_by_name_when_numbers_shift() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[&ZONES.replace("zones.iot", "zones.things"), WEB, PLANT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let open = |port| {
        let at = IpAddr::from(lab.internet.v4);
        exchange::attempt_within(&lab.office, &lab.internet.namespace, at, Service::Tcp(port), PATIENCE).unwrap()
    };
    let count = |rule: &str| {
        router.metrics().unwrap().sum("enforcer_rule_packets_total", &[("layer", "transition"), ("rule", rule)])
    };
    let packets = |from: &str, to: &str, reason: &str| {
        let labels = [("from", from), ("to", to), ("reason", reason)];
        router.metrics().unwrap().sum("enforcer_packets_total", &labels)
    };
    let silent = |port| {
        let at = SocketAddr::new(lab.internet.v4.into(), port);
        exchange::udp(&lab.office, &lab.internet.namespace, 0, at, SILENCE).unwrap()
    };
    for _ in 0..3 {
        assert!(open(443).answered);
    }
    for _ in 0..2 {
        assert!(!silent(99).arrived);
    }
    assert_eq!((count("web"), count("plant")), (3.0, 0.0));
    assert_eq!(packets("office", "internet", "allowed"), 3.0);
    assert_eq!(packets("office", "internet", "no-transition"), 2.0);

    // A zone, two rules and a guardrail that sort before all others; one zone goes.
    let first = "\n[[transitions]]\nname = \"aa\"\nfrom = \"aardvark\"\nto = \"internet\"\nallow = [\"tcp/443\"]\n\
        [[transitions]]\nname = \"ab\"\nfrom = \"office\"\nto = \"internet\"\nallow = [\"udp/98\"]\n\
        [[guardrails]]\nname = \"a\"\nfrom = \"aardvark\"\nto = \"office\"\ndeny = [\"any\"]\n";
    policy.write(&[&ZONES.replace("zones.iot", "zones.aardvark"), WEB, PLANT, first]).unwrap();
    router.ask(&["reload"]).unwrap();
    assert_eq!((count("web"), count("plant"), count("aa"), count("ab")), (3.0, 0.0, 0.0, 0.0));
    for _ in 0..2 {
        assert!(open(443).answered);
    }
    assert!(!silent(99).arrived);
    assert!(silent(98).answered);
    let camera = IpAddr::from(lab.internet.v6);
    assert!(exchange::attempt(&lab.camera, &lab.internet.namespace, camera, Service::Tcp(443)).unwrap().answered);
    assert_eq!((count("web"), count("plant"), count("aa"), count("ab")), (5.0, 0.0, 1.0, 1.0));
    assert_eq!(packets("office", "internet", "allowed"), 6.0);
    assert_eq!(packets("office", "internet", "no-transition"), 3.0);
    assert_eq!(packets("aardvark", "internet", "allowed"), 1.0);
    assert_eq!(packets("things", "internet", "allowed"), 0.0);
    router.stop().unwrap();
}
