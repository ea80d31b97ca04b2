//! The steps called as what they are.

use enforcer_common::{
    image, layers as common_layers,
    reason::Reason,
    source::{self, Finding},
};

use super::maps::Kernel;
use crate::{
    account, connection, egress, ingress,
    judged::{Judged, Refusal},
    scene,
    scratch::{Scratch, which},
};

/// Sets the scene; see [`scene::enter`].
pub(crate) fn enter(s: &mut Scratch, program: u32, ifindex: u32) -> Finding {
    scene::enter(s, ifindex, program)
}

/// Who sends; see [`source::sender`]. `port` is the number of the port.
pub(crate) fn sender(s: &mut Scratch, which: u32, port: u32, anywhere: bool) -> Finding {
    let kernel = Kernel(s.egress);
    let port = image::port(&kernel, &s.heads, port).ok_or(Reason::UnknownZone)?;
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let out = if which == which::ASIDE { &mut s.spare } else { &mut s.ends.0 };
    source::sender(&kernel, &s.heads, port, anywhere, packet, out)
}

/// Who receives; see [`source::receiver`].
pub(crate) fn receiver(s: &mut Scratch, which: u32) -> Finding {
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    source::receiver(&Kernel(s.egress), &s.heads, &s.port, packet, &s.ends.0, &mut s.ends.1)
}

/// Runs the layers over `ends` into `decision`; false where the image is damaged.
pub(crate) fn layers(s: &mut Scratch, which: u32, earlier: Refusal) -> bool {
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let kernel = Kernel(s.egress);
    common_layers::judge(&kernel, &s.heads, packet, &s.ends, earlier.reason(), &mut s.fields, &mut s.decision).is_some()
}

/// What the table of connections says of the packet.
pub(crate) fn find(s: &mut Scratch) -> Judged {
    connection::follow(s)
}

/// See [`ingress::ends`].
pub(crate) fn ingress_ends(s: &mut Scratch) -> Judged {
    ingress::ends(s)
}

/// See [`ingress::opens`].
pub(crate) fn ingress_opens(s: &mut Scratch) -> Judged {
    ingress::opens(s)
}

/// Whose packet it is that leaves; see [`egress::route`].
pub(crate) fn route(s: &mut Scratch) -> Judged {
    egress::route(s)
}

/// See [`egress::router_ends`].
pub(crate) fn router_ends(s: &mut Scratch) -> Judged {
    egress::router_ends(s)
}

/// See [`egress::router_opens`].
pub(crate) fn judge_router(s: &mut Scratch) -> Judged {
    egress::router_opens(s)
}

/// See [`egress::forwarded_anew`].
pub(crate) fn judge_forwarded(s: &mut Scratch) -> Judged {
    egress::forwarded_anew(s)
}

/// See [`scene::own_of_port`].
pub(crate) fn own_of_port(s: &mut Scratch) {
    scene::own_of_port(s);
}

/// Counts the verdict; see [`account::count`].
pub(crate) fn count(s: &Scratch, judged: Judged) {
    account::count(s, judged);
}
