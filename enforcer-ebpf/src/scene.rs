//! What holds for the packet before it is looked at: the generation in force, the port, the clock; and the parsed packet.

use aya_ebpf::helpers::bpf_ktime_get_coarse_ns;
use enforcer_common::{
    image,
    overlay::{self, port},
    packet::{Packet, flag},
    reason::Reason,
};

use crate::{
    frame::{Context, Linear, Scattered},
    maps::{control, is_replay, replay_input},
    packet,
    scratch::Scratch,
    steps::Steps,
};

/// Reads the generation in force and the clock. `Err` where nothing is in force: nothing passes.
#[inline(always)]
pub(crate) fn enter(s: &mut Scratch, ifindex: u32, egress: u32) -> Result<(), Reason> {
    s.ifindex = ifindex;
    s.egress = egress;
    s.packet = Packet::default();
    s.ends = Default::default();
    s.port = overlay::Port::default();
    s.parsed = 0;
    s.quoted = 0;
    s.log = 0;
    s.accounts = (0, 0);
    s.now = match replay_input() {
        Some(input) if is_replay() => input.now,
        // SAFETY: a helper without arguments.
        _ => unsafe { bpf_ktime_get_coarse_ns() },
    };
    let (half, generation) = control();
    s.half = half;
    s.generation = generation;
    if generation == 0 {
        return Err(Reason::UnknownZone);
    }
    s.overlay = overlay::head(&s.kernel(), half).ok_or(Reason::UnknownZone)?;
    s.heads = image::heads(&s.kernel(), s.overlay.image).ok_or(Reason::UnknownZone)?;
    Ok(())
}

/// Parses the linear part of the frame; `Err` too where headers are missing there.
#[inline(always)]
pub(crate) fn parse_linear<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    packet::parse(&Linear::new(context), no_ethernet, &mut s.packet).is_ok()
}

/// Parses a frame whose headers are not all in its linear part.
#[inline(always)]
pub(crate) fn parse_scattered<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    s.packet = Packet {
        outer_vlan: s.beside,
        ..Packet::default()
    };
    packet::parse(&Scattered::new(context), no_ethernet, &mut s.packet).is_ok()
}

/// Fills `s.other` with the packet that an ICMP error quotes; false where it quotes none that could be known.
#[inline(always)]
pub(crate) fn quote<C: Context>(context: &C, s: &mut Scratch) -> bool {
    s.other = Packet::default();
    packet::quoted(&Scattered::new(context), &s.packet, &mut s.other).is_ok()
}

/// Parses the frame, and what it quotes.
#[inline(always)]
pub(crate) fn parse<C: Context + Steps>(context: &C, s: &mut Scratch) {
    let no_ethernet = interface(s, s.ifindex).bits & port::IP_LINK != 0;
    s.packet.outer_vlan = s.beside;
    s.parsed = context.parse_linear(s.egress, no_ethernet);
    if s.parsed == 0 {
        let (start, end) = context.linear();
        if (end.wrapping_sub(start) as u32) < s.packet.length {
            s.parsed = context.parse_scattered(s.egress, no_ethernet);
        }
    }
    s.quoted = 0;
    if s.parsed != 0 && s.packet.is(flag::ICMP_ERROR) {
        s.quoted = context.quote(s.egress);
    }
}

/// Finds the port by interface and VLANs.
#[inline(always)]
pub(crate) fn find_port(s: &mut Scratch) -> Result<(), Reason> {
    let key = overlay::port_key(s.ifindex, s.packet.outer_vlan, s.packet.inner_vlan);
    s.port = overlay::port(&s.kernel(), s.half, &s.overlay, key).ok_or(Reason::UnknownZone)?;
    if s.port.bits & port::JUDGED == 0 || s.port.number == 0 {
        return Err(Reason::UnknownZone);
    }
    Ok(())
}

/// What the overlay says of an interface as a whole: bits of [`port`].
#[inline(always)]
pub(crate) fn interface(s: &Scratch, ifindex: u32) -> overlay::Port {
    let key = overlay::port_key(ifindex, overlay::WHOLE_INTERFACE, overlay::WHOLE_INTERFACE);
    overlay::port(&s.kernel(), s.half, &s.overlay, key).unwrap_or_default()
}
