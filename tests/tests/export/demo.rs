//! The flows of the demo.

use enforcer_tests::demo::{attempt, flows::FLOWS, policy};
use enforcer_tests::lab::Lab;
use enforcer_tests::rules::{Rules, grown};

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn the_flows_of_the_demo_end_as_they_do_with_enforcer() {
    let lab = Lab::new().unwrap();
    let rules = Rules::load(&lab, &policy().unwrap()).unwrap();
    for flow in FLOWS {
        let before = rules.counted().unwrap();
        let passed = attempt(&lab, flow).unwrap();
        let reasons = grown(&before, &rules.counted().unwrap());
        let said = format!("{}: {} to {} {}", flow.story, flow.from, flow.at, flow.service);
        assert_eq!(passed, flow.passes, "{said}: {reasons:?}");
        assert!(reasons.iter().any(|reason| reason == flow.reason), "{said}: {reasons:?}, not {}", flow.reason);
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn rules_that_are_loaded_again_take_the_place_of_those_before() {
    let lab = Lab::new().unwrap();
    let policy = policy().unwrap();
    let listed = || lab.router.run("nft", &["list", "tables"]).unwrap();
    Rules::load(&lab, &policy).unwrap();
    let once = listed();
    Rules::load(&lab, &policy).unwrap();
    assert_eq!(listed(), once);
    assert_eq!(once.lines().count(), 3, "{once}");
}
