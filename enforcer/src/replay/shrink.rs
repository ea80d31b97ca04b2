//! Super-packets for the egress program: `BPF_PROG_TEST_RUN` takes less than a page of an skb.
//!
//! What the verdict rests on stands in the headers, so that payload can be left out if the lengths say so too.

use std::borrow::Cow;

use super::link::{Medium, SHORTEST};
use super::sketch::Sketch;

/// What every kernel takes: a page, less the room that it keeps before and behind the frame.
const LIMIT: usize = 3000;

/// The frame itself, or its start with the lengths in its headers less by as much as was left out.
pub(super) fn shrunk(medium: Medium, frame: &[u8]) -> Cow<'_, [u8]> {
    let Some(excess) = frame.len().checked_sub(LIMIT + 1) else {
        return Cow::Borrowed(frame);
    };
    // Fragments are multiples of eight long, and have to stay so.
    let left_out = (excess + 1).next_multiple_of(8);
    let mut bytes = frame[..frame.len() - left_out].to_vec();
    let left_out = left_out as u16;
    let network = match medium {
        Medium::Ip => 0,
        Medium::Ethernet => SHORTEST + 4 * Sketch::of(medium, frame).tags,
    };
    if let Some(ip) = bytes.get_mut(network..) {
        match ip.first().map(|first| first >> 4) {
            Some(4) => {
                let transport = usize::from(ip[0] & 15) * 4;
                let protocol = ip.get(9).copied();
                lower(ip, 2, left_out);
                lower_udp(ip, protocol, transport, left_out);
            }
            Some(6) => {
                let protocol = ip.get(6).copied();
                lower(ip, 4, left_out);
                lower_udp(ip, protocol, 40, left_out);
            }
            _ => {}
        }
    }
    Cow::Owned(bytes)
}

fn lower_udp(ip: &mut [u8], protocol: Option<u8>, transport: usize, by: u16) {
    if protocol == Some(enforcer_common::packet::protocol::UDP) {
        lower(ip, transport + 4, by);
    }
}

/// Takes from the 16-bit number at `at`; one that is smaller did not count what was left out.
fn lower(bytes: &mut [u8], at: usize, by: u16) {
    if let Some([high, low]) = bytes.get_mut(at..at + 2)
        && let Some(less) = u16::from_be_bytes([*high, *low]).checked_sub(by)
    {
        [*high, *low] = less.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{PacketBuilder, SlicedPacket};

    #[test]
    fn a_super_packet_stays_whole_in_its_lengths() {
        let mut four = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(1, 2)
            .write(&mut four, &[7; 20_000])
            .unwrap();
        let mut six = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .single_vlan(etherparse::VlanId::try_new(30).unwrap())
            .ipv6([0xfd; 16], [0xfe; 16], 64)
            .tcp(1, 2, 3, 4)
            .write(&mut six, &[7; 60_000])
            .unwrap();
        for frame in [four, six] {
            let shrunk = shrunk(Medium::Ethernet, &frame);
            assert!((LIMIT - 7..=LIMIT).contains(&shrunk.len()));
            // The strict parser refuses lengths beyond the frame.
            let packet = SlicedPacket::from_ethernet(&shrunk).unwrap();
            assert!(packet.transport.is_some());
        }
    }

    #[test]
    fn a_fragment_stays_one() {
        use etherparse::Ipv4Header;
        for payload in (3000..3100).chain([8000]).map(|length: usize| length.next_multiple_of(8)) {
            let mut header = Ipv4Header::new(payload as u16, 64, 17.into(), [10, 0, 0, 1], [10, 0, 0, 2]).unwrap();
            header.more_fragments = true;
            let mut frame = vec![2; 12];
            frame.extend([8, 0]);
            frame.extend(header.to_bytes());
            frame.resize(frame.len() + payload, 0);
            let shrunk = shrunk(Medium::Ethernet, &frame);
            let length = u16::from_be_bytes([shrunk[16], shrunk[17]]);
            assert_eq!(usize::from(length), shrunk.len() - 14, "{payload}");
            assert_eq!((length - 20) % 8, 0, "{payload}");
        }
    }

    #[test]
    fn a_frame_that_fits_is_left_alone() {
        let frame = vec![0; LIMIT];
        assert!(matches!(shrunk(Medium::Ip, &frame), Cow::Borrowed(_)));
    }
}
