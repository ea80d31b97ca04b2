//! Steps that need the frame, likewise functions that the verifier follows once each.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{__sk_buff, xdp_md},
    programs::{TcContext, XdpContext},
};

use crate::{
    account,
    frame::{Plain, Scattered},
    judged::Judged,
    maps::scratch,
    packet::{self, Chain, Malformed, Parsed},
    scene,
    steps::escape,
};

/// Steps that need the frame; they differ by the kind of program.
pub(crate) trait Steps {
    /// Parses up to the IP header: the linear part, and unless that is the `whole` frame, then all of it.
    fn network(&self, program: u32, no_ethernet: bool, whole: bool) -> bool;
    /// Parses the transport header, likewise.
    fn transport(&self, program: u32, whole: bool) -> bool;
    /// See [`scene::quote`].
    fn quote(&self, program: u32) -> bool;
    /// Follows the extension header at which `chain` of the working memory stands.
    fn extension(&self, program: u32) -> bool;
    /// Walks IPv4 options.
    fn options(&self, at: u32, length: u32) -> bool;
    /// See [`account::tell`].
    fn tell(&self, program: u32, judged: Judged, what: u8);
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

macro_rules! steps {
    ($context:ident, $raw:ident, $network:ident, $network_scattered:ident, $transport:ident, $transport_scattered:ident,
     $quote:ident, $extension:ident, $options:ident, $tell:ident) => {
        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $network(context: *mut $raw, program: u32, no_ethernet: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            scene::network_linear(&$context::new(context), no_ethernet != 0, s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $network_scattered(context: *mut $raw, program: u32, no_ethernet: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            scene::network_scattered(&$context::new(context), no_ethernet != 0, s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $transport(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            scene::transport_linear(&$context::new(context), s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $transport_scattered(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            scene::transport_scattered(&$context::new(context), s) as u32
        }

        #[unsafe(no_mangle)]
        #[inline(never)]
        extern "C" fn $quote(context: *mut $raw, program: u32) -> u32 {
            let Some(s) = scratch(program) else { return 0 };
            scene::quote(&$context::new(context), s) as u32
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
            account::tell(&context, s, judged, what as u8);
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
            fn network(&self, program: u32, no_ethernet: bool, whole: bool) -> bool {
                let context = self.as_ptr().cast();
                $network(context, program, no_ethernet as u32) != 0
                    || !whole && $network_scattered(context, program, no_ethernet as u32) != 0
            }

            #[inline(always)]
            fn transport(&self, program: u32, whole: bool) -> bool {
                let context = self.as_ptr().cast();
                $transport(context, program) != 0 || !whole && $transport_scattered(context, program) != 0
            }

            #[inline(always)]
            fn quote(&self, program: u32) -> bool {
                $quote(self.as_ptr().cast(), program) != 0
            }

            #[inline(always)]
            fn extension(&self, program: u32) -> bool {
                $extension(self.as_ptr().cast(), program) != 0
            }

            #[inline(always)]
            fn options(&self, at: u32, length: u32) -> bool {
                $options(self.as_ptr().cast(), at, length) != 0
            }

            #[inline(always)]
            fn tell(&self, program: u32, judged: Judged, what: u8) {
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
