//! What happens, as bytes.
//!
//! The first byte chooses the policy. Then comes one event after another:
//!
//! | bytes | |
//! | --- | --- |
//! | 0 | bits 0–3: the interface; bits 4–5: [`ENTERS`], [`ANSWERS`], [`ROUTER_SENDS`] or [`LEAVES`]; 255: the next policy comes into force |
//! | 1 | bits 0–3: the interface that it entered by, where it leaves; bits 4–7: how long after the event before |
//! | 2–3 | length of the frame, which may be cut; not there for an answer |
//! | … | the frame |

use enforcer_common::packet::{Packet, flag, kind, protocol, tcp};
use enforcer_ebpf::packet::parse;
use enforcer_tests::verify::traffic::{Event, What};

use super::sites::{INTERFACES, POLICIES};

/// A frame enters.
const ENTERS: u8 = 0;
/// The last frame enters the other way round.
const ANSWERS: u8 = 1;
/// The router sends a frame.
const ROUTER_SENDS: u8 = 2;
/// A frame that entered leaves.
const LEAVES: u8 = 3;
/// The next policy comes into force.
const RELOAD: u8 = 255;

/// More than these in one input find nothing that these do not.
const MOST: usize = 24;

const SECOND: u64 = 1_000_000_000;

/// Times between events: around all that is remembered for so long.
const AFTER: [u64; 16] = [
    1,
    SECOND / 1000,
    SECOND,
    9 * SECOND,
    10 * SECOND,
    29 * SECOND,
    30 * SECOND,
    31 * SECOND,
    60 * SECOND,
    61 * SECOND,
    121 * SECOND,
    211 * SECOND,
    301 * SECOND,
    3601 * SECOND,
    7201 * SECOND,
    432_001 * SECOND,
];

/// The number of the policy, and what happens; nothing where there is nothing to read.
pub fn read(content: &[u8]) -> Option<(usize, Vec<Event>)> {
    let (first, mut rest) = content.split_first()?;
    let count = INTERFACES.0.len();
    let (mut events, mut last) = (Vec::new(), Vec::new());
    while events.len() < MOST {
        let Some((head, more)) = rest.split_first_chunk::<2>() else { break };
        rest = more;
        let after = AFTER[usize::from(head[1] >> 4)];
        if head[0] == RELOAD {
            events.push(Event { after, what: What::Reload });
            continue;
        }
        let way = head[0] >> 4 & 3;
        let interface = usize::from(head[0] & 15) % count;
        let frame = if way == ANSWERS {
            answer(&last, INTERFACES.0[interface].medium == enforcer::replay::Medium::Ip)
        } else {
            let Some((length, more)) = rest.split_first_chunk::<2>() else { break };
            let (frame, more) = more.split_at(usize::from(u16::from_le_bytes(*length)).min(more.len()));
            rest = more;
            frame.to_vec()
        };
        last.clone_from(&frame);
        let what = match way {
            ROUTER_SENDS => What::Leaves { interface, entered: None, frame },
            LEAVES => What::Leaves { interface, entered: Some(usize::from(head[1] & 15) % count), frame },
            _ => What::Enters { interface, frame },
        };
        events.push(Event { after, what });
    }
    (!events.is_empty()).then_some((usize::from(*first) % POLICIES.len(), events))
}

/// The bytes of a policy and of what happens, as far as they can be told by them: times are those next to the real ones.
pub fn write(policy: usize, events: &[Event]) -> Vec<u8> {
    let mut bytes = vec![policy as u8];
    for event in events {
        let next = (0..AFTER.len()).min_by_key(|number| AFTER[*number].abs_diff(event.after)).unwrap_or_default();
        let mut told = |way: u8, interface: usize, entered: usize, frame: &[u8]| {
            bytes.extend([interface as u8 | way << 4, entered as u8 | (next as u8) << 4]);
            bytes.extend((frame.len() as u16).to_le_bytes());
            bytes.extend(frame);
        };
        match &event.what {
            What::Enters { interface, frame } => told(ENTERS, *interface, 0, frame),
            What::Leaves { interface, entered: None, frame } => told(ROUTER_SENDS, *interface, 0, frame),
            What::Leaves { interface, entered: Some(entered), frame } => told(LEAVES, *interface, *entered, frame),
            What::Reload => bytes.extend([RELOAD, (next as u8) << 4]),
        }
    }
    bytes
}

/// What happens, in words.
pub fn told(event: &Event) -> String {
    let name = |position: &usize| &INTERFACES.0[*position].name;
    let hex = |frame: &[u8]| frame.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let what = match &event.what {
        What::Enters { interface, frame } => format!("in {} {}", name(interface), hex(frame)),
        What::Leaves { interface, entered: None, frame } => format!("out {} {}", name(interface), hex(frame)),
        What::Leaves { interface, entered: Some(entered), frame } => {
            format!("out {} via {} {}", name(interface), name(entered), hex(frame))
        }
        What::Reload => "reload".to_owned(),
    };
    format!("{} ns later: {what}", event.after)
}

/// A frame the other way round, as far as it is understood: MACs, addresses and ports change places, an echo request becomes
/// its reply and a SYN what answers it.
fn answer(frame: &[u8], no_ethernet: bool) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let mut packet = Packet::default();
    if parse(&frame[..], no_ethernet, &mut packet).is_err() {
        return frame;
    }
    let network = usize::from(packet.network);
    if !no_ethernet {
        swap(&mut frame, 0, 6);
    }
    // Behind the addresses, as long as there are no options and no extension headers.
    let (transport, echo) = match packet.kind {
        kind::IPV4 => {
            swap(&mut frame, network + 12, 4);
            (network + 20, (8, 0))
        }
        kind::IPV6 => {
            swap(&mut frame, network + 8, 16);
            (network + 40, (128, 129))
        }
        _ => return frame,
    };
    if packet.is(flag::LATER_FRAGMENT) {
        return frame;
    }
    match packet.protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP => swap(&mut frame, transport, 2),
        protocol::ICMP | protocol::ICMPV6 if frame.get(transport) == Some(&echo.0) => frame[transport] = echo.1,
        _ => (),
    }
    if packet.protocol == protocol::TCP
        && packet.tcp & (tcp::SYN | tcp::ACK) == tcp::SYN
        && let Some(flags) = frame.get_mut(transport + 13)
    {
        *flags |= tcp::ACK;
    }
    frame
}

/// Two stretches of the same length, one behind the other, change places, where they are there.
fn swap(frame: &mut [u8], start: usize, length: usize) {
    if let Some(both) = frame.get_mut(start..start + 2 * length) {
        let (one, other) = both.split_at_mut(length);
        one.swap_with_slice(other);
    }
}
