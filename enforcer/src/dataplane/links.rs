//! One program on one interface: made anew, or taken over from a pin so that no packet goes unjudged in between.

use aya::programs::links::{FdLink, PinnedLink};
use aya::programs::tc::{
    NlOptions, SchedClassifierLink, TcAttachOptions, TcHandle, qdisc_add_clsact, qdisc_detach_program,
};
use aya::programs::xdp::XdpLink;
use aya::programs::{LinkOrder, ProgramError, SchedClassifier, TcAttachType, Xdp, XdpMode};
use aya::util::KernelVersion;

use super::bpffs::Pins;
use super::load::{EGRESS, GUARD};
use super::{Error, sys};

/// Priority of our filters where the kernel has no TCX: before everything else, for what ends the walk before us would go
/// unjudged.
const PRIORITY: u16 = 1;
/// Handle of our filters.
const HANDLE: u16 = 0xe4f;

/// A program that hangs on an interface. Dropped, it comes off unless it is pinned.
#[derive(Debug)]
pub enum Held {
    /// A link of the kernel's own, pinned or not.
    Link(FdLink),
    /// A filter on the clsact queueing discipline.
    Filter(SchedClassifierLink),
}

impl Held {
    /// Leaves the program where it is. Links stay by their pins.
    pub fn keep(self) {
        match self {
            Held::Link(link) => drop(link),
            // Dropping a filter's link takes it off.
            Held::Filter(link) => std::mem::forget(link),
        }
    }
}

/// Where a program hangs, or is to hang.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The interface.
    pub interface: &'a str,
    /// Its index.
    pub index: u32,
    /// Where links are pinned.
    pub pins: &'a Pins,
    /// The program stays when the daemon goes.
    pub pinned: bool,
}

impl Place<'_> {
    /// The link pinned for this place by an earlier run, if it still hangs on this very interface.
    fn earlier(&self, kind: &str) -> Result<Option<FdLink>, Error> {
        let path = self.pins.path(kind, self.interface);
        match sys::pinned_link(&path) {
            Ok(facts) if facts.ifindex == self.index => Ok(PinnedLink::from_pin(&path).map(FdLink::from).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            // Its interface is gone, or another has its name now.
            _ => self.pins.remove(&path).map(|()| None),
        }
    }

    /// Pins a link. The pin of one that was taken over and is to end with this process goes once all of them hang
    /// ([`super::attach::Attachments::attach`]): until then an error leaves to it what an earlier run enforced.
    fn settle(&self, kind: &str, link: FdLink) -> Result<Held, Error> {
        let path = self.pins.path(kind, self.interface);
        if !self.pinned || path.exists() {
            return Ok(Held::Link(link));
        }
        let pinned = link.pin(&path).map_err(|error| Error::Pin {
            what: "cannot pin a link at",
            path: path.clone(),
            error: std::io::Error::other(chain(&error)),
        })?;
        Ok(Held::Link(pinned.into()))
    }

    fn failed(&self, what: &'static str, error: &dyn std::error::Error) -> Error {
        Error::Attach { what, interface: self.interface.to_owned(), error: chain(error) }
    }
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// The number of the system's error at the bottom of `error`.
fn errno(error: &(dyn std::error::Error + 'static)) -> Option<i32> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return error.raw_os_error();
        }
        next = error.source();
    }
    None
}

/// Hangs the entrance program on an interface, natively where the driver can.
pub fn attach_xdp(program: &mut Xdp, place: &Place<'_>, native: bool) -> Result<Held, Error> {
    if let Some(link) = place.earlier("xdp")? {
        let taken = XdpLink::try_from(link).map_err(|error| place.failed("the XDP program", &error))?;
        match program.attach_to_link(taken).and_then(|id| program.take_link(id)) {
            Ok(link) => return place.settle("xdp", fd_link(link, place)?),
            Err(error) => tracing::warn!("{}: cannot take over: {}", place.interface, chain(&error)),
        }
        place.pins.remove(&place.pins.path("xdp", place.interface))?;
    }
    let modes: &[XdpMode] = if native { &[XdpMode::Driver, XdpMode::Skb] } else { &[XdpMode::Skb] };
    let mut last = None;
    for mode in modes {
        match program.attach_to_if_index(place.index, *mode).and_then(|id| program.take_link(id)) {
            Ok(link) => return place.settle("xdp", fd_link(link, place)?),
            Err(error) => match errno(&error) {
                Some(libc::EBUSY | libc::EEXIST) => {
                    return Err(Error::ForeignProgram { interface: place.interface.to_owned(), id: None });
                }
                Some(libc::EPERM | libc::EACCES) => return Err(Error::Privilege),
                _ => {
                    if *mode == XdpMode::Driver {
                        tracing::debug!("{}: no native XDP: {}", place.interface, chain(&error));
                    }
                    last = Some(error);
                }
            },
        }
    }
    Err(match last {
        Some(error) => place.failed("the XDP program", &error),
        None => Error::Missing("XDP mode"),
    })
}

