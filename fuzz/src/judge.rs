//! The steps of the kernel program, run on the host over an image.

use std::sync::LazyLock;

use enforcer_common::event::Outcome;
use enforcer_common::reason::{Reason, Verdict};
use enforcer_ebpf::host::Host;
use etherparse::PacketBuilder;

/// A second of the programs' clock.
const SECOND: u64 = 1_000_000_000;

/// Judges a frame at each of the first ports of the image in force, as `replay` lays them out: entering, entering again, and
/// leaving. Gives what became of it when it first entered, by port.
pub fn everywhere(host: &mut Host, ports: usize, frame: &[u8]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for port in 1..ports.min(6) as u32 {
        let ethernet = 2 * port + 1;
        for ifindex in [ethernet, ethernet + 1] {
            let first = host.enters(ifindex, SECOND, frame);
            judged(&first);
            judged(&host.enters(ifindex, 2 * SECOND, frame));
            outcomes.push(first);
            for entered in [0, ethernet + 2] {
                if let Some(outcome) = host.leaves(ifindex, entered, 3 * SECOND, frame) {
                    judged(&outcome);
                }
            }
        }
    }
    host.forget();
    outcomes
}

/// The program said what it does, and why, in numbers that mean something.
fn judged(outcome: &Outcome) {
    assert_eq!(outcome.written, 1, "nothing was said of the frame");
    let reason = Reason::from_u8(outcome.reason).expect("a reason");
    let verdict = Verdict::from_u8(outcome.verdict).expect("a verdict");
    assert_eq!(verdict == Verdict::Pass, reason.is_pass(), "{verdict:?} because of {reason:?}");
}

/// A few frames of the demo's camera and of others, in both families.
pub static FRAMES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let camera =
        ([0x02, 0, 0, 0, 0x30, 0x11], [10, 30, 0, 11], [0xfd, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11]);
    let desk = ([0x02, 0, 0, 0, 0x10, 0x07], [10, 10, 0, 7], [0xfd, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    let cloud = ([203, 0, 113, 10], [0x20, 0x01, 0x0d, 0xb8, 0x01, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]);
    let router = ([10, 30, 0, 1], [0xfd, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let group = ([224, 0, 0, 251], [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb]);
    let mut frames = Vec::new();
    for (mac, four, six) in [camera, desk] {
        for to in [cloud, router, group, (camera.1, camera.2)] {
            for port in [443, 53] {
                for v6 in [false, true] {
                    let packet = || {
                        let link = PacketBuilder::ethernet2(mac, [0x02, 0, 0, 0, 0, 0x01]);
                        if v6 { link.ipv6(six, to.1, 64) } else { link.ipv4(four, to.0, 64) }
                    };
                    let (mut tcp, mut udp) = (Vec::new(), Vec::new());
                    packet().tcp(40_000, port, 1, 1024).syn().write(&mut tcp, &[]).expect("it fits");
                    packet().udp(40_000, port).write(&mut udp, &[0; 8]).expect("it fits");
                    frames.extend([tcp, udp]);
                }
            }
        }
    }
    frames
});
