//! A coffee machine's captures, replayed onto the wire under a MUD profile written for it: what the router's stack gets is
//! exactly what `enforcer replay` says passes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::{fs, thread};

use anyhow::Result;
use enforcer_tests::counts::Counts;
use enforcer_tests::exchange::{PATIENCE, SILENCE, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::pcap;
use enforcer_tests::raw::Wire;
use enforcer_tests::replay::{Judged, replay, replay_capture};
use enforcer_tests::router::{Router, repository};
use enforcer_tests::topology::Mac;

const MACHINE: (Mac, Ipv4Addr) = ([0x5c, 0xcf, 0x7f, 0x07, 0xae, 0xfb], Ipv4Addr::new(10, 10, 10, 146));
const PHONE: (Mac, Ipv4Addr) = ([0x38, 0x0b, 0x40, 0xef, 0x85, 0x41], Ipv4Addr::new(10, 10, 10, 30));

fn policy() -> Result<PathBuf> {
    Ok(repository()?.join("tests/fixtures/smarter-coffee/policy.toml"))
}

/// The lab with the network of the captures at `iot0`. The port is a bridge's, as an access point's is: the machine and the
/// phone speak to each other through it.
fn lab() -> Result<Lab> {
    let lab = Lab::new()?;
    lab.router.run("ip", &["address", "flush", "dev", "iot0", "scope", "global"])?;
    lab.router.run("ip", &["address", "add", "10.10.10.1/24", "dev", "iot0"])?;
    lab.router.run("ip", &["link", "add", "br0", "type", "bridge", "mcast_snooping", "0"])?;
    lab.router.run("ip", &["link", "set", "iot0", "master", "br0"])?;
    lab.router.run("ip", &["link", "set", "br0", "up"])?;
    Ok(lab)
}

/// Sends frames into `iot0`, and compares what the router's stack gets, and what is counted as dropped, with what was said.
fn compare(lab: &Lab, router: &Router<'_>, frames: &[Vec<u8>], judged: &[Judged], what: &str) -> Result<()> {
    let camera = Wire::open(&lab.camera.namespace, HOST_PORT)?;
    let behind = Wire::open(&lab.router, "iot0")?;
    let before = Counts::of(&router.metrics()?)?;
    for frame in frames {
        camera.send(frame)?;
    }
    assert_eq!(frames.len(), judged.len(), "{what}");
    let passing: Vec<&Vec<u8>> =
        frames.iter().zip(judged).filter(|(_, judged)| judged.verdict == "pass").map(|(frame, _)| frame).collect();
    // The lab's own hosts may speak too.
    let own = [lab.camera.mac, lab.sensor.mac];
    let mut seen = Vec::new();
    while seen.len() < passing.len()
        && let Some(frame) = behind.receive(PATIENCE)?
    {
        seen.push(frame);
        seen.retain(|frame| !own.iter().any(|mac| frame[6..12] == *mac));
    }
    seen.extend(behind.collect(SILENCE)?.into_iter().filter(|frame| !own.iter().any(|mac| frame[6..12] == *mac)));
    for (number, (frame, judged)) in frames.iter().zip(judged).enumerate() {
        let (sent, came) = (count(frames, frame), count(&seen, frame));
        let expected = if judged.verdict == "pass" { sent } else { 0 };
        assert_eq!(came, expected, "{what}, frame {}: {judged:?}", number + 1);
    }
    assert!(seen.iter().eq(passing.iter().copied()), "{what}: other frames, or in another order");

    let mut dropped = BTreeMap::new();
    for judged in judged.iter().filter(|judged| judged.verdict == "drop") {
        let zone = |zone: &Option<String>| zone.clone().unwrap_or_else(|| "none".to_owned());
        *dropped.entry((zone(&judged.from), zone(&judged.to), judged.reason.clone())).or_insert(0_u64) += 1;
    }
    thread::sleep(SILENCE);
    let grown = Counts::of(&router.metrics()?)?.since(&before);
    for ((from, to, reason), number) in &dropped {
        assert_eq!(grown.get((from, to), ("drop", reason)).packets, *number, "{what}: {dropped:?}\n{grown}");
    }
    Ok(())
}

/// How often a frame is there.
fn count(frames: &[Vec<u8>], frame: &Vec<u8>) -> usize {
    frames.iter().filter(|other| *other == frame).count()
}

/// Where the captures are, which are no part of this repository; says so where they are not.
fn captures() -> Result<Option<Vec<PathBuf>>> {
    let folder =
        repository()?.join("../shared/corpus/pcap/iot-onboarding__mudmaker/tests/fixtures").join("SmarterCoffee");
    if !folder.is_dir() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "coffee SKIPPED: there is no {}", folder.display())?;
        return Ok(None);
    }
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "pcap"));
    files.sort();
    Ok(Some(files))
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_comes_through_is_what_replay_passes() {
    let Some(captures) = captures().unwrap() else { return };
    let policy = policy().unwrap();
    let lab = lab().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for capture in &captures {
        let judged = replay_capture(&policy, "iot0", capture).unwrap();
        compare(&lab, &router, &pcap::read(capture).unwrap(), &judged, &name(capture)).unwrap();
        for judged in judged {
            *reasons.entry((judged.verdict, judged.reason)).or_default() += 1;
        }
    }
    // Counted in the captures with another tool: ARP (93), DHCP requests (41) and IGMP (20); the app's last segments (2); the
    // access point's business, EAPOL (44) and an XID frame (1), which is nobody's to forward; and the answers of the router,
    // which do not come from a device's port.
    let expected = [
        (("drop", "mud-from-device"), 45),
        (("drop", "spoofed-source"), 41),
        (("pass", "allowed"), 2),
        (("pass", "essential"), 154),
    ];
    let expected: BTreeMap<_, _> =
        expected.into_iter().map(|((verdict, reason), n)| ((verdict.to_owned(), reason.to_owned()), n)).collect();
    assert_eq!(reasons, expected);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_the_machine_is_not_for_does_not_come_through() {
    let policy = policy().unwrap();
    let lab = lab().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    let udp = Service::Udp(2081);
    let (app, web) = (Service::Tcp(2081), Service::Tcp(80));
    let cloud = (lab.camera.network.mac, lab.internet.v4);
    let stranger = ([0x02, 0, 0, 0, 0x66, 0x66], MACHINE.1);
    let cases = [
        (PHONE, MACHINE, app, "allowed"),
        (PHONE, MACHINE, web, "mud-to-device"),
        (PHONE, MACHINE, udp, "mud-to-device"),
        (MACHINE, PHONE, app, "mud-from-device"),
        (MACHINE, cloud, Service::Tcp(443), "mud-from-device"),
        (PHONE, cloud, Service::Tcp(443), "no-transition"),
        (stranger, PHONE, app, "spoofed-source"),
        (PHONE, MACHINE, app, "established"),
    ];
    let frames: Vec<Vec<u8>> = cases
        .iter()
        .map(|(from, to, service, _)| {
            let ends = Ends { mac: (from.0, to.0), ip: (IpAddr::from(from.1), to.1.into()) };
            frame::build(ends, &[], *service, &[]).unwrap()
        })
        .collect();
    let judged = replay(&policy, "iot0", &frames).unwrap();
    let reasons: Vec<&str> = judged.iter().map(|judged| &*judged.reason).collect();
    assert_eq!(reasons, cases.map(|case| case.3));
    compare(&lab, &router, &frames, &judged, "beside the profile").unwrap();
    router.stop().unwrap();
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
