//! The lab itself, without enforcer: what it carries, so that a silence in other tests means something.

use std::net::IpAddr;
use std::time::Duration;

use enforcer_tests::exchange::{self, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::raw::{self, Wire};

const PATIENCE: Duration = Duration::from_secs(2);

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn everyone_reaches_everyone() {
    let lab = Lab::new().unwrap();
    for from in lab.hosts() {
        for to in lab.hosts() {
            if from.network == to.network {
                continue;
            }
            for at in [IpAddr::from(to.v4), IpAddr::from(to.v6)] {
                for service in [Service::Echo, Service::Tcp(443), Service::Udp(5000)] {
                    let seen = exchange::attempt(from, &to.namespace, at, service).unwrap();
                    let (from, to) = (from.name, to.name);
                    assert!(seen.arrived, "{from} to {to} at {at}, {service:?}");
                    assert!(seen.answered, "{to} to {from} at {at}, {service:?}");
                }
            }
        }
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn tagged_frames_arrive_as_they_were_sent() {
    let lab = Lab::new().unwrap();
    for tags in [&[30][..], &[100, 30], &[0]] {
        let camera = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
        let router = Wire::open(&lab.router, "iot0").unwrap();
        let marker = raw::marker();
        let ends =
            Ends { mac: (lab.camera.mac, lab.camera.network.mac), ip: (lab.camera.v4.into(), lab.internet.v4.into()) };
        let sent = frame::build(ends, tags, Service::Udp(5000), &marker).unwrap();
        camera.send(&sent).unwrap();
        let seen = router.await_marked(&marker, PATIENCE).unwrap();
        assert_eq!(seen, Some(sent), "tags {tags:?}");
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_raw_frame_is_forwarded() {
    let lab = Lab::new().unwrap();
    // The router must know the neighbour, or it asks for it first.
    exchange::attempt(&lab.camera, &lab.internet.namespace, lab.internet.v4, Service::Echo).unwrap();
    let camera = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let internet = Wire::open(&lab.internet.namespace, HOST_PORT).unwrap();
    let marker = raw::marker();
    let ends =
        Ends { mac: (lab.camera.mac, lab.camera.network.mac), ip: (lab.camera.v4.into(), lab.internet.v4.into()) };
    camera.send(&frame::build(ends, &[], Service::Udp(5000), &marker).unwrap()).unwrap();
    let seen = internet.await_marked(&marker, PATIENCE).unwrap().unwrap();
    assert_eq!(seen[..6], lab.internet.mac);
    assert_eq!(seen[6..12], lab.internet.network.mac);
    assert_eq!(seen[22], 63, "one hop less to live");
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nothing_is_left_behind() {
    let name = {
        let lab = Lab::new().unwrap();
        lab.router.path()
    };
    assert!(!name.exists());
}
