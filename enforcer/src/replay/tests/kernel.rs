//! The programs in the kernel, with an image that knows no zones: nothing passes, but whatever can be parsed finds its port.
//!
//! Needs the BPF object and the right to load it; says so and does nothing where either is missing.

use enforcer_common::image::{FLAG_AUDIT_ALL, MAGIC, VERSION, head0};
use enforcer_common::reason::{Reason, Verdict};

use super::site::*;
use crate::compile::image::{Image, Names};
use crate::dataplane::Error;
use crate::dataplane::overlay::half;
use crate::dataplane::registry::Registry;
use crate::replay::choose::{Entry, Way};
use crate::replay::link::Medium;
use crate::replay::places::Places;
use crate::replay::{Engine, Finding, Kernel};

fn kernel(flags: u32, names: &Names) -> Option<Kernel> {
    let mut head = [0; 16];
    head[head0::MAGIC] = MAGIC;
    head[head0::VERSION] = VERSION;
    head[head0::CELLS] = 2;
    head[head0::FLAGS] = flags;
    let image = Image { cells: vec![head, [0; 16]], digest: [0; 32], names: names.clone() };
    let half =
        half(&Places::of(names, &crate::policy::facts::Facts::default()).overlay(), &image, &mut Registry::new(1));
    match Kernel::load(&half, names) {
        Ok(kernel) => Some(kernel),
        Err(error @ (Error::NoObject | Error::Privilege)) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Runs a frame at the port, and gives the judgement and the port's name.
fn judged<'k>(
    kernel: &'k mut Kernel,
    names: &Names,
    way: Way,
    medium: Medium,
    port: &str,
    frame: &[u8],
) -> (Finding<'k>, &'k str) {
    let entry = Entry {
        way,
        medium,
        place: Places::of(names, &crate::policy::facts::Facts::default()).find(port).unwrap(),
        port: 0,
        strip: 0,
    };
    let finding = kernel.judge(&entry, 1_000_000_000, frame).unwrap();
    (finding, finding.port.unwrap_or_default())
}

#[test]
fn both_programs_meet_frames_at_invented_ports() {
    let names = names();
    let Some(mut kernel) = kernel(0, &names) else { return };
    let frame = udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    let six = udp6(OTHER, "fd00:30::7", "2001:db8::1");
    let tag = tagged(30, OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    for way in [Way::In, Way::Out] {
        for (medium, at, port, bytes) in [
            (Medium::Ethernet, "lan1", "lan1", &frame[..]),
            (Medium::Ethernet, "lan0.30", "lan0.30", &six[..]),
            (Medium::Ethernet, "lan0", "lan0.30", &tag[..]),
            (Medium::Ethernet, "lan0", "", &frame[..]),
            (Medium::Ip, "wan0", "wan0", &frame[14..]),
            (Medium::Ip, "wan0", "wan0", &six[14..]),
        ] {
            let (judgement, found) = judged(&mut kernel, &names, way, medium, at, bytes);
            let told = (judgement.verdict, found);
            assert_eq!(told, (Verdict::Drop, port), "{way:?} {medium:?} {at}");
        }
    }
}

#[test]
fn what_is_not_sane_is_malformed() {
    let names = names();
    let Some(mut kernel) = kernel(0, &names) else { return };
    let mut frame = udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    frame[17] = 0xff;
    for way in [Way::In, Way::Out] {
        let (judgement, _) = judged(&mut kernel, &names, way, Medium::Ethernet, "lan1", &frame);
        assert_eq!((judgement.verdict, judgement.reason), (Verdict::Drop, Reason::Malformed));
        let (judgement, _) = judged(&mut kernel, &names, way, Medium::Ethernet, "lan1", &[0; 14]);
        assert_eq!(judgement.verdict, Verdict::Drop, "the shortest frame");
    }
}

#[test]
fn a_frame_that_ends_within_its_ip_header_is_malformed() {
    let names = names();
    let Some(mut kernel) = kernel(0, &names) else { return };
    let four = udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    let six = udp6(OTHER, "fd00:30::7", "2001:db8::1");
    for (frame, header) in [(four, 20), (six, 40)] {
        for way in [Way::In, Way::Out] {
            for length in [14, 15, 14 + header - 1] {
                let (judgement, _) = judged(&mut kernel, &names, way, Medium::Ethernet, "lan1", &frame[..length]);
                assert_eq!(
                    (judgement.verdict, judgement.reason),
                    (Verdict::Drop, Reason::Malformed),
                    "{way:?} {length}"
                );
            }
        }
    }
}

#[test]
fn audit_passes_and_keeps_the_reason() {
    let names = names();
    let Some(mut kernel) = kernel(FLAG_AUDIT_ALL, &names) else {
        return;
    };
    let frame = udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    for way in [Way::In, Way::Out] {
        let (judgement, _) = judged(&mut kernel, &names, way, Medium::Ethernet, "lan1", &frame);
        assert_eq!(judgement.verdict, Verdict::Audit);
        assert!(!judgement.reason.is_pass());
    }
}

#[test]
fn super_packets_are_judged_whole() {
    use etherparse::PacketBuilder;
    let names = names();
    let Some(mut kernel) = kernel(0, &names) else { return };
    for payload in [1400, 4000, 9000, 65_000] {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2(OTHER, ROUTER)
            .ipv4([10, 30, 0, 77], [192, 0, 2, 1], 64)
            .tcp(40_000, 443, 1, 1000)
            .ack(1)
            .write(&mut frame, &vec![0; payload])
            .unwrap();
        for way in [Way::In, Way::Out] {
            let (_, port) = judged(&mut kernel, &names, way, Medium::Ethernet, "lan1", &frame);
            assert_eq!(port, "lan1", "{way:?} {payload}");
        }
    }
}
