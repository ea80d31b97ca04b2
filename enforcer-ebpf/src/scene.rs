//! What holds for the packet before it is looked at: the generation in force, the port, the clock; and the parsed packet.

use enforcer_common::{
    endpoint::Endpoint,
    image,
    overlay::{self, port},
    packet::{Packet, flag, kind},
    reason::Reason,
};

use crate::{
    Frame,
    judged::Refusal,
    maps::{clock, control, is_replay, replay_input},
    scratch::Scratch,
    steps,
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
    s.earlier = Refusal::NONE;
    s.now = match replay_input() {
        Some(input) if is_replay() => input.now,
        _ => clock(),
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

/// Parses the frame, and what it quotes.
#[inline(always)]
pub(crate) fn parse<F: Frame>(frame: &F, s: &mut Scratch) {
    let no_ethernet = interface(s, s.ifindex).bits & port::IP_LINK != 0;
    s.packet.outer_vlan = s.beside;
    s.parsed = frame.network(s, no_ethernet) as u32;
    if s.parsed != 0 && s.next.at != 0 {
        s.parsed = frame.transport(s) as u32;
    }
    s.quoted = 0;
    if s.parsed != 0 && s.packet.is(flag::ICMP_ERROR) {
        s.quoted = frame.quote(s) as u32;
    }
}

/// What all zeros are a value of.
///
/// # Safety
/// They are.
pub(crate) unsafe trait Zeros: Copy {}

// SAFETY: integers only.
unsafe impl Zeros for Packet {}
// SAFETY: integers only.
unsafe impl Zeros for Endpoint {}

/// Writes zeros over a plain structure of whole 64-bit words, word by word: a call to `memset` goes byte by byte.
#[inline(always)]
pub(crate) fn clear<T: Zeros>(what: &mut T) {
    const { assert!(size_of::<T>().is_multiple_of(8) && align_of::<T>() == 8) };
    let words: *mut u64 = core::ptr::from_mut(what).cast();
    let mut i = 0;
    while i < size_of::<T>() / 8 {
        // SAFETY: within the structure, whose size and alignment are those of 64-bit words; zeros are a value of it.
        unsafe { words.add(i).write_volatile(0) };
        i += 1;
    }
}

/// Finds the port by interface and VLANs.
#[inline(always)]
pub(crate) fn find_port(s: &mut Scratch) -> Result<(), Reason> {
    let key = overlay::port_key(s.ifindex, s.packet.outer_vlan, s.packet.inner_vlan);
    s.port = overlay::port(&s.kernel(), s.half, &s.overlay, key).ok_or(Reason::UnknownZone)?;
    if s.port.bits & port::MORE != 0 {
        steps::own_of_port(s);
    }
    if s.egress != 0 {
        // What leaves is for others than the port itself.
        s.port.bits = s.port.bits & !port::OWN_MAC | port::LEAVES;
    }
    if s.port.bits & port::JUDGED == 0 || s.port.number == 0 {
        return Err(Reason::UnknownZone);
    }
    Ok(())
}

/// Puts the MAC or link-local address of the port's own into `s.port` that the packet speaks of, where the port has several.
#[inline(always)]
pub(crate) fn own_of_port(s: &mut Scratch) {
    let key = overlay::port_key(s.ifindex, s.packet.outer_vlan, s.packet.inner_vlan);
    let first = s.port.link_local;
    let mut spoken = overlay::Port { link_local: first, ..overlay::Port::default() };
    let mut nth = 1;
    let is_for_first = s.packet.kind == kind::IPV6 && spoken.is_own_link_local(&s.packet.destination);
    let mut destination = if is_for_first { first } else { 0 };
    let mut claim = claimed(s, &spoken);
    let mut claimed_own = if claim == 0 { 0 } else { first };
    while nth <= overlay::MORE {
        let Some(more) = overlay::port(&s.kernel(), s.half, &s.overlay, overlay::more_key(key, nth)) else { return };
        nth += 1;
        if more.bits & port::OWN_MAC != 0 && more.mac == s.packet.destination_mac {
            s.port.mac = more.mac;
        }
        spoken.link_local = more.link_local;
        if s.packet.kind == kind::IPV6 {
            let here = claimed(s, &spoken);
            if here > claim {
                claim = here;
                claimed_own = more.link_local;
            }
            if spoken.is_own_link_local(&s.packet.destination) {
                destination = more.link_local;
            }
        }
    }
    // Who claims an address of the router's is refused, whomever it is for.
    if claim != 0 {
        s.port.link_local = claimed_own;
        if destination != 0 {
            s.port.bits |= port::TO_OWN;
        }
    } else if destination != 0 {
        s.port.link_local = destination;
    }
}

/// 2 where the packet comes from the port's own link-local address, 1 where it asks for it or tells whose it is, else 0.
#[inline(always)]
fn claimed(s: &Scratch, own: &overlay::Port) -> u32 {
    if own.is_own_link_local(&s.packet.source) { 2 } else { own.is_own_link_local(&s.packet.target) as u32 }
}

/// What the overlay says of an interface as a whole: bits of [`port`].
#[inline(always)]
pub(crate) fn interface(s: &Scratch, ifindex: u32) -> overlay::Port {
    let key = overlay::port_key(ifindex, overlay::WHOLE_INTERFACE, overlay::WHOLE_INTERFACE);
    overlay::port(&s.kernel(), s.half, &s.overlay, key).unwrap_or_default()
}

/// The number of the port by which a packet entered that leaves now: its tags tell it at the interface that it entered by, else
/// the interface alone. 0 for none. Where a bridge puts tags on and takes them away, its VLAN stays the same.
#[inline(always)]
pub(crate) fn entered_by(s: &Scratch) -> u32 {
    let whole = interface(s, s.entered);
    let mut outer = s.packet.outer_vlan;
    if whole.bits & port::RETAGS != 0 {
        if outer == 0 {
            outer = (interface(s, s.ifindex).link >> 16) as u16;
        }
        if outer == 0 {
            return whole.number;
        }
        if outer as u32 == whole.link & 0xffff {
            outer = 0;
        }
    }
    let key = overlay::port_key(s.entered, outer, s.packet.inner_vlan);
    match overlay::port(&s.kernel(), s.half, &s.overlay, key) {
        Some(port) if port.number != 0 => port.number,
        Some(_) | None => whole.number,
    }
}
