//! The bytes of a frame, and the product's parser over them.

use aya_ebpf::{
    bindings::xdp_action::{XDP_ABORTED, XDP_PASS},
    programs::XdpContext,
};
use enforcer_common::packet::Packet;

use crate::{
    maps::{PARSED, miss},
    packet::{self, Bytes, Chain, LIMIT, Malformed, Parsed},
};

/// The end of `SIZE` bytes at `pointer`, by an addition that the compiler does not see through: it would turn the comparison
/// with the end of the frame into one from which the verifier learns nothing.
#[inline(always)]
fn edge<const SIZE: usize>(pointer: usize) -> usize {
    let mut edge = pointer;
    // SAFETY: one addition to one register.
    unsafe { core::arch::asm!("{0} += {1}", inout(reg) edge, const SIZE, options(pure, nomem, nostack)) };
    edge
}

/// The place of `SIZE` bytes at that offset, where the frame has them.
#[inline(always)]
pub(crate) fn within<const SIZE: usize>(context: &XdpContext, at: u32) -> Option<*mut u8> {
    if at > LIMIT {
        return None;
    }
    let pointer = context.data() + (core::hint::black_box(at) & LIMIT) as usize;
    if edge::<SIZE>(pointer) > context.data_end() {
        return None;
    }
    Some(pointer as *mut u8)
}

/// The linear part of a frame; the bench's frames have no other.
struct Linear<'a>(&'a XdpContext);

impl Bytes for Linear<'_> {
    #[inline(always)]
    fn length(&self) -> u32 {
        // The product asks by a helper, which knows of the parts that are not linear too.
        let raw = aya_ebpf::EbpfContext::as_ptr(self.0).cast();
        // SAFETY: the context is the program's own.
        unsafe { aya_ebpf::helpers::bpf_xdp_get_buff_len(raw) as u32 }
    }

    #[inline(always)]
    fn u8(&self, at: u32) -> Option<u8> {
        // SAFETY: checked against the end of the frame.
        within::<1>(self.0, at).map(|pointer| unsafe { *pointer })
    }

    #[inline(always)]
    fn u16(&self, at: u32) -> Option<u16> {
        // SAFETY: as above.
        within::<2>(self.0, at).map(|pointer| u16::from_be(unsafe { pointer.cast::<u16>().read_unaligned() }))
    }

    #[inline(always)]
    fn u32(&self, at: u32) -> Option<u32> {
        // SAFETY: as above.
        within::<4>(self.0, at).map(|pointer| u32::from_be(unsafe { pointer.cast::<u32>().read_unaligned() }))
    }

    #[inline(always)]
    fn extension(&self, _: &mut Chain) -> Parsed<()> {
        // The product has a function of its own for these; no frame of the bench has one.
        Err(Malformed)
    }

    #[inline(always)]
    fn options(&self, _: u32, _: u32) -> Parsed<()> {
        Err(Malformed)
    }
}

/// Parses the frame.
#[inline(always)]
pub(crate) fn parse(context: &XdpContext) -> u32 {
    if let Some(out) = PARSED.get_ptr_mut(0) {
        // SAFETY: this CPU's own, and one run at a time.
        let out = unsafe { &mut *out };
        clear(out);
        if packet::parse(&Linear(context), false, out).is_ok() {
            return XDP_PASS;
        }
    }
    miss();
    XDP_ABORTED
}

/// Writes zeros, word by word.
#[inline(always)]
fn clear(packet: &mut Packet) {
    let words: *mut u64 = core::ptr::from_mut(packet).cast();
    let mut i = 0;
    while i < size_of::<Packet>() / 8 {
        // SAFETY: within the packet, which consists of integers only.
        unsafe { words.add(i).write_volatile(0) };
        i += 1;
    }
}
