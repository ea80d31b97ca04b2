//! Image files: a damaged one is refused, and whatever is accepted can be put in force: every lookup in it ends, and finds
//! what it looks for or nothing.

use enforcer::image_file::{ImageFile, mend};
use enforcer::replay::Replay;
use enforcer_common::cell::{Cell, Cells};
use enforcer_common::endpoint::{Endpoint, endpoint};
use enforcer_common::image::{Heads, head1, heads, port, zone};
use enforcer_common::layers::{Decision, judge};
use enforcer_common::packet::{Packet, flag, kind};
use enforcer_common::source::{self, World};
use enforcer_ebpf::host::Host;

use crate::judge::{FRAMES, everywhere};

/// Reads the bytes as an image file: as they are, and with the checksums that they should have.
pub fn check(content: &[u8]) {
    if let Ok(file) = ImageFile::from_bytes(content) {
        sound(&file);
        is_refused_when_damaged(content);
    }
    let mut mended = content.to_vec();
    mend(&mut mended);
    if let Ok(file) = ImageFile::from_bytes(&mended) {
        sound(&file);
    }
}

/// One wrong bit anywhere, or one byte too many or too few, and the file is refused.
fn is_refused_when_damaged(content: &[u8]) {
    let number = content.iter().fold(0usize, |number, byte| number.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let mut damaged = content.to_vec();
    damaged[number / 8 % content.len()] ^= 1 << (number % 8);
    assert!(ImageFile::from_bytes(&damaged).is_err(), "bit {number} is wrong, and nobody minds");
    assert!(ImageFile::from_bytes(&content[..content.len() - 1]).is_err());
    damaged.copy_from_slice(content);
    damaged.push(0);
    assert!(ImageFile::from_bytes(&damaged).is_err());
}

/// What was accepted can be written, read again, and judged by.
fn sound(file: &ImageFile) {
    assert_eq!(&ImageFile::from_bytes(&file.to_bytes()).expect("it was written by us"), file);
    look_up(file);
    let Ok(replay) = Replay::new(&file.facts, &file.image, None) else { panic!("no place was named") };
    let mut host = Host::new();
    host.switch(replay.half(), 1);
    for frame in FRAMES.iter() {
        everywhere(&mut host, file.image.names.ports.len(), frame);
    }
}

/// Cells, and nobody seen before.
struct Plain<'a>(&'a [Cell]);

impl Cells for Plain<'_> {
    fn cell(&self, index: u32) -> Option<&Cell> {
        self.0.cell(index)
    }
}

impl World for Plain<'_> {
    fn learnt(&self, _: u8, _: &[u32; 4]) -> u64 {
        0
    }
}

/// Words that addresses, MACs and services are made of: the ends of everything, and what small policies have.
const WORDS: [u32; 10] =
    [0, 1, 0x0a1e_0001, 0x0a1e_000b, 0x0a1e_ffff, 0x7fff_ffff, 0xcb00_710a, 0xfd00_0030, 0xfe80_0000, u32::MAX];

fn look_up(file: &ImageFile) {
    let world = Plain(&file.image.cells);
    let heads = heads(&world, 0).expect("it has headers");
    let mut out = Endpoint::default();
    for word in WORDS {
        source::address(&world, &heads, kind::IPV4, &[word, 0, 0, 0], &mut out)
            .expect("IPv4 addresses are found or not");
        for low in WORDS {
            for address in [[word, 0, 0, low], [word, low, low, low], [0xfd00_0030, word, 0, low]] {
                source::address(&world, &heads, kind::IPV6, &address, &mut out).expect("IPv6 addresses too");
            }
            source::device(&world, &heads, u64::from(word) << 32 | u64::from(low), &mut out).expect("and MACs");
        }
    }
    for number in 1..file.image.names.ports.len() as u32 {
        port(&world, &heads, number).expect("all ports are there");
    }
    for number in 1..file.image.names.zones.len() as u16 {
        let record = zone(&world, &heads, number).expect("all zones are there");
        endpoint(&world, &heads, record.anonymous).expect("all zones have somebody unlisted");
    }
    judge_pairs(file, &world, &heads);
}

/// Judges between the first endpoints that have a zone.
fn judge_pairs(file: &ImageFile, world: &Plain<'_>, heads: &Heads) {
    let count = file.image.cells[1][head1::ENDPOINT_COUNT];
    let ends = (1..count).map(|index| endpoint(world, heads, index).expect("all endpoints are there"));
    let ends: Vec<Endpoint> = ends.filter(|end| end.zone != 0).take(8).collect();
    let mut fields = [0; 8];
    for from in &ends {
        for to in &ends {
            for (kind, protocol, ports) in
                [(kind::IPV4, 6, (0, 0)), (kind::IPV6, 17, (443, 53)), (kind::OTHER, 0, (0, 0))]
            {
                let packet = Packet {
                    kind,
                    protocol,
                    flags: flag::TRACKED,
                    source_port: ports.0,
                    destination_port: ports.1,
                    ethertype: u16::MAX,
                    second: u16::MAX,
                    ..Packet::default()
                };
                let mut decision = Decision::default();
                judge(world, heads, &packet, &(*from, *to), None, &mut fields, &mut decision).expect("all are judged");
                assert!((decision.rule as usize) < file.image.names.rules.len());
                assert!((decision.reply_rule as usize) < file.image.names.rules.len());
            }
        }
    }
}
