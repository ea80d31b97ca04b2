//! A first policy, written from the interfaces and routes of a router.

use std::fmt::Write;
use std::net::IpAddr;

use super::facts::{Interface, Live};
use super::value;

/// From where and how the operator is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The router's address that the session goes to.
    pub address: IpAddr,
    /// The router's port.
    pub port: u16,
}

/// The text of a first policy: in audit, with comments that say what to do next.
pub fn policy(live: &Live, session: Option<Session>) -> String {
    Plan::of(live, session).text()
}

#[derive(Debug, Default)]
struct Plan {
    zones: Vec<Zone>,
    /// Interface and why it is left alone.
    ignored: Vec<(String, &'static str)>,
    /// Names that no port can have.
    unnameable: Vec<String>,
    management: Option<Management>,
}

#[derive(Debug)]
struct Zone {
    name: String,
    uplink: bool,
    ports: Vec<String>,
    networks: Vec<String>,
}

#[derive(Debug)]
struct Management {
    from: Vec<String>,
    port: u16,
    why: &'static str,
}

const UPLINK: &str = "internet";

impl Plan {
    fn of(live: &Live, session: Option<Session>) -> Plan {
        let mut plan = Plan::default();
        let mut management = None;
        for interface in live.interfaces.iter().filter(|interface| !interface.loopback) {
            if let Some(why) = left_alone(interface) {
                plan.ignored.push((interface.name.clone(), why));
                continue;
            }
            if stands_for_nothing(live, interface) {
                continue;
            }
            let ports = ports_of(live, interface, 0);
            if ports.is_empty() {
                plan.unnameable.push(interface.name.clone());
                continue;
            }
            let zone = plan.zone(interface, ports);
            let here = |session: &Session| {
                let mut own = interface.addresses.iter();
                own.any(|net| net.addr() == session.address)
            };
            if let Some(session) = session.filter(here) {
                management = Some(Management {
                    from: vec![zone],
                    port: session.port,
                    why: "From the zone that your session comes from.",
                });
            }
        }
        plan.zones.sort_by(|a, b| (!a.uplink, &a.name).cmp(&(!b.uplink, &b.name)));
        plan.management = management.or_else(|| plan.any_management());
        plan
    }

    /// Puts an interface into its zone and returns the name of that.
    fn zone(&mut self, interface: &Interface, ports: Vec<String>) -> String {
        let networks = networks_of(interface);
        let uplink = interface.default_route;
        let name = if uplink { UPLINK.to_owned() } else { zone_name(&interface.name) };
        if let Some(zone) = self.zones.iter_mut().find(|zone| zone.name == name) {
            zone.ports.extend(ports);
            zone.networks.extend(networks);
        } else {
            self.zones.push(Zone { name: name.clone(), uplink, ports, networks });
        }
        name
    }

    fn any_management(&self) -> Option<Management> {
        let (from, why) = match self.inner() {
            inner if !inner.is_empty() => (inner, "From every inner zone, until you say which."),
            _ if self.zones.is_empty() => return None,
            _ => (vec![UPLINK.to_owned()], "From the uplink: there is no other zone."),
        };
        Some(Management { from, port: 22, why })
    }

    fn inner(&self) -> Vec<String> {
        let inner = self.zones.iter().filter(|zone| !zone.uplink);
        inner.map(|zone| zone.name.clone()).collect()
    }

    fn text(&self) -> String {
        let mut text = String::from(HEAD);
        for zone in &self.zones {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{}", zone.text());
        }
        for name in &self.unnameable {
            let _ = writeln!(text, "\n# {name}: no port of a policy can have this name; rename the interface.");
        }
        text += &self.transitions();
        if let Some(Management { from, port, why }) = &self.management {
            let _ = write!(
                text,
                "\n# Access to the router that must always hold: a policy that cuts it is refused.\n# {why}\n\
                 [management]\nfrom = {}\nallow = [\"tcp/{port}\"]\n",
                list(from)
            );
        }
        if !self.ignored.is_empty() {
            text += "\n# Interfaces left alone on purpose. Name one as a port of a zone to have it judged.\n[router]\nignore = [\n";
            for (name, why) in &self.ignored {
                let _ = writeln!(text, "    \"{name}\",  # {why}");
            }
            text += "]\n";
        }
        text
    }

