//! TCP, UDP, SCTP, ICMP and ICMPv6, as far as verdicts need them.

use enforcer_common::packet::{Packet, flag, kind, protocol, tcp};
use network_types::{icmp::Icmpv4Hdr, sctp::SctpHdr, tcp::TcpHdr, udp::UdpHdr};

use super::{Bytes, Malformed, OrMalformed, Parsed, ipv6};

/// No header follows (RFC 8200, 4.7).
pub(super) const NO_NEXT_HEADER: u8 = 59;

/// Parses the transport header at `at`; `length` bytes of the datagram are left from there (in this fragment).
#[inline(always)]
pub fn parse<B: Bytes + ?Sized>(frame: &B, at: u32, length: u32, out: &mut Packet) -> Parsed<()> {
    match out.protocol {
        protocol::TCP => tcp(frame, at, length, out),
        protocol::UDP => udp(frame, at, length, out),
        protocol::SCTP => {
            if length < SctpHdr::LEN as u32 {
                return Err(Malformed);
            }
            ports(frame, at, out)?;
            out.payload = (at + SctpHdr::LEN as u32) as u16;
            Ok(())
        }
        protocol::ICMP if out.kind == kind::IPV4 => icmp(frame, at, length, out),
        protocol::ICMPV6 if out.kind == kind::IPV6 => icmp(frame, at, length, out),
        // Each belongs to the other family.
        protocol::ICMP | protocol::ICMPV6 => Err(Malformed),
        protocol::IGMP | NO_NEXT_HEADER => Ok(()),
        _ => {
            out.flags |= flag::TRACKED;
            Ok(())
        }
    }
}

/// Reads source and destination port.
#[inline(always)]
fn ports<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut Packet) -> Parsed<()> {
    let both = frame.u32(at).sane()?;
    out.source_port = (both >> 16) as u16;
    out.destination_port = both as u16;
    out.flags |= flag::TRACKED;
    Ok(())
}

/// TCP (RFC 9293).
#[inline(always)]
fn tcp<B: Bytes + ?Sized>(frame: &B, at: u32, length: u32, out: &mut Packet) -> Parsed<()> {
    if length < TcpHdr::LEN as u32 {
        return Err(Malformed);
    }
    ports(frame, at, out)?;
    let word = frame.u16(at + 12).sane()? as u32;
    let header = (word >> 12) * 4;
    if header < TcpHdr::LEN as u32 || header > length {
        return Err(Malformed);
    }
    let flags = word as u8;
    let opening = flags & tcp::SYN != 0;
    let closing = flags & (tcp::FIN | tcp::RST);
    let none = flags & (tcp::SYN | tcp::FIN | tcp::RST | tcp::ACK) == 0;
    let lone_fin = flags & tcp::FIN != 0 && flags & tcp::ACK == 0;
    if none || lone_fin || opening && closing != 0 || closing == tcp::FIN | tcp::RST {
        return Err(Malformed);
    }
    out.tcp = flags;
    out.payload = (at + header) as u16;
    Ok(())
}

/// UDP (RFC 768). A length of 0 is left to jumbograms, which are not taken.
#[inline(always)]
fn udp<B: Bytes + ?Sized>(frame: &B, at: u32, length: u32, out: &mut Packet) -> Parsed<()> {
    if length < UdpHdr::LEN as u32 {
        return Err(Malformed);
    }
    ports(frame, at, out)?;
    let claimed = frame.u16(at + 4).sane()? as u32;
    if claimed < UdpHdr::LEN as u32 || claimed > length && !out.is(flag::FIRST_FRAGMENT) {
        return Err(Malformed);
    }
    out.payload = (at + UdpHdr::LEN as u32) as u16;
    Ok(())
}

/// ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861).
#[inline(always)]
fn icmp<B: Bytes + ?Sized>(frame: &B, at: u32, length: u32, out: &mut Packet) -> Parsed<()> {
    if length < Icmpv4Hdr::LEN as u32 {
        return Err(Malformed);
    }
    let first = frame.u16(at).sane()?;
    out.icmp_type = (first >> 8) as u8;
    out.icmp_code = first as u8;
    out.payload = (at + Icmpv4Hdr::LEN as u32) as u16;
    out.rest = (length - Icmpv4Hdr::LEN as u32) as u16;
    let (request, reply) = if out.kind == kind::IPV4 { (8, 0) } else { (128, 129) };
    if out.icmp_type == request || out.icmp_type == reply {
        let identifier = frame.u16(at + 4).sane()?;
        // On one side only: a request the other way is another conversation.
        out.flags |= flag::TRACKED;
        if out.icmp_type == reply {
            out.destination_port = identifier;
            out.flags |= flag::ECHO_REPLY;
        } else {
            out.source_port = identifier;
        }
        return Ok(());
    }
    if out.kind == kind::IPV4 {
        if matches!(out.icmp_type, 3 | 4 | 11 | 12) {
            out.flags |= flag::ICMP_ERROR;
        }
        return Ok(());
    }
    if matches!(out.icmp_type, 1..=4) {
        out.flags |= flag::ICMP_ERROR;
    }
    if matches!(out.icmp_type, 135 | 136) {
        if length < 24 {
            return Err(Malformed);
        }
        ipv6::address(frame, at + 8, &mut out.target)?;
        out.flags |= flag::ND_TARGET;
    }
    Ok(())
}
