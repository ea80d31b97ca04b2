//! Ethernet II, 802.3 lengths, and VLAN tags (IEEE 802.1Q-2022).

use enforcer_common::packet::{Packet, ethertype, flag};
use network_types::eth::EthHdr;

use super::{Bytes, Malformed, OrMalformed, Parsed};

/// The TPID that some vendors used for outer tags before 802.1ad.
const OLD_SERVICE_VLAN: u16 = 0x9100;
/// Tags that a frame may carry: two that name VLANs, and a priority tag.
pub(crate) const TAGS: u32 = 3;
/// EtherTypes start here; below stand the lengths of 802.3 frames.
const FIRST_ETHERTYPE: u16 = 0x0600;

/// Bytes of an LLC and a SNAP header.
const SNAP_LENGTH: u32 = 8;
/// LLC that announces a SNAP header, and the first byte of its organisation.
const SNAP: u32 = 0xaaaa_0300;
/// The other bytes of the organisation 00-00-f8, which 802.1H has beside 00-00-00.
const BRIDGED_SNAP: u32 = 0x00f8;

/// Where the EtherType, or the first tag, stands.
pub(crate) const FIRST_TAG: u32 = 12;

/// True for an EtherType that is that of a tag.
#[inline(always)]
pub(crate) fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, ethertype::VLAN | ethertype::SERVICE_VLAN | OLD_SERVICE_VLAN)
}

/// Parses MACs, tags and EtherType; gives the offset of what follows.
#[inline(always)]
pub(super) fn parse<B: Bytes + ?Sized>(frame: &B, out: &mut Packet) -> Parsed<u32> {
    let destination_high = frame.u32(0).sane()? as u64;
    let destination_low = frame.u16(4).sane()? as u64;
    let source_high = frame.u16(6).sane()? as u64;
    let source_low = frame.u32(8).sane()? as u64;
    out.destination_mac = destination_high << 16 | destination_low;
    out.source_mac = source_high << 32 | source_low;
    let mut ethertype = frame.u16(FIRST_TAG).sane()?;
    let mut at = EthHdr::LEN as u32;
    let mut tag = 0;
    while tag <= TAGS {
        if !is_tag(ethertype) {
            break;
        }
        if tag == TAGS {
            return Err(Malformed);
        }
        out.flags |= flag::TAGGED;
        let vlan = frame.u16(at).sane()? & 0x0fff;
        ethertype = frame.u16(at + 2).sane()?;
        at += 4;
        if vlan == 0x0fff {
            return Err(Malformed);
        }
        if tag == 0 {
            out.first_tag = vlan;
        }
        // VLAN ID 0 is a priority tag.
        if vlan != 0 {
            if out.outer_vlan == 0 {
                out.outer_vlan = vlan;
            } else if out.inner_vlan == 0 {
                out.inner_vlan = vlan;
            } else {
                return Err(Malformed);
            }
        }
        tag += 1;
    }
    out.tags = tag as u8;
    if ethertype < FIRST_ETHERTYPE {
        // An 802.3 length: an LLC frame, which no service names.
        if ethertype as u32 > out.length.wrapping_sub(at) {
            return Err(Malformed);
        }
        if ethertype as u32 >= SNAP_LENGTH {
            refuse_disguise(frame, at)?;
        }
        ethertype = 0;
    }
    out.ethertype = ethertype;
    Ok(at)
}

/// Refuses IP, ARP and tags behind a SNAP header (RFC 1042, 802.1H): some stacks take them as if they stood behind an
/// EtherType, and would be sent what nobody judged.
#[inline(always)]
fn refuse_disguise<B: Bytes + ?Sized>(frame: &B, at: u32) -> Parsed<()> {
    let (head, tail) = (frame.u32(at).sane()?, frame.u32(at + 4).sane()?);
    let (organisation, ethertype) = (tail >> 16, tail as u16);
    let snap = head == SNAP && (organisation == 0 || organisation == BRIDGED_SNAP);
    let judged = matches!(ethertype, ethertype::IPV4 | ethertype::ARP | ethertype::IPV6) || is_tag(ethertype);
    if snap && judged { Err(Malformed) } else { Ok(()) }
}