    fn transitions(&self) -> String {
        let inner = self.inner();
        let mut text = String::new();
        if inner.is_empty() {
            text += "\n# There is one side only, so there is no transition yet. One looks like this:\n\
                     # [[transitions]]\n# from = \"office\"\n# to = \"internet\"\n# allow = [\"tcp/443\"]\n";
            return text;
        }
        if self.zones.iter().any(|zone| zone.uplink) {
            let _ = write!(
                text,
                "\n# From inside to the internet, everything. Nothing comes in but replies.\n\
                 [[transitions]]\nfrom = {}\nto = \"{UPLINK}\"\nallow = [\"any\"]\n",
                list(&inner)
            );
        }
        let _ = write!(
            text,
            "\n# What the router does for its networks. DHCP and neighbour discovery need no entry.\n\
             [[transitions]]\nname = \"router services\"\nfrom = {}\nto = \"router\"\n\
             allow = [\"udp/53\", \"tcp/53\", \"udp/123\", \"icmp/echo-request\", \"icmpv6/echo-request\"]\n",
            list(&inner)
        );
        let _ = write!(
            text,
            "\n# Within each zone, multicast and broadcast included.\n\
             [[transitions]]\nname = \"within zones\"\nfrom = {}\nto = \"same\"\nallow = [\"any\"]\n",
            list(&inner)
        );
        text
    }
}

const HEAD: &str = "\
# A first policy, written by `enforcer init` from the interfaces and routes of this machine.
# It is in audit: packets are judged and counted, and nothing is dropped. Change what follows until
# `enforcer check` is content and `enforcer drops` shows only what you want to lose; then remove `mode`.
version = 1
mode = \"audit\"
";

impl Zone {
    fn text(&self) -> String {
        let networks = match &self.networks[..] {
            [] => "no addresses yet".to_owned(),
            networks => networks.join(", "),
        };
        let (about, prefixes) = match self.uplink {
            true => ("The default route leaves here; networks now", "[\"0.0.0.0/0\", \"::/0\"]"),
            false => ("Networks now", "[\"connected\"]"),
        };
        format!(
            "# {about}: {networks}.\n[zones.{}]\nports = {}\nprefixes = {prefixes}\n",
            key(&self.name),
            list(&self.ports),
        )
    }
}

/// The ports by which packets for an interface enter: its own, or those of a bridge's members; a VLAN's tag at the end.
fn ports_of(live: &Live, interface: &Interface, depth: usize) -> Vec<String> {
    const DEEPEST: usize = 8;
    if depth > DEEPEST {
        return Vec::new();
    }
    let lower = interface.lower.as_deref().and_then(|name| live.interface(name));
    if let (Some(id), Some(lower)) = (interface.vlan, lower) {
        let ports = ports_of(live, lower, depth + 1).into_iter();
        let tagged = ports.map(|port| format!("{port}.{id}"));
        return tagged.filter(|port| value::port(port).is_ok()).collect();
    }
    let members = live.interfaces.iter().filter(|member| {
        interface.kind.as_deref() == Some("bridge") && member.master.as_ref() == Some(&interface.name)
    });
    let ports: Vec<String> = members.flat_map(|member| ports_of(live, member, depth + 1)).collect();
    if !ports.is_empty() {
        return ports;
    }
    let own = value::port(&interface.name).is_ok_and(|port| port.vlans.is_empty());
    own.then(|| interface.name.clone()).into_iter().collect()
}

/// The networks that an interface has an address in, link-local ones left out.
fn networks_of(interface: &Interface) -> Vec<String> {
    let networks = interface.addresses.iter().map(|net| net.trunc().to_string());
    networks.filter(|net| value::prefix(net).is_ok()).collect()
}

/// Another interface stands for this one: the bridge or bond that it is a member of, or the VLANs that it carries.
fn stands_for_nothing(live: &Live, interface: &Interface) -> bool {
    let kind_of = |name: &str| live.interface(name).and_then(|other| other.kind.as_deref());
    let master = interface.master.as_deref().map(kind_of);
    let member = matches!(master, Some(Some("bridge" | "bond" | "team")));
    let shares_port = matches!(interface.kind.as_deref(), Some("macvlan" | "macvtap" | "ipvlan" | "vrf"));
    let uppers = live.uppers();
    let carries =
        uppers.get(interface.name.as_str()).is_some_and(|uppers| uppers.iter().any(|upper| upper.vlan.is_some()));
    let bare = networks_of(interface).is_empty();
    member || shares_port || (carries && bare && !interface.default_route)
}

/// Why an interface is left alone, if it is.
fn left_alone(interface: &Interface) -> Option<&'static str> {
    const BRIDGES: &[&str] = &["docker", "virbr", "lxcbr", "lxdbr", "incusbr", "cni", "podman", "flannel", "kube"];
    let name = interface.name.as_str();
    let compose =
        name.strip_prefix("br-").is_some_and(|id| id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if compose || BRIDGES.iter().any(|prefix| name.starts_with(prefix)) {
        return Some("containers or virtual machines of this machine");
    }
    match interface.kind.as_deref() {
        Some("dummy" | "ifb" | "nlmon") => Some("carries no packets of a network"),
        Some("sit" | "ipip" | "ip6tnl" | "gre" | "gretap" | "erspan" | "ip6gre" | "vti" | "vti6")
            if interface.addresses.is_empty() =>
        {
            Some("a tunnel that is not set up")
        }
        _ => None,
    }
}

/// A zone's name from that of its interface.
fn zone_name(interface: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = interface.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    match name.as_str() {
        UPLINK | "router" | "same" | "mud" | "any" | "connected" => format!("{name}-zone"),
        _ => name,
    }
}

fn key(name: &str) -> String {
    match name.contains(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        true => format!("\"{name}\""),
        false => name.to_owned(),
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(", "))
}
