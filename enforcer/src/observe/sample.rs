//! One dropped packet with the names of the generation that judged it.

use std::fmt;
use std::time::SystemTime;

use enforcer_common::event::{CAPTURED, Event, what};
use enforcer_common::reason::{Reason, Verdict};
use serde::{Deserialize, Serialize};

use super::frame::{self, Shown};
use super::time;
use crate::compile::image::Names;

/// A sample, in the words of `replay` and more. Names that do not apply are null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since 1970.
    pub time: f64,
    /// The port as the policy names it.
    pub port: Option<String>,
    /// The interface by which the packet entered or, at egress, left.
    pub interface: String,
    /// Zone of the sender.
    pub from: Option<String>,
    /// Zone of the receiver.
    pub to: Option<String>,
    /// Device that sends.
    pub device: Option<String>,
    /// Device that receives.
    pub peer: Option<String>,
    /// `drop` or `audit`; `pass` of a connection that a rule wants told.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// The layer that decided.
    pub layer: String,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Where that rule was written.
    pub at: Option<String>,
    /// Source address.
    pub source: Option<String>,
    /// Destination address.
    pub destination: Option<String>,
    /// Protocol.
    pub protocol: Option<String>,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination port.
    pub destination_port: Option<u16>,
    /// Bytes of the frame.
    pub length: u32,
}

/// What the names of an event are taken from.
#[derive(Debug)]
pub struct Context<'a> {
    /// Names of the generation that judged, where they are still known.
    pub names: Option<&'a Names>,
    /// The interface's name.
    pub interface: Option<&'a str>,
    /// The interface has no Ethernet header.
    pub ip: bool,
    /// Both clocks now: monotonic nanoseconds and the time of day.
    pub now: (u64, SystemTime),
}

impl Sample {
    /// The event in words.
    pub fn new(event: &Event, context: &Context<'_>) -> Self {
        let named = |list: fn(&Names) -> &Vec<String>, number: usize| {
            let names = context.names.filter(|_| number != 0)?;
            list(names).get(number).cloned()
        };
        let port = context.names.and_then(|names| names.ports.get(event.port as usize));
        let rule = context.names.and_then(|names| names.rules.get(event.rule as usize));
        let rule = rule.filter(|_| event.rule != 0);
        let reason = Reason::from_u8(event.reason);
        let verdict = Verdict::from_u8(event.verdict);
        let captured = event.bytes.get(..event.captured as usize).unwrap_or(&event.bytes);
        let Shown { source, destination, protocol, source_port, destination_port } = frame::show(captured, context.ip);
        Sample {
            time: time::seconds(time::wall(event.time, context.now)),
            port: port.filter(|_| event.port != 0).map(|port| port.name.clone()),
            interface: context.interface.map_or_else(|| format!("#{}", event.ifindex), str::to_owned),
            from: named(|names| &names.zones, usize::from(event.from)),
            to: named(|names| &names.zones, usize::from(event.to)),
            device: named(|names| &names.devices, event.device as usize),
            peer: named(|names| &names.devices, event.peer as usize),
            verdict: verdict.map_or("unknown", Verdict::label).to_owned(),
            reason: reason.map_or("unknown", Reason::label).to_owned(),
            layer: reason.map_or("unknown", Reason::layer).to_owned(),
            rule: rule.map(|rule| rule.name.clone()),
            at: rule.and_then(|rule| rule.place.as_ref()).map(ToString::to_string),
            source,
            destination,
            protocol,
            source_port,
            destination_port,
            length: event.length,
        }
    }
}

/// An end as people write it: `10.0.0.1:80`, `[fd00::1]:80`.
fn end(address: Option<&str>, port: Option<u16>) -> String {
    let address = address.unwrap_or("?");
    match port {
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        write!(f, "{} {} {}", time::rfc3339(self.time), self.verdict, self.reason)?;
        write!(f, " {}", self.port.as_ref().unwrap_or(&self.interface))?;
        write!(f, " {}>{}", none(&self.from), none(&self.to))?;
        let protocol = self.protocol.as_deref().unwrap_or("?");
        let source = end(self.source.as_deref(), self.source_port);
        let destination = end(self.destination.as_deref(), self.destination_port);
        write!(f, " {protocol} {source} > {destination}")?;
        write!(f, " {} bytes", self.length)?;
        for (label, name) in [("device", &self.device), ("peer", &self.peer), ("rule", &self.rule), ("at", &self.at)] {
            if let Some(name) = name {
                write!(f, " {label} {name}")?;
            }
        }
        Ok(())
    }
}

/// The event in the bytes that the ring buffer gave, if they are one.
pub fn event_of(bytes: &[u8]) -> Option<Event> {
    if bytes.len() < size_of::<Event>() {
        return None;
    }
    // SAFETY: there are enough bytes, an event is integers only, for which any bytes are a value, and the read does not ask
    // for alignment.
    Some(unsafe { bytes.as_ptr().cast::<Event>().read_unaligned() })
}

