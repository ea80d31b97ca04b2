//! The frame in the kernel's hands: its linear part directly, the rest by a helper.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, xdp_md},
    helpers::{bpf_skb_load_bytes, bpf_xdp_get_buff_len, bpf_xdp_load_bytes},
    programs::{TcContext, XdpContext},
};

use super::frame_steps::{self, Steps};
use crate::packet::{Bytes, Chain, Parsed, REACH};

/// A context that frames can be read from.
pub(crate) trait Context: Steps {
    /// Start and end of the linear part.
    fn linear(&self) -> (usize, usize);
    /// Length of the whole frame.
    fn whole(&self) -> u32;
    /// Copies `length` bytes from `at` to `to`; true where it could.
    ///
    /// # Safety
    /// `to` must be valid for `length` bytes.
    unsafe fn load(&self, at: u32, to: *mut u8, length: u32) -> bool;
}

impl Context for XdpContext {
    #[inline(always)]
    fn linear(&self) -> (usize, usize) {
        (self.data(), self.data_end())
    }

    #[inline(always)]
    fn whole(&self) -> u32 {
        let context: *mut xdp_md = self.as_ptr().cast();
        // SAFETY: the context is the program's own.
        unsafe { bpf_xdp_get_buff_len(context) as u32 }
    }

    #[inline(always)]
    unsafe fn load(&self, at: u32, to: *mut u8, length: u32) -> bool {
        let context: *mut xdp_md = self.as_ptr().cast();
        // SAFETY: the caller vouches for `to`.
        unsafe { bpf_xdp_load_bytes(context, at, to.cast(), length) == 0 }
    }
}

impl Context for TcContext {
    #[inline(always)]
    fn linear(&self) -> (usize, usize) {
        (self.data(), self.data_end())
    }

    #[inline(always)]
    fn whole(&self) -> u32 {
        self.len()
    }

    #[inline(always)]
    unsafe fn load(&self, at: u32, to: *mut u8, length: u32) -> bool {
        let context: *mut __sk_buff = self.as_ptr().cast();
        // SAFETY: the caller vouches for `to`.
        unsafe { bpf_skb_load_bytes(context.cast(), at, to.cast(), length) == 0 }
    }
}

/// The end of `SIZE` bytes at `pointer`, by an addition that the compiler does not see through: it would turn the comparison
/// with the end of the frame into one from which the verifier learns nothing.
#[inline(always)]
fn edge<const SIZE: usize>(pointer: usize) -> usize {
    let mut edge = pointer;
    // SAFETY: one addition to one register.
    unsafe { core::arch::asm!("{0} += {1}", inout(reg) edge, const SIZE, options(pure, nomem, nostack)) };
    edge
}

/// Reads the linear part only: quick, and enough for nearly every frame.
pub(crate) struct Linear<'a, C> {
    context: &'a C,
    program: u32,
    start: usize,
    end: usize,
    length: u32,
}

impl<'a, C: Context> Linear<'a, C> {
    #[inline(always)]
    pub(crate) fn new(context: &'a C, program: u32) -> Self {
        let (start, end) = context.linear();
        Linear { context, program, start, end, length: context.whole() }
    }

    #[inline(always)]
    fn pointer<const SIZE: usize>(&self, at: u32) -> Option<*const u8> {
        if at > REACH {
            return None;
        }
        let pointer = self.start + (core::hint::black_box(at) & REACH) as usize;
        if edge::<SIZE>(pointer) > self.end {
            return None;
        }
        Some(pointer as *const u8)
    }
}

impl<C: Context> Bytes for Linear<'_, C> {
    #[inline(always)]
    fn length(&self) -> u32 {
        self.length
    }

    #[inline(always)]
    fn u8(&self, at: u32) -> Option<u8> {
        // SAFETY: checked against the end of the linear part.
        self.pointer::<1>(at).map(|pointer| unsafe { *pointer })
    }

    #[inline(always)]
    fn u16(&self, at: u32) -> Option<u16> {
        // SAFETY: checked against the end of the linear part.
        self.pointer::<2>(at).map(|pointer| u16::from_be(unsafe { pointer.cast::<u16>().read_unaligned() }))
    }

    #[inline(always)]
    fn u32(&self, at: u32) -> Option<u32> {
        // SAFETY: checked against the end of the linear part.
        self.pointer::<4>(at).map(|pointer| u32::from_be(unsafe { pointer.cast::<u32>().read_unaligned() }))
    }

    #[inline(always)]
    fn extension(&self, chain: &mut Chain) -> Parsed<()> {
        frame_steps::extension(self.context, self.program, chain)
    }

    #[inline(always)]
    fn options(&self, at: u32, length: u32) -> Parsed<()> {
        frame_steps::options(self.context, at, length)
    }
}

/// Reads any part of the frame by a helper: for frames whose headers are not all in the linear part.
pub(crate) struct Scattered<'a, C> {
    context: &'a C,
    program: u32,
    length: u32,
}

impl<'a, C: Context> Scattered<'a, C> {
    #[inline(always)]
    pub(crate) fn new(context: &'a C, program: u32) -> Self {
        Scattered { context, program, length: context.whole() }
    }

    #[inline(always)]
    fn read<const N: usize>(&self, at: u32) -> Option<[u8; N]> {
        if at > REACH {
            return None;
        }
        let mut bytes = [0u8; N];
        // SAFETY: `bytes` has N bytes.
        let read = unsafe { self.context.load(at, bytes.as_mut_ptr(), N as u32) };
        if read { Some(bytes) } else { None }
    }
}

impl<C: Context> Bytes for Scattered<'_, C> {
    #[inline(always)]
    fn length(&self) -> u32 {
        self.length
    }

    #[inline(always)]
    fn u8(&self, at: u32) -> Option<u8> {
        self.read::<1>(at).map(|bytes| bytes[0])
    }

    #[inline(always)]
    fn u16(&self, at: u32) -> Option<u16> {
        self.read::<2>(at).map(u16::from_be_bytes)
    }

    #[inline(always)]
    fn u32(&self, at: u32) -> Option<u32> {
        self.read::<4>(at).map(u32::from_be_bytes)
    }

    #[inline(always)]
    fn extension(&self, chain: &mut Chain) -> Parsed<()> {
        frame_steps::extension(self.context, self.program, chain)
    }

    #[inline(always)]
    fn options(&self, at: u32, length: u32) -> Parsed<()> {
        frame_steps::options(self.context, at, length)
    }
}

/// The frame for a step that follows one extension header or walks options: read by the helper, once for both kinds of frame.
pub(crate) struct Plain<'a, C>(pub(crate) Scattered<'a, C>);

impl<C: Context> Bytes for Plain<'_, C> {
    #[inline(always)]
    fn length(&self) -> u32 {
        self.0.length
    }

    #[inline(always)]
    fn u8(&self, at: u32) -> Option<u8> {
        self.0.u8(at)
    }

    #[inline(always)]
    fn u16(&self, at: u32) -> Option<u16> {
        self.0.u16(at)
    }

    #[inline(always)]
    fn u32(&self, at: u32) -> Option<u32> {
        self.0.u32(at)
    }
}
