//! What holds for the packet before it is looked at: the generation in force, the port, the clock; and the parsed packet.

use aya_ebpf::helpers::bpf_ktime_get_coarse_ns;
use enforcer_common::{
    image,
    overlay::{self, port},
    packet::Packet,
    reason::Reason,
};

use crate::{
    frame::{Context, Linear, Scattered},
    maps::{Kernel, control, is_replay, replay_input},
    packet,
    scratch::Scratch,
};

/// Reads the generation in force and the clock. `Err` where nothing is in force: nothing passes.
#[inline(always)]
pub(crate) fn enter(s: &mut Scratch, ifindex: u32, egress: u8) -> Result<(), Reason> {
    s.ifindex = ifindex;
    s.egress = egress;
    s.packet = Packet::default();
    s.ends = Default::default();
    s.port = overlay::Port::default();
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
    s.overlay = overlay::head(&Kernel, half).ok_or(Reason::UnknownZone)?;
    s.heads = image::heads(&Kernel, s.overlay.image).ok_or(Reason::UnknownZone)?;
    Ok(())
}

/// Parses the frame: its linear part, and where headers are missing there, the whole.
#[inline(always)]
pub(crate) fn parse<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> Result<(), Reason> {
    let beside = (s.packet.outer_vlan, s.packet.inner_vlan);
    let linear = Linear::new(context);
    if packet::parse(&linear, no_ethernet, &mut s.packet).is_ok() {
        return Ok(());
    }
    let (start, end) = context.linear();
    if end.wrapping_sub(start) as u32 >= s.packet.length {
        return Err(Reason::Malformed);
    }
    scattered(context, no_ethernet, beside, s)
}

/// Parses a frame whose headers are not all in its linear part.
#[inline(never)]
fn scattered<C: Context>(context: &C, no_ethernet: bool, beside: (u16, u16), s: &mut Scratch) -> Result<(), Reason> {
    s.packet = Packet {
        outer_vlan: beside.0,
        inner_vlan: beside.1,
        ..Packet::default()
    };
    packet::parse(&Scattered::new(context), no_ethernet, &mut s.packet).map_err(|_| Reason::Malformed)
}

/// Fills `s.other` with the packet that an ICMP error quotes; false where it quotes none that could be known.
#[inline(always)]
pub(crate) fn quoted<C: Context>(context: &C, s: &mut Scratch) -> bool {
    s.other = Packet::default();
    packet::quoted(&Scattered::new(context), &s.packet, &mut s.other).is_ok()
}

/// Finds the port by interface and VLANs.
#[inline(always)]
pub(crate) fn find_port(s: &mut Scratch) -> Result<(), Reason> {
    let key = overlay::port_key(s.ifindex, s.packet.outer_vlan, s.packet.inner_vlan);
    s.port = overlay::port(&Kernel, s.half, &s.overlay, key).ok_or(Reason::UnknownZone)?;
    if s.port.bits & port::JUDGED == 0 || s.port.number == 0 {
        return Err(Reason::UnknownZone);
    }
    Ok(())
}

/// What the overlay says of an interface as a whole: bits of [`port`].
#[inline(always)]
pub(crate) fn interface(s: &Scratch, ifindex: u32) -> overlay::Port {
    let key = overlay::port_key(ifindex, overlay::WHOLE_INTERFACE, overlay::WHOLE_INTERFACE);
    overlay::port(&Kernel, s.half, &s.overlay, key).unwrap_or_default()
}