fn fd_link(link: XdpLink, place: &Place<'_>) -> Result<FdLink, Error> {
    FdLink::try_from(link).map_err(|error| place.failed("the XDP program by a link", &error))
}

/// Hangs a classifier on an interface: [`EGRESS`] where packets leave, [`GUARD`] where they enter.
pub fn attach_classifier(program: &mut SchedClassifier, place: &Place<'_>, name: &'static str) -> Result<Held, Error> {
    let (kind, direction) = match name {
        EGRESS => ("egress", TcAttachType::Egress),
        _ => ("guard", TcAttachType::Ingress),
    };
    if !has_tcx() {
        return attach_filter(program, place, direction).map_err(|error| place.failed(name, &error));
    }
    if let Some(link) = place.earlier(kind)? {
        let taken = SchedClassifierLink::try_from(link).map_err(|error| place.failed(name, &error))?;
        match program.attach_to_link(taken).and_then(|id| program.take_link(id)) {
            Ok(link) => return settle_classifier(link, kind, place, name),
            Err(error) => tracing::warn!("{}: cannot take over: {}", place.interface, chain(&error)),
        }
        place.pins.remove(&place.pins.path(kind, place.interface))?;
    }
    // First of all: a program that ends the walk before ours would let packets go unjudged.
    let options = TcAttachOptions::TcxOrder(LinkOrder::first());
    let link = program
        .attach_with_options(place.interface, direction, options)
        .and_then(|id| program.take_link(id))
        .map_err(|error| place.failed(name, &error))?;
    settle_classifier(link, kind, place, name)
}

fn settle_classifier(
    link: SchedClassifierLink,
    kind: &str,
    place: &Place<'_>,
    name: &'static str,
) -> Result<Held, Error> {
    let link = FdLink::try_from(link).map_err(|error| place.failed(name, &error))?;
    place.settle(kind, link)
}

/// True where the kernel has TCX links (6.6).
fn has_tcx() -> bool {
    KernelVersion::current().is_ok_and(|version| version >= KernelVersion::new(6, 6, 0))
}

/// Hangs a classifier on the clsact queueing discipline, in the place of one that an earlier run left there.
fn attach_filter(
    program: &mut SchedClassifier,
    place: &Place<'_>,
    direction: TcAttachType,
) -> Result<Held, ProgramError> {
    // That it is there already is no error; what else goes wrong shows below.
    let _ = qdisc_add_clsact(place.interface);
    let handle = TcHandle::new(0, HANDLE);
    let earlier = SchedClassifierLink::attached(place.interface, direction, PRIORITY, handle, None);
    if let Ok(earlier) = earlier
        && let Ok(id) = program.attach_to_link(earlier)
    {
        return program.take_link(id).map(Held::Filter);
    }
    let options = TcAttachOptions::Netlink(NlOptions { priority: PRIORITY, handle, classid: None });
    let id = program.attach_with_options(place.interface, direction, options)?;
    program.take_link(id).map(Held::Filter)
}

/// Takes our filters off an interface, whoever put them there; true where there was one.
pub fn remove_filters(interface: &str) -> bool {
    let egress = qdisc_detach_program(interface, TcAttachType::Egress, EGRESS).is_ok();
    let guard = qdisc_detach_program(interface, TcAttachType::Ingress, GUARD).is_ok();
    egress || guard
}

/// Takes off every pinned program and every filter of this instance; tells how many pins and filters there were.
pub fn remove_all<'a>(pins: &Pins, interfaces: impl Iterator<Item = &'a str>) -> Result<usize, Error> {
    let removed = pins.clear()?;
    if has_tcx() {
        return Ok(removed);
    }
    Ok(removed + interfaces.filter(|interface| remove_filters(interface)).count())
}

/// Takes off what an earlier run left on interfaces that are not among `interfaces`; `live` is all that there are.
pub fn remove_others<'a>(
    pins: &Pins,
    interfaces: impl Iterator<Item = &'a str> + Clone,
    live: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    if !has_tcx() {
        for interface in live.filter(|name| !interfaces.clone().any(|ours| ours == *name)) {
            remove_filters(interface);
        }
    }
    for path in pins.list() {
        let is_ours =
            |interface: &str| ["xdp", "egress", "guard"].iter().any(|kind| pins.path(kind, interface) == *path);
        if Pins::is_link(&path) && !interfaces.clone().any(is_ours) {
            pins.detach(&path)?;
        }
    }
    Ok(())
}
