//! Steps that need the frame, likewise functions that the verifier follows once each.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, xdp_md},
    programs::{TcContext, XdpContext},
};

use super::{
    frame::{Context, Linear, Plain, Scattered},
    maps::scratch,
    sample,
    steps::escape,
};
use crate::{
    Frame,
    judged::Judged,
    packet::{self, Chain, Malformed, Next, Parsed},
    scene::clear,
    scratch::Scratch,
};

/// Steps of the parser that differ by the kind of program.
pub(crate) trait Steps {
    /// Follows the extension header at which `chain` of the working memory stands.
    fn extension(&self, program: u32) -> bool;
    /// Walks IPv4 options.
    fn options(&self, at: u32, length: u32) -> bool;
}

/// Follows one extension header.
#[inline(always)]
pub(crate) fn extension<C: Steps>(context: &C, program: u32, chain: &mut Chain) -> Parsed<()> {
    let Some(s) = scratch(program) else { return Err(Malformed) };
    s.chain = *chain;
    escape(s);
    if !context.extension(program) {
        return Err(Malformed);
    }
    *chain = s.chain;
    Ok(())
}

/// Walks IPv4 options.
#[inline(always)]
pub(crate) fn options<C: Steps>(context: &C, at: u32, length: u32) -> Parsed<()> {
    if context.options(at, length) { Ok(()) } else { Err(Malformed) }
}

/// Parses the linear part of the frame up to the IP header; false too where headers are missing there.
#[inline(always)]
fn network_linear<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    s.next = Next::default();
    packet::network(&Linear::new(context, s.egress), no_ethernet, &mut s.packet, &mut s.next).is_ok()
}

/// The same for a frame whose headers are not all in its linear part.
#[inline(always)]
fn network_scattered<C: Context>(context: &C, no_ethernet: bool, s: &mut Scratch) -> bool {
    clear(&mut s.packet);
    s.packet.outer_vlan = s.beside;
    s.next = Next::default();
    packet::network(&Scattered::new(context, s.egress), no_ethernet, &mut s.packet, &mut s.next).is_ok()
}

/// Parses the transport header in the linear part.
#[inline(always)]
fn transport_linear<C: Context>(context: &C, s: &mut Scratch) -> bool {
    packet::transport(&Linear::new(context, s.egress), s.next.at, s.next.left, &mut s.packet).is_ok()
}

/// The same wherever it stands.
#[inline(always)]
fn transport_scattered<C: Context>(context: &C, s: &mut Scratch) -> bool {
    packet::transport(&Scattered::new(context, s.egress), s.next.at, s.next.left, &mut s.packet).is_ok()
}

/// Fills `s.other` with the packet that an ICMP error quotes; false where it quotes none that could be known.
#[inline(always)]
fn quote<C: Context>(context: &C, s: &mut Scratch) -> bool {
    clear(&mut s.other);
    packet::quoted(&Scattered::new(context, s.egress), &s.packet, &mut s.other).is_ok()
}

/// True where the linear part is the whole frame.
#[inline(always)]
fn is_linear<C: Context>(context: &C) -> bool {
    let (start, end) = context.linear();
    end.wrapping_sub(start) as u64 >= context.whole() as u64
}

macro_rules! steps {
    ($context:ident, $raw:ident, $network:ident, $network_scattered:ident, $transport:ident, $transport_scattered:ident,
     $quote:ident, $extension:ident, $options:ident, $tell:ident) => {
        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $network(context: *mut $raw, program: u32, no_ethernet: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            network_linear(&$context::new(context), no_ethernet != 0, s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $network_scattered(context: *mut $raw, program: u32, no_ethernet: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            network_scattered(&$context::new(context), no_ethernet != 0, s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $transport(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            transport_linear(&$context::new(context), s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $transport_scattered(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            transport_scattered(&$context::new(context), s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $quote(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            quote(&$context::new(context), s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $extension(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            let context = $context::new(context);
            s.chain.follow(&Plain(Scattered::new(&context, program))).is_ok() as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $options(context: *mut $raw, at: u32, length: u32) -> u32 {
            let context = $context::new(context);
            packet::options(&Plain(Scattered::new(&context, 0)), at, length).is_ok() as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $tell(context: *mut $raw, program: u32, judged: u64, what: u32) -> u32 {
            let Some(s) = scratch(program) else { return 1 };
            let context = $context::new(context);
            let judged = Judged::from_number(judged);
            sample::tell(&context, s, judged, what as u8);
            #[cfg(feature = "log")]
            aya_log_ebpf::info!(
                &context,
                "generation {} verdict {} reason {} rule {}",
                s.generation,
                judged.verdict(),
                judged.reason(),
                judged.rule()
            );
            0
        }

        impl Steps for $context {
            #[inline(always)]
            fn extension(&self, program: u32) -> bool {
                $extension(self.as_ptr().cast(), program) != 0
            }

            #[inline(always)]
            fn options(&self, at: u32, length: u32) -> bool {
                $options(self.as_ptr().cast(), at, length) != 0
            }
        }

        // The linear part first, and where that is not the whole frame, then all of it.
        impl Frame for $context {
            #[inline(always)]
            fn network(&self, s: &mut Scratch, no_ethernet: bool) -> bool {
                let (context, program) = (self.as_ptr().cast(), s.egress);
                escape(s);
                $network(context, program, no_ethernet as u32) != 0
                    || !is_linear(self) && $network_scattered(context, program, no_ethernet as u32) != 0
            }

            #[inline(always)]
            fn transport(&self, s: &mut Scratch) -> bool {
                let (context, program) = (self.as_ptr().cast(), s.egress);
                escape(s);
                $transport(context, program) != 0 || !is_linear(self) && $transport_scattered(context, program) != 0
            }

            #[inline(always)]
            fn quote(&self, s: &mut Scratch) -> bool {
                let program = s.egress;
                escape(s);
                $quote(self.as_ptr().cast(), program) != 0
            }

            #[inline(always)]
            fn tell(&self, s: &mut Scratch, judged: Judged, what: u8) {
                let program = s.egress;
                escape(s);
                $tell(self.as_ptr().cast(), program, judged.number(), what as u32);
            }
        }
    };
}

steps!(
    XdpContext,
    xdp_md,
    enforcer_network_xdp,
    enforcer_network_xdp_scattered,
    enforcer_transport_xdp,
    enforcer_transport_xdp_scattered,
    enforcer_quote_xdp,
    enforcer_extension_xdp,
    enforcer_options_xdp,
    enforcer_tell_xdp
);
steps!(
    TcContext,
    __sk_buff,
    enforcer_network_tc,
    enforcer_network_tc_scattered,
    enforcer_transport_tc,
    enforcer_transport_tc_scattered,
    enforcer_quote_tc,
    enforcer_extension_tc,
    enforcer_options_tc,
    enforcer_tell_tc
);
