//! The demo, as a test: every flow of its table ends as the policy says.

use enforcer_tests::demo;
use enforcer_tests::lab::Lab;
use enforcer_tests::router::Router;

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn every_flow_ends_as_expected() {
    let policy = demo::policy().unwrap();
    let lab = Lab::new().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    let mut shown = Vec::new();
    let paint = demo::show::Paint::detect();
    let outcomes =
        demo::run(&lab, &router, &policy, |outcome| demo::show::outcome(&mut shown, paint, outcome)).unwrap();
    assert!(outcomes.iter().all(demo::Outcome::as_expected), "\n{}", String::from_utf8_lossy(&shown));
    router.stop().unwrap();
}
