//! Nothing passes because a policy is not there, or because a lookup in it fails.

use enforcer::dataplane::load::Kernel;
use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::image::{head0, head1};
use enforcer_common::overlay::head;

use super::bare::*;
use super::frames::*;
use super::raw::*;

/// A frame of each family that enters from `office`.
fn sent(port: u16) -> [Vec<u8>; 2] {
    let sent = open(OFFICE, PLC1, port);
    [sent.four.expect("IPv4"), sent.six.expect("IPv6")]
}

/// A frame of each family that the router sends.
fn own(port: u16) -> [Vec<u8>; 2] {
    let sent = open(PLC1.router(), PLC1, port);
    [sent.four.expect("IPv4"), sent.six.expect("IPv6")]
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn the_verdict_is_what_the_program_returns() {
    let image = image();
    let (inside, outside) = (cells(&image, "lan0.10"), cells(&image, "plc1"));
    let mut kernel = kernel(inside.len());
    kernel.memory_mut().switch(&inside, 1).expect("there is room");
    for frame in sent(OPEN) {
        assert_eq!(enters(&mut kernel, &frame), ENTERS.1);
    }
    for frame in sent(CLOSED) {
        assert_eq!(enters(&mut kernel, &frame), ENTERS.0);
    }
    kernel.memory_mut().switch(&outside, 2).expect("there is room");
    for frame in own(OPEN) {
        assert_eq!(leaves(&mut kernel, &frame), LEAVES.1);
    }
    for frame in own(CLOSED) {
        assert_eq!(leaves(&mut kernel, &frame), LEAVES.0);
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn without_a_policy_nothing_passes() {
    let mut kernel = kernel(64);
    for frame in sent(OPEN).iter().chain(&own(OPEN)) {
        assert_eq!(enters(&mut kernel, frame), ENTERS.0);
        assert_eq!(leaves(&mut kernel, frame), LEAVES.0);
    }
}

/// Beyond every half, and a multiple of nothing.
const NOWHERE: u32 = 0x7fff_fff1;

/// Words of the image's headers that every packet needs.
const NEEDED: [usize; 3] = [head0::ENDPOINTS, WORDS + head1::ZONE_COUNT, WORDS + head1::MATRIX];

/// Puts cells in force in which something was spoilt: a frame to the closed port never passes, and where `needed` was spoilt,
/// one to the open port does not either.
fn assert_drops(kernel: &mut Kernel, entering: bool, cells: &[Cell], what: &str, needed: bool) {
    let generation = kernel.memory().generation() + 1;
    kernel.memory_mut().switch(cells, generation).expect("there is room");
    for port in if needed { &[CLOSED, OPEN][..] } else { &[CLOSED] } {
        let (frames, drop) = if entering { (sent(*port), ENTERS.0) } else { (own(*port), LEAVES.0) };
        for frame in frames {
            let returned = if entering { enters(kernel, &frame) } else { leaves(kernel, &frame) };
            assert_eq!(returned, drop, "{what} is spoilt, entering {entering}: tcp/{port}");
        }
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_lookup_that_fails_lets_nothing_pass() {
    let image = image();
    for (name, entering) in [("lan0.10", true), ("plc1", false)] {
        let good = cells(&image, name);
        let mut kernel = kernel(good.len());
        let start = good.len() - image.cells.len();
        for word in [head::MAGIC, head::IMAGE, head::PORTS] {
            let mut cells = good.clone();
            cells[0][word] = NOWHERE;
            assert_drops(&mut kernel, entering, &cells, &format!("word {word} of the overlay"), true);
        }
        for at in (0..2 * WORDS).filter(|at| *at != head0::FLAGS) {
            let mut cells = good.clone();
            cells[start + at / WORDS][at % WORDS] = NOWHERE;
            assert_drops(&mut kernel, entering, &cells, &format!("word {at} of the image"), NEEDED.contains(&at));
        }
        // What the headers lead to: ladders, tables, endpoints, the matrix.
        for cell in start + 2..good.len() {
            let mut cells = good.clone();
            cells[cell] = [NOWHERE; WORDS];
            assert_drops(&mut kernel, entering, &cells, &format!("cell {} of the image", cell - start), false);
        }
    }
}
