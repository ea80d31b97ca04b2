//! The bench measures what it says: keys are drawn and written as planned, every packet gets the verdict of its case, and a run
//! in which one does not is void. These tests need root and the bench's object, which `cargo xtask test` builds.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;

use anyhow::Result;
use enforcer_bench::group::Settings;
use enforcer_bench::packet::arena::Arena;
use enforcer_bench::packet::cases::{CASES, Case, DENIED_FROM, ESTABLISHED};
use enforcer_bench::packet::frame::{Frame, Packet, Party, Segment, Shape};
use enforcer_bench::packet::interfaces::{Interfaces, Port};
use enforcer_bench::packet::plans::{Order, START, plan, write};
use enforcer_bench::packet::programs::{Programs, slot};
use enforcer_bench::packet::rivals::RIVALS;
use enforcer_bench::packet::rounds::{Check, Slice, run};
use enforcer_bench::packet::site::Site;
use enforcer_bench_ebpf::draw::{self, FLOORS, HOST_BITS};
use enforcer_common::reason::{Reason, Verdict};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};

const KEYS: u32 = 1000;
const SLICE: Slice = Slice { warm: 50, timed: 200 };

/// `<target>/bpf`, where `<target>/debug/deps` holds this test.
fn object() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    test.ancestors().nth(3).expect("it lies in a target directory").join("bpf/bench.bpf.o")
}

/// On a thread of its own, whose network namespace goes with it.
fn apart(work: impl FnOnce() -> Result<()> + Send) {
    let result = thread::scope(|scope| scope.spawn(work).join());
    result.expect("no panic").unwrap_or_else(|error| panic!("{error:#}"));
}

fn arena() -> Result<Arena> {
    let settings = Settings { quick: true, programs: object() };
    Arena::new(&settings, Site { devices: KEYS, rules: 100, ipv6: true }, SLICE)
}

fn case(name: &str) -> Case {
    *CASES.iter().find(|case| case.name == name).expect("there is such a case")
}

#[test]
#[ignore = "needs root"]
fn every_packet_of_every_case_gets_its_verdict() {
    apart(|| {
        let mut arena = arena()?;
        let mut contestants = Vec::new();
        for shape in Shape::ALL {
            for order in [Order::Uniform, Order::Zipf, Order::Hot] {
                contestants.push(arena.plain("empty", shape, order)?);
                contestants.push(arena.plain("parse", shape, order)?);
                for case in CASES {
                    contestants.push(arena.contestant(&case, shape, order)?);
                }
            }
        }
        for rival in RIVALS {
            contestants.push(arena.rival(&rival, Order::Uniform)?);
        }
        run(&mut arena.programs, &mut arena.products, &mut contestants, 2, SLICE)?;
        assert!(contestants.iter().all(|contestant| contestant.samples.len() == 2));
        Ok(())
    });
}

#[test]
#[ignore = "needs root"]
fn a_packet_that_is_judged_otherwise_voids_the_run() {
    apart(|| {
        let mut arena = arena()?;
        // Its packets are `established`: another reason, or another verdict, is not what is measured.
        for verdict in [(Verdict::Pass, Reason::Allowed), (Verdict::Drop, Reason::Established)] {
            let wrong = Case { verdict, ..case(ESTABLISHED) };
            let mut contestants = [arena.contestant(&wrong, Shape::ALL[0], Order::Uniform)?];
            let error = run(&mut arena.programs, &mut arena.products, &mut contestants, 1, SLICE).unwrap_err();
            assert!(format!("{error:#}").contains("void"), "{error:#}");
        }
        // A single packet of another kind in between is enough.
        let denied = arena.contestant(&case(DENIED_FROM), Shape::ALL[0], Order::Uniform)?;
        let known = arena.contestant(&case(ESTABLISHED), Shape::ALL[0], Order::Uniform)?;
        for (contestant, packets) in [(&denied, 1), (&known, 99)] {
            arena.programs.run(&contestant.plan, &contestant.frame.bytes, contestant.frame.ifindex, packets)?;
        }
        let error = arena.products[0].all_were(100, (Verdict::Pass, Reason::Established)).unwrap_err();
        assert!(error.to_string().contains("99 pass established"), "{error}");
        assert!(error.to_string().contains("1 drop mud-from-device"), "{error}");
        Ok(())
    });
}

#[test]
#[ignore = "needs root"]
fn a_lookup_that_finds_nothing_voids_the_run() {
    apart(|| {
        let interfaces = Interfaces::new()?;
        let mut programs = Programs::load(&object(), KEYS)?;
        let frame = case(ESTABLISHED).packet.frame(Shape::ALL[0], &interfaces.get(Port::Lan)?)?;
        for program in ["hash8", "hash40", "lru40", "lpm"] {
            let plan = plan(KEYS, Order::Uniform, 0, &frame, slot(program));
            let error = programs.run(&plan, &frame.bytes, frame.ifindex, 10).unwrap_err();
            assert!(error.to_string().contains("10 of 10 packets did not find"), "{program}: {error}");
        }
        // Nor does a packet pass unseen that never comes to a program.
        let lost = plan(KEYS, Order::Uniform, 0, &frame, 31);
        assert!(programs.run(&lost, &frame.bytes, frame.ifindex, 10).is_err());
        Ok(())
    });
}

