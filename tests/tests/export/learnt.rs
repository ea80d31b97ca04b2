//! A device that is known by its MAC alone: its profile holds where it was last seen.

use std::net::IpAddr;

use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::rules::Rules;

const POLICY: &str = r#"
[[transitions]]
name = "devices"
from = "office"
to = "iot"
allow = ["mud", "tcp/8883"]
[[transitions]]
from = "iot"
to = "internet"
allow = ["mud"]
[devices.camera]
mac = "02:00:00:00:30:11"
zone = "iot"
mud = ["camera.json"]
my-controllers = ["10.10.0.10", "fd00:10::10"]
[names]
"cloud.camera.example" = ["203.0.113.10", "2001:db8:113::10"]
"#;

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_profile_holds_where_its_device_was_last_seen() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, POLICY]).unwrap();
    let camera = enforcer_tests::router::repository().unwrap().join("examples/demo/mud/camera.json");
    policy.write_beside("camera.json", &std::fs::read_to_string(camera).unwrap()).unwrap();
    let rules = Rules::load(&lab, policy.path()).unwrap();
    let ask = |from, to: &enforcer_tests::lab::Host, at: IpAddr, port, expected: bool| {
        let patience = if expected { PATIENCE } else { SILENCE };
        let seen = exchange::attempt_within(from, &to.namespace, at, Service::Tcp(port), patience).unwrap();
        assert_eq!(seen.answered, expected, "{} to {at} tcp/{port}: {:?}", to.name, rules.counted().unwrap());
    };
    for (camera, cloud) in
        [(IpAddr::from(lab.camera.v4), IpAddr::from(lab.internet.v4)), (lab.camera.v6.into(), lab.internet.v6.into())]
    {
        // As long as it has said nothing, it is like anybody of its zone.
        ask(&lab.office, &lab.camera, camera, 8883, true);
        // Even that was an answer: its address is known by now.
        ask(&lab.office, &lab.camera, camera, 8883, false);
        ask(&lab.office, &lab.camera, camera, 554, true);
        ask(&lab.camera, &lab.internet, cloud, 443, true);
        ask(&lab.camera, &lab.internet, cloud, 80, false);
        // Others of its zone stay what they are.
        let sensor = lab.sensor.like(camera);
        ask(&lab.office, &lab.sensor, sensor, 8883, true);
        ask(&lab.office, &lab.sensor, sensor, 554, false);
    }
    let learnt = lab.router.run("nft", &["list", "set", "inet", "enforcer", "learnt_camera4"]).unwrap();
    assert!(learnt.contains("10.30.0.11"), "{learnt}");
}
