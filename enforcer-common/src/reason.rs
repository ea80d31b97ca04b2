//! Verdicts, reasons and layers: one closed enumeration each, with the label used everywhere.

/// Why a packet was let through or dropped. The number is what crosses the kernel boundary.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Pass: a packet of a known connection, or related to one.
    Established = 0,
    /// Pass: every layer agreed.
    Allowed = 1,
    /// Pass: ARP, neighbour discovery, DHCP and the like.
    Essential = 2,
    /// Drop: could not be parsed to the end, or is not sane.
    Malformed = 3,
    /// Drop: a fragment that belongs to no judged first fragment.
    Fragment = 4,
    /// Drop: the address does not belong on this port, or the device's address came with another MAC.
    SpoofedSource = 5,
    /// Drop: no listed device, in a zone that demands one.
    UnknownDevice = 6,
    /// Drop: the port or the address is in no zone.
    UnknownZone = 7,
    /// Drop: a guardrail denies it.
    Guardrail = 8,
    /// Drop: no transition allows it.
    NoTransition = 9,
    /// Drop: the sender's MUD profile does not allow it.
    MudFromDevice = 10,
    /// Drop: the receiver's MUD profile does not allow it.
    MudToDevice = 11,
    /// Drop: it fits no state of its connection.
    InvalidState = 12,
    /// Drop: the TLS handshake is not what the profile describes.
    TlsProfile = 13,
    /// Drop: the application message is not allowed.
    Application = 14,
    /// Drop: over a rate limit.
    RateLimited = 15,
    /// Drop: a table is full.
    TableFull = 16,
}

impl Reason {
    /// Every reason, in order of number.
    pub const ALL: [Reason; 17] = [
        Reason::Established,
        Reason::Allowed,
        Reason::Essential,
        Reason::Malformed,
        Reason::Fragment,
        Reason::SpoofedSource,
        Reason::UnknownDevice,
        Reason::UnknownZone,
        Reason::Guardrail,
        Reason::NoTransition,
        Reason::MudFromDevice,
        Reason::MudToDevice,
        Reason::InvalidState,
        Reason::TlsProfile,
        Reason::Application,
        Reason::RateLimited,
        Reason::TableFull,
    ];

    /// The reason with this number.
    #[inline(always)]
    pub fn from_u8(number: u8) -> Option<Reason> {
        if number as usize >= Reason::ALL.len() {
            return None;
        }
        // SAFETY: below the number of variants, whose numbers have no gap, as is asserted below.
        Some(unsafe { core::mem::transmute::<u8, Reason>(number) })
    }

    /// The label used in metrics, events, JSON and text.
    pub const fn label(self) -> &'static str {
        match self {
            Reason::Established => "established",
            Reason::Allowed => "allowed",
            Reason::Essential => "essential",
            Reason::Malformed => "malformed",
            Reason::Fragment => "fragment",
            Reason::SpoofedSource => "spoofed-source",
            Reason::UnknownDevice => "unknown-device",
            Reason::UnknownZone => "unknown-zone",
            Reason::Guardrail => "guardrail",
            Reason::NoTransition => "no-transition",
            Reason::MudFromDevice => "mud-from-device",
            Reason::MudToDevice => "mud-to-device",
            Reason::InvalidState => "invalid-state",
            Reason::TlsProfile => "tls-profile",
            Reason::Application => "application",
            Reason::RateLimited => "rate-limited",
            Reason::TableFull => "table-full",
        }
    }

    /// The layer that a reason belongs to.
    pub const fn layer(self) -> &'static str {
        match self {
            Reason::Malformed | Reason::Fragment => "parse",
            Reason::SpoofedSource | Reason::UnknownDevice | Reason::UnknownZone => "source",
            Reason::Essential => "essential",
            Reason::Established | Reason::InvalidState | Reason::RateLimited | Reason::TableFull => "connection",
            Reason::Guardrail => "guardrail",
            Reason::Allowed | Reason::NoTransition => "transition",
            Reason::MudFromDevice | Reason::MudToDevice => "mud",
            Reason::TlsProfile | Reason::Application => "application",
        }
    }

    /// True for the reasons of a pass.
    pub const fn is_pass(self) -> bool {
        matches!(self, Reason::Established | Reason::Allowed | Reason::Essential)
    }
}

/// Every reason stands at its own number, from 0 on.
const _: () = {
    let mut number = 0;
    while number < Reason::ALL.len() {
        assert!(Reason::ALL[number] as usize == number);
        number += 1;
    }
};

/// What becomes of a packet.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It goes on.
    Pass = 0,
    /// It ends here.
    Drop = 1,
    /// It would end here but what it rests on is in audit: it goes on, with the reason of the drop.
    Audit = 2,
}

impl Verdict {
    /// The verdict with this number.
    pub fn from_u8(number: u8) -> Option<Verdict> {
        [Verdict::Pass, Verdict::Drop, Verdict::Audit].get(number as usize).copied()
    }

    /// The label used in metrics, events, JSON and text.
    pub const fn label(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Drop => "drop",
            Verdict::Audit => "audit",
        }
    }
}
