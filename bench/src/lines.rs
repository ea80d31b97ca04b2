//! How many cache lines a packet reads that no other packet has just read: counted, not timed.
//!
//! The product's steps run in this process, over maps that write down what is read. A cell of the image is a line.

use std::collections::{BTreeSet, HashMap};
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use enforcer::compile::image::Image;
use enforcer::dataplane::overlay;
use enforcer::dataplane::registry::Registry;
use enforcer_bench_ebpf::draw;
use enforcer_bench_ebpf::plan::State;
use enforcer_ebpf::host::{Host, Touched};

use crate::group::{Group, Settings};
use crate::packet::arena::compiled;
use crate::packet::cases::{
    CASES, Case, Connections, DENIED_FROM, DENIED_PEER, DENIED_TO, DENIED_ZONE, ESTABLISHED, HANDSHAKE,
};
use crate::packet::frame::{Frame, Shape};
use crate::packet::interfaces::Interfaces;
use crate::packet::plans::{Order, START, plan, write};
use crate::packet::{BASE, PRODUCT};
use crate::results::{Id, Measured, Results};
use crate::target::{Sense, Target};

/// What a packet touches.
pub const GROUP: Group = Group {
    name: NAME,
    about: "Cache lines that a packet reads and that hardly any other packet has just read: a cell of the image that less than \
            one packet in a thousand needs, and what stands in the kernel's hash tables. Counted over random devices, by the \
            program's own steps in a process.",
    run,
    targets,
    plots: |_| Vec::new(),
};

const NAME: &str = "lines";

/// Packets of each kind.
const PACKETS: u32 = 20_000;
/// A cell that this part of the packets needs is in the cache.
const AT_HAND: u32 = 1000;

/// Lines of the kernel's LRU hash that a lookup reads: the head of the chain, and where there is an entry its 144 bytes, which
/// begin where the allocator put them.
const HASH_MISS: u32 = 1;
const HASH_HIT: u32 = 1 + 3;

fn run(_: &Settings, results: &mut Results) -> Result<()> {
    eprintln!("lines: {} endpoints", BASE.devices);
    let measured = thread::scope(|scope| {
        let work = scope.spawn(count_all);
        work.join().map_err(|_| anyhow!("the count panicked"))?
    })?;
    results.extend(measured);
    Ok(())
}

fn count_all() -> Result<Vec<Measured>> {
    let image = compiled(&BASE)?;
    let interfaces = Interfaces::new()?;
    let mut measured = Vec::new();
    for shape in Shape::ALL.into_iter().filter(|shape| !shape.tagged) {
        for case in CASES.iter().filter(|case| case.connections == Connections::Established) {
            let lines = count(case, shape, &image, &interfaces).with_context(|| case.name)?;
            let name = format!("{}, {}", case.name, shape.label());
            let id = Id {
                group: NAME,
                case: &name,
                contender: PRODUCT,
                keys: Some(BASE.devices.into()),
                rules: Some(BASE.rules.into()),
            };
            measured.push(Measured::counted(id, lines, "lines"));
        }
    }
    Ok(measured)
}

/// The lines of one case, on the average.
fn count(case: &Case, shape: Shape, image: &Image, interfaces: &Interfaces) -> Result<f64> {
    let mut host = Host::new();
    host.switch(overlay::half(&interfaces.entries(&image.names)?, image, &mut Registry::new(65_536)), 1);
    let frame = |case: &Case| case.packet.frame(shape, &interfaces.get(case.packet.enters)?);
    let handshake = [frame(&HANDSHAKE[0])?, frame(&HANDSHAKE[1])?];
    let frame = frame(case)?;
    let plan_of = |frame| plan(BASE.devices, Order::Uniform, case.flow, frame, 0);
    let (plan, steps) = (plan_of(&frame), handshake.each_ref().map(plan_of));
    let mut state = START;
    let mut touched = Vec::new();
    for _ in 0..PACKETS {
        draw::draw(&plan, &mut state);
        if case.name == ESTABLISHED {
            for (step, (plan, frame)) in HANDSHAKE.iter().zip(steps.iter().zip(&handshake)) {
                send(&mut host, step, &bytes(frame, plan, &state), frame.ifindex)?;
            }
        }
        host.watch();
        send(&mut host, case, &bytes(&frame, &plan, &state), frame.ifindex)?;
        touched.push(host.watch());
    }
    Ok(average(&touched))
}

/// The frame of the drawn key.
fn bytes(frame: &Frame, plan: &enforcer_bench_ebpf::plan::Plan, state: &State) -> Vec<u8> {
    let mut bytes = frame.bytes.clone();
    write(plan, state, &mut bytes);
    bytes
}

/// Has a frame judged; a verdict that is not that of the case voids the count.
fn send(host: &mut Host, case: &Case, bytes: &[u8], ifindex: u32) -> Result<()> {
    let outcome = host.enters(ifindex, 1_000_000_000_000, bytes);
    let (verdict, reason) = case.verdict;
    // A connection that is opened a second time is known.
    let again = case == &HANDSHAKE[0] && outcome.reason == enforcer_common::reason::Reason::Established as u8;
    if (outcome.verdict, outcome.reason) != (verdict as u8, reason as u8) && !again {
        bail!("void: verdict {}, reason {}", outcome.verdict, outcome.reason);
    }
    Ok(())
}

/// Lines that were not at hand, on the average.
fn average(packets: &[Touched]) -> f64 {
    let distinct: Vec<BTreeSet<u32>> = packets.iter().map(|touched| touched.cells.iter().copied().collect()).collect();
    let mut readers: HashMap<u32, u32> = HashMap::new();
    for cell in distinct.iter().flatten() {
        *readers.entry(*cell).or_default() += 1;
    }
    let often = packets.len() as u32 / AT_HAND;
    let cells = distinct.iter().flatten().filter(|cell| readers[cell] <= often).count();
    let tables: u32 = packets.iter().map(|touched| touched.found * HASH_HIT + touched.missed * HASH_MISS).sum();
    (cells as f64 + f64::from(tables)) / packets.len() as f64
}

fn targets(results: &Results) -> Vec<Target> {
    let mut targets = Vec::new();
    for shape in Shape::ALL.into_iter().filter(|shape| !shape.tagged) {
        let bounds = [(ESTABLISHED, 2.0), (DENIED_ZONE, 3.0), (DENIED_PEER, 3.0), (DENIED_FROM, 3.0), (DENIED_TO, 3.0)];
        for (case, bound) in bounds {
            let case = format!("{case}, {}", shape.label());
            let id = Id {
                group: NAME,
                case: &case,
                contender: PRODUCT,
                keys: Some(BASE.devices.into()),
                rules: Some(BASE.rules.into()),
            };
            targets.push(Target::new(format!("{case}: random lines"), Sense::AtMost, bound, results.value(&id)));
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everyone_reads_is_at_hand() {
        let packets: Vec<Touched> = (0..4000)
            .map(|packet| Touched {
                // Cell 7 is read by all and 8 by one in a hundred; each packet has two of its own, and reads one of them twice.
                cells: vec![7, if packet % 100 == 0 { 8 } else { 7 }, 1000 + packet, 9000 + packet, 1000 + packet],
                found: u32::from(packet % 2 == 0),
                missed: 3,
            })
            .collect();
        assert_eq!(average(&packets), 2.0 + 0.5 * f64::from(HASH_HIT) + 3.0 * f64::from(HASH_MISS));
    }
}
