//! `enforcer drops`: what was dropped, in the words of the policy.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use enforcer_tests::exchange::{self, SILENCE};
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::{self, Router};
use serde_json::{Value, json};

const RULES: &str = r#"
[[transitions]]
from = "iot"
to = ["internet", "router"]
allow = ["mud"]
[[guardrails]]
name = "no telnet"
from = "*"
to = "internet"
deny = ["udp/23"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["camera.json"]
my-controllers = ["10.10.0.10"]
[names]
"cloud.camera.example" = ["203.0.113.10", "2001:db8:113::10"]
"#;

/// The first sample that has all of these members.
fn sample(router: &Router<'_>, expected: &Value) -> Value {
    let end = Instant::now() + Duration::from_secs(5);
    let expected = expected.as_object().unwrap();
    loop {
        let samples = router.drops().unwrap();
        if let Some(found) =
            samples.iter().find(|sample| expected.iter().all(|(name, value)| &sample[name.as_str()] == value))
        {
            return found.clone();
        }
        assert!(Instant::now() < end, "no {expected:?} in {samples:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn samples_name_zone_device_reason_rule_and_place() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, RULES]).unwrap();
    let mud = router::repository().unwrap().join("examples/demo/mud/camera.json");
    policy.write_beside("camera.json", &fs::read_to_string(mud).unwrap()).unwrap();
    let line = 1 + (ZONES.to_owned() + RULES).lines().position(|line| line == "[[guardrails]]").unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for (at, protocol) in [(IpAddr::from(lab.internet.v4), "10.30.0.11"), (lab.internet.v6.into(), "fd00:30::11")] {
        for (port, reason) in [(23, "guardrail"), (99, "mud-from-device")] {
            let end = SocketAddr::new(at, port);
            assert!(!exchange::udp(&lab.camera, &lab.internet.namespace, 0, end, SILENCE).unwrap().arrived);
            let found = sample(
                &router,
                &json!({
                    "verdict": "drop", "reason": reason, "port": "iot0", "interface": "iot0",
                    "from": "iot", "to": "internet", "device": "camera", "peer": null,
                    "source": protocol, "destination": at.to_string(), "protocol": "udp", "destination_port": port,
                }),
            );
            assert!(found["time"].as_f64().unwrap() > 1.7e9, "{found}");
            if reason == "guardrail" {
                assert_eq!(found["layer"], "guardrail");
                assert_eq!(found["rule"], "no telnet");
                let place = found["at"].as_str().unwrap();
                assert!(place.ends_with(&format!("policy.toml:{line}")), "{place}, not line {line}");
            } else {
                assert_eq!(found["layer"], "mud");
            }
        }
    }
    // What no transition allows rests on no entry.
    let end = SocketAddr::new(lab.ot.v4.into(), 502);
    assert!(!exchange::udp(&lab.office, &lab.ot.namespace, 0, end, SILENCE).unwrap().arrived);
    let found = sample(&router, &json!({"reason": "no-transition", "from": "office", "to": "ot", "port": "office0"}));
    assert_eq!((&found["rule"], &found["at"], &found["device"]), (&Value::Null, &Value::Null, &Value::Null));

    let text = router.ask(&["drops"]).unwrap();
    let told = text.lines().find(|line| line.contains("drop guardrail")).unwrap_or_else(|| panic!("{text}"));
    for word in ["iot0", "iot>internet", "10.30.0.11:", "203.0.113.10:23", "device camera", "rule no telnet"] {
        assert!(told.contains(word), "{word} in {told}");
    }
    router.stop().unwrap();
}
