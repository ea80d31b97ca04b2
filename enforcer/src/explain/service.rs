//! Services: from a word to one packet, and from a packet to the narrowest word for it.

use super::site::Site;
use crate::judge::Carries;
use crate::policy::model::Service;
use crate::policy::{Fault, Word};

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMPV6: u8 = 58;
pub(super) const SCTP: u8 = 132;

/// The source port where the word says none.
const EPHEMERAL: u16 = 50_000;

/// The narrowest service that a packet is of, as a policy writes it; none where no service but `any` would do.
pub fn written(carries: &Carries) -> Option<String> {
    match *carries {
        // Port 0 cannot be written.
        Carries::Ports { destination: 0, .. } => None,
        Carries::Ports { protocol, destination, .. } => Some(format!("{}/{destination}", protocol_name(protocol)?)),
        Carries::Icmp { protocol, kind, code } => {
            let family = protocol_name(protocol)?;
            Some(match (kind, code) {
                (8, 0) if protocol == ICMP => format!("{family}/echo-request"),
                (128, 0) if protocol == ICMPV6 => format!("{family}/echo-request"),
                _ => format!("{family}/{kind}.{code}"),
            })
        }
        // These have ports or types, and this packet shows none.
        Carries::Protocol(ICMP | TCP | UDP | ICMPV6 | SCTP) => None,
        Carries::Protocol(number) => Some(format!("ip/{number}")),
        Carries::Ether(ethertype, second) => Some(format!("eth/{ethertype:#06x}/{second:#06x}")),
        Carries::Llc => None,
    }
}

fn protocol_name(number: u8) -> Option<&'static str> {
    match number {
        ICMP => Some("icmp"),
        TCP => Some("tcp"),
        UDP => Some("udp"),
        ICMPV6 => Some("icmpv6"),
        SCTP => Some("sctp"),
        _ => None,
    }
}

/// One packet of a service, and what was chosen where the word leaves a choice.
pub(super) fn one_packet(site: &Site, text: &str) -> Result<(Carries, Option<String>), Fault> {
    let fault = |message: String, help: &str| Err(Fault { message, help: help.to_owned() });
    let service = match site.loaded.words.service(text)? {
        Word::Service(service) => service,
        Word::Mud => {
            return fault(
                "`mud` is no service of one packet: it stands for what MUD files allow".to_owned(),
                "name what is spoken, such as `tcp/443`",
            );
        }
        Word::Set([service]) => service.clone(),
        Word::Set(services) => {
            let all: Vec<String> = services.iter().map(spelled).collect();
            return fault(
                format!("`{text}` is a name for several services, and a packet is of one"),
                &format!("name one of {}", all.join(", ")),
            );
        }
    };
    match service {
        Service::Any => fault("`any` is no service of one packet".to_owned(), "name what is spoken, such as `tcp/443`"),
        Service::Protocol(protocol @ (TCP | UDP | SCTP)) => {
            let name = protocol_name(protocol).unwrap_or_default();
            fault(
                format!("`{text}` has many ports, and a packet has one"),
                &format!("name the port, such as `{name}/443`"),
            )
        }
        Service::Protocol(protocol @ (ICMP | ICMPV6)) => {
            let name = protocol_name(protocol).unwrap_or_default();
            fault(
                format!("`{text}` has many types, and a packet has one"),
                &format!("name the type, such as `{name}/echo-request`"),
            )
        }
        Service::Protocol(number) => Ok((Carries::Protocol(number), None)),
        Service::Ports { protocol, destination, source } => {
            let of_many = destination.0 != destination.1;
            let chosen = of_many.then(|| format!("port {} is taken out of `{text}`", destination.0));
            let source = if (source.0..=source.1).contains(&EPHEMERAL) { EPHEMERAL } else { source.0.max(1) };
            Ok((Carries::Ports { protocol, source, destination: destination.0.max(1) }, chosen))
        }
        Service::Icmp { protocol, kind, code } => Ok((Carries::Icmp { protocol, kind, code: code.unwrap_or(0) }, None)),
        Service::Ether { ethertype, second } => {
            let of_many = second.0 != second.1 && second != (0, u16::MAX);
            let chosen = of_many.then(|| format!("{:#06x} is taken out of `{text}`", second.0));
            Ok((Carries::Ether(ethertype, second.0), chosen))
        }
    }
}

/// A service as it is written, whole protocols and ranges included.
fn spelled(service: &Service) -> String {
    let range = |(first, last): (u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    match service {
        Service::Any => "any".to_owned(),
        Service::Protocol(number) => protocol_name(*number).map_or_else(|| format!("ip/{number}"), str::to_owned),
        Service::Ports { protocol, destination, source } => {
            let from = if *source == (0, u16::MAX) { String::new() } else { format!(":{}", range(*source)) };
            format!("{}/{}{from}", protocol_name(*protocol).unwrap_or_default(), range(*destination))
        }
        Service::Icmp { protocol, kind, code } => {
            let code = code.map(|code| format!(".{code}")).unwrap_or_default();
            format!("{}/{kind}{code}", protocol_name(*protocol).unwrap_or_default())
        }
        Service::Ether { ethertype, .. } => format!("eth/{ethertype:#06x}"),
    }
}
