//! Who speaks to whom in the demo, and what the policy is expected to make of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::exchange::Service::{self, Echo, Tcp, Udp};
use crate::topology::{CAMERA, INTERNET_HOST, IOT, OFFICE, OFFICE_HOST, OT_HOST, Place, documentation};

/// A conversation, and what is expected.
#[derive(Debug)]
pub struct Flow {
    /// What it stands for.
    pub story: &'static str,
    /// The host that opens it.
    pub from: &'static str,
    /// The host, or `router`, that is spoken to.
    pub to: &'static str,
    /// The address that is spoken to.
    pub at: IpAddr,
    /// What is spoken.
    pub service: Service,
    /// The host whose address the sender claims as its own.
    pub forged: Option<&'static str>,
    /// True when it is expected to pass.
    pub passes: bool,
    /// The reason that is expected.
    pub reason: &'static str,
}

impl Flow {
    /// The verdict that is expected.
    pub fn verdict(&self) -> &'static str {
        if self.passes { "pass" } else { "drop" }
    }
}

const fn v4(place: &Place) -> IpAddr {
    IpAddr::V4(place.v4[0])
}

const fn v6(place: &Place) -> IpAddr {
    IpAddr::V6(place.v6[0])
}

/// A server of the internet that nobody listed.
const STRANGER: (Ipv4Addr, Ipv6Addr) = (Ipv4Addr::new(203, 0, 113, 66), documentation(0x66));

const fn pass(story: &'static str, from: &'static str, to: &'static str, at: IpAddr, service: Service) -> Flow {
    Flow { story, from, to, at, service, forged: None, passes: true, reason: "allowed" }
}

const fn drop(
    story: &'static str,
    from: &'static str,
    to: &'static str,
    at: IpAddr,
    service: Service,
    reason: &'static str,
) -> Flow {
    Flow { story, from, to, at, service, forged: None, passes: false, reason }
}

const fn forged(flow: Flow, claimed: &'static str) -> Flow {
    Flow { forged: Some(claimed), ..flow }
}

/// The flows, in the order in which they are sent.
#[rustfmt::skip]
pub const FLOWS: &[Flow] = &[
    // Zones.
    pass("the office browses",                  "office", "internet", v4(&INTERNET_HOST), Tcp(443)),
    pass("the office browses",                  "office", "internet", v6(&INTERNET_HOST), Tcp(443)),
    pass("the office pings",                    "office", "internet", v6(&INTERNET_HOST), Echo),
    drop("the office sends mail by itself",     "office", "internet", v4(&INTERNET_HOST), Tcp(25),  "no-transition"),
    drop("the internet knocks at the office",   "internet", "office", v6(&OFFICE_HOST),   Tcp(443), "no-transition"),
    pass("an engineer reads a controller",      "office", "ot",       v4(&OT_HOST),       Tcp(502), ),
    pass("an engineer reads a controller",      "office", "ot",       v6(&OT_HOST),       Tcp(502), ),
    drop("an engineer opens its web page",      "office", "ot",       v4(&OT_HOST),       Tcp(80),  "no-transition"),
    // Guardrails: the second has a transition that allows it.
    drop("the internet reaches for the plant",  "internet", "ot",     v4(&OT_HOST),       Tcp(502), "guardrail"),
    drop("the plant calls its vendor",          "ot", "internet",     v4(&INTERNET_HOST), Tcp(443), "guardrail"),
    drop("the plant calls its vendor",          "ot", "internet",     v6(&INTERNET_HOST), Tcp(443), "guardrail"),
    // MUD: what the camera is for.
    pass("the camera calls its cloud",          "camera", "internet", v4(&INTERNET_HOST), Tcp(443)),
    pass("the camera calls its cloud",          "camera", "internet", v6(&INTERNET_HOST), Tcp(443)),
    drop("the camera calls a stranger",         "camera", "internet", IpAddr::V4(STRANGER.0), Tcp(443), "mud-from-device"),
    drop("the camera calls a stranger",         "camera", "internet", IpAddr::V6(STRANGER.1), Tcp(443), "mud-from-device"),
    drop("the camera floods its cloud",         "camera", "internet", v4(&INTERNET_HOST), Udp(5000), "mud-from-device"),
    drop("the camera looks into the plant",     "camera", "ot",       v4(&OT_HOST),       Tcp(502), "no-transition"),
    pass("the recorder fetches the pictures",   "office", "camera",   v4(&CAMERA),        Tcp(554)),
    drop("the recorder tries telnet",           "office", "camera",   v6(&CAMERA),        Tcp(23),  "mud-to-device"),
    // Sources.
    drop("a device without a profile calls out", "sensor", "internet", v4(&INTERNET_HOST), Tcp(443), "no-transition"),
    forged(drop("it claims to be the camera",   "sensor", "internet", v4(&INTERNET_HOST), Tcp(443), "spoofed-source"), "camera"),
    forged(drop("it claims to be the camera",   "sensor", "internet", v6(&INTERNET_HOST), Tcp(443), "spoofed-source"), "camera"),
    // The router itself.
    pass("an administrator logs in",            "office", "router",   IpAddr::V4(OFFICE.v4), Tcp(22)),
    drop("a device tries to",                   "sensor", "router",   IpAddr::V6(IOT.v6), Tcp(22),  "no-transition"),
];
