//! A packet given by words: from whom, to whom, and what is spoken.

use thiserror::Error;

use super::ends::{End, Placed};
use super::frame::{Thought, group_mac};
use super::lay::{Lay, is_group, is_link_local};
use super::question::{Frames, Given, Question};
use super::service::{ICMP, ICMPV6, UDP, one_packet};
use super::site::Site;
use crate::judge::{Carries, Medium};
use crate::policy::model::{Port, Zone};
use crate::replay::Way;

/// The words.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The sender: a zone, a device, `router`, an address, or a host name of `[names]`.
    pub src: String,
    /// The receiver, likewise.
    pub dst: String,
    /// What is spoken, as a policy writes it.
    pub service: String,
    /// The interface or port by which it enters.
    pub by: Option<String>,
    /// The MAC that it comes from.
    pub mac: Option<[u8; 6]>,
    /// The packet that answers such a one is meant.
    pub reply: bool,
    /// Over IPv4 only (true), or over IPv6 only.
    pub four: Option<bool>,
    /// Interfaces that are known to have no Ethernet header.
    pub bare: Vec<String>,
}

/// Words that mean no packet.
#[derive(Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WordError {
    #[error("`{word}` is no zone, device, address, or name of `[names]`{}", help.as_deref().map(|help| format!(": {help}")).unwrap_or_default())]
    Nobody { word: String, help: Option<String> },
    #[error("`{0}` is a group: name one of its zones or devices")]
    Group(String),
    #[error("{message}: {help}")]
    Service { message: String, help: String },
    #[error("the router does not send to itself")]
    Itself,
    #[error("`{src}` and `{dst}` have no family of addresses in common that `{service}` is spoken over{}", if *declared { "" } else { "; the router's own addresses are known from `[router] addresses` only, or from its live interfaces" })]
    NoFamily { src: String, dst: String, service: String, declared: bool },
    #[error("`{0}` is in no zone that has a port: name the port with --in")]
    NoPort(String),
    #[error("the policy has no port `{name}`; it has {}", known.join(", "))]
    UnknownPort { name: String, known: Vec<String> },
    #[error(
        "`{0}` carries no IP, and frames without IP stay within the zone of their port: name the same zone on both sides"
    )]
    Leaves(String),
    #[error("nothing answers `{0}`")]
    NoAnswer(String),
}

/// The questions that words mean: one for each family of addresses that they leave open.
pub fn from_words(site: &Site, words: &Words) -> Result<Vec<Question>, WordError> {
    let asking = Asking::of(site, words)?;
    if matches!(asking.carries, Carries::Ether(..)) {
        return Ok(vec![asking.without_ip()?]);
    }
    let families = [true, false].into_iter().filter(|four| asking.may_be(*four));
    let mut questions = Vec::new();
    for four in families {
        if let Some(question) = asking.question(four)? {
            questions.push(question);
        }
    }
    match questions.is_empty() {
        false => Ok(questions),
        true => Err(WordError::NoFamily {
            src: words.src.clone(),
            dst: words.dst.clone(),
            service: words.service.clone(),
            declared: site.loaded.facts.addresses.values().any(|own| !own.is_empty()),
        }),
    }
}

/// The words, understood.
struct Asking<'s> {
    words: &'s Words,
    lay: Lay<'s>,
    src: End<'s>,
    dst: End<'s>,
    carries: Carries,
    note: Option<String>,
    router: [u8; 6],
}

