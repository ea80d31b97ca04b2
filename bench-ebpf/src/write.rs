//! Draws a key and writes it into the frame.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{xdp_action::XDP_ABORTED, xdp_md},
    helpers::bpf_xdp_adjust_meta,
    programs::XdpContext,
};
use enforcer_bench_ebpf::{
    draw,
    plan::{PATCHES, Plan, SOURCES, State},
};

use crate::{
    frame::within,
    maps::{PLAN, PROGRAMS, STATE, miss},
};

/// Draws, writes, and goes on to the program under test; comes back only where that could not be.
#[inline(always)]
pub(crate) fn draw(context: &XdpContext) -> u32 {
    if let (Some(plan), Some(state)) = (PLAN.get(0), STATE.get_ptr_mut(0)) {
        // SAFETY: one run at a time.
        let state = unsafe { &mut *state };
        draw::draw(plan, state);
        if write(context, plan, state).is_some() && forget_metadata(context) {
            // SAFETY: nothing here is left to be dropped.
            unsafe { PROGRAMS.tail_call(context, plan.target) };
        }
    }
    miss();
    XDP_ABORTED
}

/// Writes what was drawn to its places in the frame, and the checksum that goes with it.
#[inline(always)]
fn write(context: &XdpContext, plan: &Plan, state: &State) -> Option<()> {
    let mut sum = plan.checksum;
    let mut i = 0;
    while i < PATCHES {
        if i as u32 == plan.patches {
            break;
        }
        let patch = &plan.patch[i];
        let (value, summand) = draw::patched(patch, value(state, patch.source));
        sum = sum.wrapping_add(summand);
        let place: *mut u32 = within::<4>(context, patch.at)?.cast();
        // SAFETY: `within` checked it against the end of the frame.
        unsafe { place.write_unaligned(value.to_be()) };
        i += 1;
    }
    if plan.checksum_at != 0 {
        let place: *mut u16 = within::<2>(context, plan.checksum_at)?.cast();
        // SAFETY: as above.
        unsafe { place.write_unaligned(draw::checksum(sum).to_be()) };
    }
    Some(())
}

/// One of the drawn values.
#[inline(always)]
fn value(state: &State, source: u32) -> u32 {
    let source = core::hint::black_box(source) as usize & (SOURCES - 1);
    // SAFETY: the mask keeps it below the length of the array.
    unsafe { core::ptr::read_volatile(state.values.as_ptr().add(source)) }
}

/// Takes off what the program under test left in front of the frame: the kernel gives every packet of a run the same frame, and
/// each would find less room there. It costs all programs alike.
#[inline(always)]
fn forget_metadata(context: &XdpContext) -> bool {
    let raw: *mut xdp_md = context.as_ptr().cast();
    let left = (context.data() as u32).wrapping_sub(context.metadata() as u32);
    // SAFETY: the context is the program's own.
    unsafe { bpf_xdp_adjust_meta(raw, left as i32) == 0 }
}