#[test]
#[ignore = "needs root"]
fn the_kernel_draws_the_keys_that_were_planned() {
    apart(|| {
        let interfaces = Interfaces::new()?;
        let frame = case(ESTABLISHED).packet.frame(Shape::ALL[0], &interfaces.get(Port::Lan)?)?;
        for (order, packets) in [(Order::Sweep, KEYS), (Order::Uniform, 50 * KEYS), (Order::Hot, 10)] {
            let mut programs = Programs::load(&object(), KEYS)?;
            let plan = plan(KEYS, order, 0, &frame, slot("record"));
            programs.run(&plan, &frame.bytes, frame.ifindex, packets)?;
            let counts = programs.recorded()?;
            assert_eq!(counts.iter().sum::<u64>(), u64::from(packets));
            match order {
                Order::Sweep => assert!(counts.iter().all(|count| *count == 1)),
                Order::Hot => assert_eq!(counts[plan.hot as usize], 10),
                // Fifty on the average: none of a thousand keys is at 10 or at 100.
                Order::Uniform | Order::Zipf => assert!(counts.iter().all(|count| (10..100).contains(count))),
            }
        }
        Ok(())
    });
}

#[test]
#[ignore = "needs root"]
fn the_kernel_writes_whole_frames() {
    apart(|| {
        let interfaces = Interfaces::new()?;
        let lan = interfaces.get(Port::Lan)?;
        let mut programs = Programs::load(&object(), KEYS)?;
        let packet =
            Packet { enters: Port::Lan, from: Party::Device, to: Party::Peer, service: 443, segment: Segment::Open };
        let mut state = START;
        for shape in Shape::ALL {
            let template: Frame = packet.frame(shape, &lan)?;
            let plan = plan(KEYS, Order::Uniform, 0, &template, slot("empty"));
            let mut senders = BTreeSet::new();
            for _ in 0..50 {
                let bytes = programs.frame(&plan, &template.bytes)?;
                draw::draw(&plan, &mut state);
                let mut same = template.bytes.clone();
                write(&plan, &state, &mut same);
                assert_eq!(bytes, same, "the kernel and the host draw and write alike");
                let parsed = SlicedPacket::from_ethernet(&bytes)?;
                assert_eq!(parsed.vlan_ids().len(), usize::from(shape.tagged));
                let mac = bytes[6..12].to_vec();
                let key = u32::from_be_bytes([mac[2], mac[3], mac[4], mac[5]]);
                assert!(key < KEYS && mac[..2] == [2, 0], "{mac:?}");
                let host = key / FLOORS + 256;
                match parsed.net {
                    Some(NetSlice::Ipv4(ip)) => {
                        assert!(!shape.ipv6);
                        let header = ip.header().to_header();
                        assert_eq!(header.header_checksum, header.calc_header_checksum(), "{shape:?}");
                        let place = (key % FLOORS) << HOST_BITS | host;
                        assert_eq!(u32::from_be_bytes(header.source), 10 << 24 | place);
                    }
                    Some(NetSlice::Ipv6(ip)) => {
                        assert!(shape.ipv6);
                        let segments = ip.header().source_addr().segments();
                        assert_eq!(segments[..4], [0xfd00, 0x10, 0, (key % FLOORS) as u16]);
                        assert_eq!(u32::from(segments[6]) << 16 | u32::from(segments[7]), host);
                    }
                    other => panic!("{shape:?}: {other:?}"),
                }
                let Some(TransportSlice::Tcp(tcp)) = parsed.transport else { panic!("{shape:?}: no TCP") };
                assert_eq!(tcp.destination_port(), 443);
                assert!(tcp.source_port() >= 1024 && tcp.syn() && !tcp.ack());
                senders.insert(key);
            }
            assert!(senders.len() > 40, "{} senders in 50 frames", senders.len());
        }
        Ok(())
    });
}

#[test]
#[ignore = "needs root"]
fn connections_are_forgotten() {
    apart(|| {
        let mut arena = arena()?;
        let known = arena.contestant(&case(ESTABLISHED), Shape::ALL[0], Order::Uniform)?;
        let Check::Judged { instance, .. } = known.check else { panic!("the product is asked") };
        arena.products[instance].forget_connections()?;
        arena.programs.run(&known.plan, &known.frame.bytes, known.frame.ifindex, 1)?;
        // An ACK of no known connection is judged like an opening packet.
        arena.products[instance].all_were(1, (Verdict::Pass, Reason::Allowed))
    });
}