impl<'s> Asking<'s> {
    fn of(site: &'s Site, words: &'s Words) -> Result<Asking<'s>, WordError> {
        let lay = Lay::of(site);
        let (carries, note) = one_packet(site, &words.service)
            .map_err(|fault| WordError::Service { message: fault.message, help: fault.help })?;
        let src = End::read(lay, &site.loaded.words, &words.src)?;
        let dst = End::read(lay, &site.loaded.words, &words.dst)?;
        if src.is_router(lay) && dst.is_router(lay) {
            return Err(WordError::Itself);
        }
        Ok(Asking { words, lay, src, dst, carries, note, router: lay.unlisted_mac(1) })
    }

    fn may_be(&self, four: bool) -> bool {
        let only_four = matches!(self.carries, Carries::Icmp { protocol: ICMP, .. });
        let only_six = matches!(self.carries, Carries::Icmp { protocol: ICMPV6, .. });
        let spoken = if four { !only_six } else { !only_four };
        spoken && self.words.four.is_none_or(|wanted| wanted == four)
    }

    /// The port that was named, or the one by which an end is reached.
    fn port(&self, zone: Option<&'s Zone>, address: Option<std::net::IpAddr>) -> Result<Option<&'s Port>, WordError> {
        let Some(name) = &self.words.by else {
            return Ok(zone.and_then(|zone| self.lay.port_of(zone, address)));
        };
        let of_zone = |port: &Port| zone.is_some_and(|zone| zone.ports.contains(port));
        let mut there: Vec<&Port> = self.lay.ports().map(|(port, _)| port).filter(|port| port.name == *name).collect();
        if there.is_empty() {
            // An interface: the port of the sender's zone on it, else any.
            there = self.lay.ports().map(|(port, _)| port).filter(|port| port.interface == *name).collect();
        }
        let found = there.iter().find(|port| of_zone(port)).or(there.first());
        match found {
            Some(port) => Ok(Some(port)),
            None => {
                let mut known: Vec<String> = self.lay.ports().map(|(port, _)| port.name.clone()).collect();
                known.sort();
                known.dedup();
                Err(WordError::UnknownPort { name: name.clone(), known })
            }
        }
    }

    fn medium(&self, port: &Port) -> Medium {
        if self.words.bare.contains(&port.interface) { Medium::Ip } else { Medium::Ethernet }
    }

    /// The packet in one family; none where one of the ends has no address there.
    fn question(&self, four: bool) -> Result<Option<Question>, WordError> {
        let by_router = self.src.is_router(self.lay);
        let by = self.words.by.as_deref();
        let (src, dst, port);
        if by_router {
            let Some(to) = self.dst.placed(self.lay, by, four) else { return Ok(None) };
            port = self.port(to.zone, Some(to.address))?.ok_or_else(|| WordError::NoPort(self.words.dst.clone()))?;
            let Some(from) = self.src.placed(self.lay, Some(&port.name), four) else { return Ok(None) };
            (src, dst) = (from, to);
        } else {
            let Some(from) = self.src.placed(self.lay, by, four) else { return Ok(None) };
            port =
                self.port(from.zone, Some(from.address))?.ok_or_else(|| WordError::NoPort(self.words.src.clone()))?;
            let Some(to) = self.dst.placed(self.lay, Some(&port.name), four) else { return Ok(None) };
            (src, dst) = (from, to);
        }
        let mut dst = dst;
        if dst.address == src.address {
            // Somebody else in the same zone.
            dst.address = other(src.address);
            dst.note = Some(format!("{} stands for somebody else there", dst.address));
        }
        self.asked(port, &src, &dst, by_router).map(Some)
    }

    fn asked(&self, port: &Port, src: &Placed<'s>, dst: &Placed<'s>, by_router: bool) -> Result<Question, WordError> {
        let thought = Thought {
            source_mac: self.source_mac(src, by_router),
            destination_mac: self.destination_mac(src, dst, by_router),
            addresses: Some((src.address, dst.address)),
            carries: self.carries,
            answers: false,
        };
        let way = if by_router { Way::Out } else { Way::In };
        let mut frames: Vec<Given> = self.seen_before(dst).into_iter().collect();
        frames.extend(self.given(way, port, &thought));
        let mut notes: Vec<String> = [&src.note, &dst.note, &self.note].into_iter().flatten().cloned().collect();
        if self.words.reply {
            let back = thought.answer().ok_or_else(|| WordError::NoAnswer(self.words.service.clone()))?;
            let to_router = self.dst.is_router(self.lay);
            let (way, port) = match to_router {
                true => (Way::Out, port),
                false => {
                    let reached = dst.zone.and_then(|zone| self.lay.port_of(zone, Some(dst.address)));
                    (Way::In, reached.ok_or_else(|| WordError::NoPort(self.words.dst.clone()))?)
                }
            };
            // Nobody's MAC but the answering end's.
            let back = Thought { source_mac: self.source_mac(dst, to_router), ..back };
            frames.extend(self.given(way, port, &back));
            notes.push("the packet that opens the connection was judged first".to_owned());
        }
        if self.words.by.is_none() && !by_router {
            notes.push(format!("it is taken to enter by {}", port.name));
        }
        Ok(self.finished(notes, frames))
    }

    /// Within one zone, from its port.
    fn without_ip(&self) -> Result<Question, WordError> {
        let leaves = || WordError::Leaves(self.words.service.clone());
        if self.words.reply {
            return Err(WordError::NoAnswer(self.words.service.clone()));
        }
        let zone = self.src.zone(self.lay).ok_or_else(leaves)?;
        self.dst.zone(self.lay).filter(|other| other.name == zone.name).ok_or_else(leaves)?;
        let port = self.port(Some(zone), None)?.ok_or_else(|| WordError::NoPort(self.words.src.clone()))?;
        let mac = |end: &End<'_>, last: u8| match end {
            End::Device(device) => device.mac.unwrap_or_else(|| self.lay.unlisted_mac(last)),
            End::Router | End::Zone(_) | End::Name(_) | End::Address(_) => self.lay.unlisted_mac(last),
        };
        let thought = Thought {
            source_mac: self.words.mac.unwrap_or_else(|| mac(&self.src, 2)),
            destination_mac: mac(&self.dst, 3),
            addresses: None,
            carries: self.carries,
            answers: false,
        };
        let frames = self.given(Way::In, port, &thought).into_iter().collect();
        Ok(self.finished(self.note.iter().cloned().collect(), frames))
    }

    fn finished(&self, notes: Vec<String>, frames: Vec<Given>) -> Question {
        let Words { src, dst, service, reply, .. } = self.words;
        let title =
            if *reply { format!("the answer to {src} > {dst} {service}") } else { format!("{src} > {dst} {service}") };
        let by = frames.last().map(|given| given.place.clone());
        let mac_known = self.words.mac.is_some() && !reply;
        Question { title, notes, number: None, by, mac_known, reply: *reply, frames: Frames::Given(frames) }
    }

    fn given(&self, way: Way, port: &Port, thought: &Thought) -> Option<Given> {
        let medium = self.medium(port);
        Some(Given { way, medium, place: port.name.clone(), frame: thought.frame(medium)? })
    }

    fn source_mac(&self, src: &Placed<'_>, by_router: bool) -> [u8; 6] {
        let own = src.device.and_then(|device| device.mac);
        match (by_router, self.words.mac) {
            (true, _) => self.router,
            (false, Some(mac)) if !self.words.reply => mac,
            (false, _) => own.unwrap_or_else(|| self.lay.unlisted_mac(2)),
        }
    }

    /// Of who is on the same link, its own; else the router's.
    fn destination_mac(&self, src: &Placed<'_>, dst: &Placed<'_>, by_router: bool) -> [u8; 6] {
        if let Some(mac) = group_mac(dst.address) {
            return mac;
        }
        let zone = |end: &Placed<'_>| end.zone.map(|zone| zone.name.clone());
        let same = (zone(src).is_some() && zone(src) == zone(dst)) || is_link_local(dst.address);
        match dst.device.and_then(|device| device.mac) {
            Some(mac) if same || by_router => mac,
            None if same || by_router => self.lay.unlisted_mac(3),
            Some(_) | None => self.router,
        }
    }

    /// A device that lists no address is known by what it sent: something that opens nothing.
    fn seen_before(&self, dst: &Placed<'s>) -> Option<Given> {
        let device = dst.device.filter(|device| !device.addresses.contains(&dst.address))?;
        let port = self.lay.port_of(dst.zone?, Some(dst.address))?;
        let nowhere = if dst.address.is_ipv4() { "192.0.2.254" } else { "2001:db8:ffff:ffff::fe" };
        let thought = Thought {
            source_mac: device.mac?,
            destination_mac: self.router,
            addresses: Some((dst.address, nowhere.parse().ok()?)),
            carries: Carries::Ports { protocol: UDP, source: 9, destination: 9 },
            answers: false,
        };
        (!is_group(dst.address)).then(|| self.given(Way::In, port, &thought))?
    }
}

/// The neighbour of an address.
fn other(address: std::net::IpAddr) -> std::net::IpAddr {
    match address {
        std::net::IpAddr::V4(address) => std::net::IpAddr::V4((u32::from(address) ^ 1).into()),
        std::net::IpAddr::V6(address) => std::net::IpAddr::V6((u128::from(address) ^ 1).into()),
    }
}
