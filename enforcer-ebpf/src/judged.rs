//! What became of a packet, in one word: the verifier follows a number better than an enumeration with undefined bits.

use enforcer_common::reason::{Reason, Verdict};

/// Verdict (bits 0–7), reason (8–15), whether it was reached now (16), rule (32–63).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged(u64);

const NOW: u64 = 1 << 16;
const AUDITED: u32 = 1 << 8;
const FOUND: u32 = 1 << 9;

impl Judged {
    /// Nothing is known of it, or it was judged when it entered: nothing to count.
    pub(crate) const NOTHING: Judged = Judged(0);

    /// Not judged yet: it leaves and is the router's own.
    pub(crate) const BY_ROUTER: Judged = Judged(1);
    /// Not judged yet: it leaves and entered by a judged port.
    pub(crate) const FORWARDED: Judged = Judged(2);

    #[inline(always)]
    pub(crate) fn new(verdict: Verdict, reason: Reason, rule: u32) -> Judged {
        Judged(verdict as u64 | (reason as u64) << 8 | NOW | (rule as u64) << 32)
    }

    #[inline(always)]
    pub(crate) fn pass(reason: Reason) -> Judged {
        Judged::new(Verdict::Pass, reason, 0)
    }

    #[inline(always)]
    pub(crate) fn drop(reason: Reason) -> Judged {
        Judged::new(Verdict::Drop, reason, 0)
    }

    /// The word itself.
    #[inline(always)]
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    #[inline(always)]
    pub(crate) fn from_number(number: u64) -> Judged {
        Judged(number)
    }

    /// The same, let through.
    #[inline(always)]
    pub(crate) fn audited(self) -> Judged {
        Judged(self.0 & !0xff | Verdict::Audit as u64)
    }

    #[inline(always)]
    pub(crate) fn is_now(self) -> bool {
        self.0 & NOW != 0
    }

    #[inline(always)]
    pub(crate) fn is_drop(self) -> bool {
        self.0 & 0xff == Verdict::Drop as u64
    }

    #[inline(always)]
    pub(crate) fn is_pass(self) -> bool {
        self.0 & 0xff == Verdict::Pass as u64
    }

    /// Number of the verdict.
    #[inline(always)]
    pub(crate) fn verdict(self) -> u8 {
        self.0 as u8
    }

    /// Number of the reason.
    #[inline(always)]
    pub(crate) fn reason(self) -> u8 {
        (self.0 >> 8) as u8
    }

    #[inline(always)]
    pub(crate) fn rule(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A refusal before the layers, if any: its reason, and whether it is in audit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(u32);

impl Refusal {
    pub(crate) const NONE: Refusal = Refusal(0);

    #[inline(always)]
    pub(crate) fn new(reason: Reason, audited: bool) -> Refusal {
        Refusal(reason as u32 | FOUND | if audited { AUDITED } else { 0 })
    }

    /// The one that was found first, where both are in audit; else the one that is enforced.
    #[inline(always)]
    pub(crate) fn or(self, later: Refusal) -> Refusal {
        if self.0 == 0 || later.is_enforced() && !self.is_enforced() { later } else { self }
    }

    #[inline(always)]
    pub(crate) fn is_enforced(self) -> bool {
        self.0 & FOUND != 0 && self.0 & AUDITED == 0
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Number of the reason.
    #[inline(always)]
    pub(crate) fn number(self) -> u8 {
        self.0 as u8
    }

    /// The reason; nothing where there is no refusal.
    #[inline(always)]
    pub(crate) fn reason(self) -> Option<Reason> {
        if self.0 == 0 { None } else { Reason::from_u8(self.0 as u8) }
    }

    /// The verdict of a packet of which nothing more can be asked.
    #[inline(always)]
    pub(crate) fn judged(self) -> Judged {
        let judged = self.drop();
        if self.is_enforced() { judged } else { judged.audited() }
    }

    /// The verdict where it is enforced.
    #[inline(always)]
    pub(crate) fn drop(self) -> Judged {
        Judged::drop(self.reason().unwrap_or(Reason::Malformed))
    }
}