/// True for a sample of a drop (or of what audit let through); false for a connection that a rule wants told.
pub fn is_drop(event: &Event) -> bool {
    event.what == what::DROP
}

/// An event of nothing, for tests and tools.
pub const NO_EVENT: Event = Event {
    time: 0,
    generation: 0,
    ifindex: 0,
    rule: 0,
    device: 0,
    peer: 0,
    length: 0,
    port: 0,
    from: 0,
    to: 0,
    outer_vlan: 0,
    inner_vlan: 0,
    reason: 0,
    verdict: 0,
    what: 0,
    egress: 0,
    captured: 0,
    bytes: [0; CAPTURED],
};

#[cfg(test)]
mod tests {
    use std::mem::offset_of;
    use std::time::{Duration, UNIX_EPOCH};

    use etherparse::PacketBuilder;

    use super::*;
    use crate::compile::image::{PortName, Rule};
    use crate::policy::model::Place;

    fn names() -> Names {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            zones: named(&["", "router", "iot", "internet"]),
            devices: named(&["", "lobby-camera"]),
            ports: vec![
                PortName::default(),
                PortName { name: "lan0.30".to_owned(), interface: "lan0".to_owned(), ..PortName::default() },
            ],
            rules: vec![
                Rule::default(),
                Rule {
                    name: "camera.json#from4/web".to_owned(),
                    layer: "mud",
                    place: Some(Place { file: "mud/camera.json".into(), line: 41 }),
                },
            ],
        }
    }

    fn event() -> Event {
        let mut event = Event {
            time: 1_500_000_000,
            generation: 1,
            ifindex: 7,
            rule: 1,
            device: 1,
            length: 1514,
            port: 1,
            from: 2,
            to: 3,
            reason: Reason::MudFromDevice as u8,
            verdict: Verdict::Drop as u8,
            ..NO_EVENT
        };
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let builder = builder.ipv4([10, 30, 0, 11], [203, 0, 113, 10], 64).tcp(40_000, 443, 1, 1024);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &[]).unwrap();
        event.captured = bytes.len() as u32;
        event.bytes[..bytes.len()].copy_from_slice(&bytes);
        event
    }

    fn context(names: Option<&Names>) -> Context<'_> {
        Context {
            names,
            interface: Some("lan0"),
            ip: false,
            now: (2_500_000_000, UNIX_EPOCH + Duration::from_secs(10)),
        }
    }

    #[test]
    fn a_sample_in_words() {
        let names = names();
        let sample = Sample::new(&event(), &context(Some(&names)));
        assert_eq!(
            sample.to_string(),
            "1970-01-01T00:00:09.000Z drop mud-from-device lan0.30 iot>internet tcp 10.30.0.11:40000 > 203.0.113.10:443 \
             1514 bytes device lobby-camera rule camera.json#from4/web at mud/camera.json:41"
        );
        let json = serde_json::to_string(&sample).unwrap();
        assert_eq!(
            json,
            "{\"time\":9.0,\"port\":\"lan0.30\",\"interface\":\"lan0\",\"from\":\"iot\",\"to\":\"internet\",\
             \"device\":\"lobby-camera\",\"peer\":null,\"verdict\":\"drop\",\"reason\":\"mud-from-device\",\"layer\":\"mud\",\
             \"rule\":\"camera.json#from4/web\",\"at\":\"mud/camera.json:41\",\"source\":\"10.30.0.11\",\
             \"destination\":\"203.0.113.10\",\"protocol\":\"tcp\",\"source_port\":40000,\"destination_port\":443,\
             \"length\":1514}"
        );
    }

    #[test]
    fn a_generation_long_gone_leaves_names_out() {
        let sample = Sample::new(&event(), &context(None));
        assert_eq!((sample.from, sample.rule, sample.port), (None, None, None));
        assert_eq!(sample.reason, "mud-from-device");
    }

    #[test]
    fn events_of_bytes() {
        let mut bytes = [0; size_of::<Event>() + 1];
        // One byte off, so that nothing in it is aligned.
        let written = &mut bytes[1..];
        written[offset_of!(Event, time)..][..8].copy_from_slice(&7u64.to_ne_bytes());
        written[offset_of!(Event, to)..][..2].copy_from_slice(&3u16.to_ne_bytes());
        written[offset_of!(Event, captured)..][..4].copy_from_slice(&9u32.to_ne_bytes());
        written[offset_of!(Event, bytes) + CAPTURED - 1] = 1;
        let event = event_of(written).unwrap();
        assert_eq!((event.time, event.to, event.captured, event.reason), (7, 3, 9, 0));
        assert_eq!((event.bytes[0], event.bytes[CAPTURED - 1]), (0, 1));
        assert_eq!(event_of(&written[1..]), None);
    }
}
