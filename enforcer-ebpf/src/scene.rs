//! What holds for the packet before it is looked at: the generation in force, the port, the clock; and the parsed packet.

use aya_ebpf::helpers::bpf_ktime_get_coarse_ns;
use enforcer_common::{
    image,
    overlay::{self, port},
    packet::flag,
    reason::Reason,
};

use crate::{
    frame::{Context, Linear, Scattered},
    maps::{control, is_replay, replay_input},
    packet::{self, Next},
    scratch::Scratch,
};

/// Reads the generation in force and the clock. `Err` where nothing is in force: nothing passes.
#[inline(always)]
pub(crate) fn enter(s: &mut Scratch, ifindex: u32, egress: u32) -> Result<(), Reason> {
    s.ifindex = ifindex;
    s.egress = egress;
    clear(&mut s.packet);
    clear(&mut s.ends.0);
    clear(&mut s.ends.1);
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

/// Parses the linear part of the frame up to the IP header; false too where headers are missing there.
#[inline(always)]
pub(crate) fn network_linear<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    s.next = Next::default();
    packet::network(&Linear::new(context, s.egress), no_ethernet, &mut s.packet, &mut s.next).is_ok()
}

/// The same for a frame whose headers are not all in its linear part.
#[inline(always)]
pub(crate) fn network_scattered<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    clear(&mut s.packet);
    s.packet.outer_vlan = s.beside;
    s.next = Next::default();
    packet::network(&Scattered::new(context, s.egress), no_ethernet, &mut s.packet, &mut s.next).is_ok()
}

/// Parses the transport header in the linear part.
#[inline(always)]
pub(crate) fn transport_linear<C: Context>(context: &C, s: &mut Scratch) -> bool {
    packet::transport(&Linear::new(context, s.egress), s.next.at, s.next.left, &mut s.packet).is_ok()
}

/// The same wherever it stands.
#[inline(always)]
pub(crate) fn transport_scattered<C: Context>(context: &C, s: &mut Scratch) -> bool {
    packet::transport(&Scattered::new(context, s.egress), s.next.at, s.next.left, &mut s.packet).is_ok()
}

/// Fills `s.other` with the packet that an ICMP error quotes; false where it quotes none that could be known.
#[inline(always)]
pub(crate) fn quote<C: Context>(context: &C, s: &mut Scratch) -> bool {
    clear(&mut s.other);
    packet::quoted(&Scattered::new(context, s.egress), &s.packet, &mut s.other).is_ok()
}

/// Parses the frame, and what it quotes: its linear part, and where headers are missing there, the whole.
#[inline(always)]
pub(crate) fn parse<C: Context>(context: &C, s: &mut Scratch) {
    let no_ethernet = interface(s, s.ifindex).bits & port::IP_LINK != 0;
    s.packet.outer_vlan = s.beside;
    let (start, end) = context.linear();
    let whole = end.wrapping_sub(start) as u64 >= context.whole() as u64;
    s.parsed = context.network(s.egress, no_ethernet, whole) as u32;
    if s.parsed != 0 && s.next.at != 0 {
        s.parsed = context.transport(s.egress, whole) as u32;
    }
    s.quoted = 0;
    if s.parsed != 0 && s.packet.is(flag::ICMP_ERROR) {
        s.quoted = context.quote(s.egress) as u32;
    }
}

/// Writes zeros over a plain structure of whole 64-bit words, word by word: a call to `memset` goes byte by byte.
#[inline(always)]
pub(crate) fn clear<T: Copy>(what: &mut T) {
    const { assert!(size_of::<T>() % 8 == 0 && align_of::<T>() == 8) };
    let words: *mut u64 = core::ptr::from_mut(what).cast();
    let mut i = 0;
    while i < size_of::<T>() / 8 {
        // SAFETY: within the structure, aligned; all zeros is a value of each structure that this is called for.
        unsafe { words.add(i).write_volatile(0) };
        i += 1;
    }
}

/// Finds the port by interface and VLANs.
#[inline(always)]
pub(crate) fn find_port(s: &mut Scratch) -> Result<(), Reason> {
    let key = overlay::port_key(s.ifindex, s.packet.outer_vlan, s.packet.inner_vlan);
    s.port = overlay::port(&s.kernel(), s.half, &s.overlay, key).ok_or(Reason::UnknownZone)?;
    if s.egress != 0 {
        // What leaves is for others than the port itself.
        s.port.bits &= !port::OWN_MAC;
    }
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
