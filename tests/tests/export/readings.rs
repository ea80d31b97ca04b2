//! What is easily read more widely than it is meant: the rules refuse what `enforcer replay` refuses, for the same reason.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use enforcer_tests::exchange::Service::{Tcp, Udp};
use enforcer_tests::frame::{self, EPHEMERAL, Ends};
use enforcer_tests::lab::{HOST_PORT, Host, Lab, mac_text};
use enforcer_tests::policy::PolicyFile;
use enforcer_tests::raw::Wire;
use enforcer_tests::replay::replay;
use enforcer_tests::rules::{Rules, grown};
use etherparse::PacketBuilder;

const POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0"]
mode = "audit"
[zones.ot]
ports = ["ot0"]
unknown = "deny"
essentials = false
[devices.plc]
addresses = ["10.40.0.10", "fd00:40::10"]
zone = "ot"
[[transitions]]
name = "near"
from = ["office", "ot"]
to = ["same", "router"]
allow = ["any"]
[[transitions]]
name = "plant"
from = "office"
to = "ot"
allow = ["udp/5000"]
[[transitions]]
name = "web"
from = "office"
to = "internet"
allow = ["tcp/443"]
[[guardrails]]
name = "none of it"
from = "*"
to = "*"
deny = ["udp/23"]
except = [{ from = "*", to = "*", allow = ["udp/23"] }]
[router]
addresses = { wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"], office0 = ["10.10.0.1/24", "fd00:10::1/64"], iot0 = ["10.30.0.1/24", "fd00:30::1/64"], ot0 = ["10.40.0.1/24", "fd00:40::1/64"] }
"#;

/// Who sends, whose address it bears, where it goes, to which port of UDP, and what is said of it.
type Row = (&'static str, &'static str, &'static str, u16, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("office", "10.10.0.10",   "10.40.0.10",   5000, "pass allowed"),
    ("office", "fd00:10::10",  "fd00:40::10",  5000, "pass allowed"),
    // `*` in an exception is no zone with itself, and not the router.
    ("office", "10.10.0.10",   "10.10.0.20",   23,   "drop guardrail"),
    ("office", "fd00:10::10",  "fd00:10::20",  23,   "drop guardrail"),
    ("office", "10.10.0.10",   "10.10.0.1",    23,   "drop guardrail"),
    ("office", "fd00:10::10",  "fd00:10::1",   23,   "drop guardrail"),
    // A port in audit lends nobody what another zone may do.
    ("camera", "10.10.0.10",   "10.40.0.10",   5000, "drop no-transition"),
    ("camera", "fd00:10::10",  "fd00:40::10",  5000, "drop no-transition"),
    ("camera", "10.40.0.10",   "10.40.0.1",    5000, "audit spoofed-source"),
    // An address of the link goes no further.
    ("office", "169.254.7.7",  "10.40.0.10",   5000, "drop spoofed-source"),
    ("office", "fe80::77",     "fd00:40::10",  5000, "drop spoofed-source"),
    // DHCP clients listen whatever port it comes from.
    ("office", "10.10.0.10",   "10.10.0.1",    68,   "drop spoofed-source"),
    ("office", "fd00:10::10",  "fd00:10::1",   546,  "drop spoofed-source"),
    ("office", "10.10.0.10",   "10.10.0.20",   68,   "drop spoofed-source"),
    ("office", "fd00:10::10",  "fd00:10::20",  546,  "drop spoofed-source"),
    ("ot",     "10.40.0.10",   "10.40.0.1",    68,   "pass allowed"),
    ("ot",     "fd00:40::10",  "fd00:40::1",   546,  "pass allowed"),
    // A broadcast address is a group in its own zone, and an address of that zone for others.
    ("office", "10.10.0.10",   "10.10.0.255",  5000, "pass allowed"),
    ("office", "10.10.0.10",   "10.30.0.255",  5000, "drop no-transition"),
    ("office", "10.10.0.10",   "10.40.0.255",  5000, "drop unknown-device"),
    ("camera", "10.30.0.11",   "10.10.0.255",  5000, "drop no-transition"),
];

/// What the kernel drops by itself before it asks the rules behind routing.
fn never_forwarded(row: &Row) -> bool {
    row.1 == "fe80::77"
}

/// Waits until the reason is counted. At the entrance, answers to what passes are dropped; what is dropped has none.
fn is_counted(
    rules: &Rules,
    before: &std::collections::BTreeMap<String, u64>,
    said: &str,
    ingress: bool,
) -> Result<(), Vec<String>> {
    let (verdict, reason) = said.split_once(' ').expect("a verdict and a reason");
    let label = if verdict == "audit" { format!("audit_{reason}") } else { reason.to_owned() };
    let until = Instant::now() + Duration::from_secs(3);
    loop {
        let seen = grown(before, &rules.counted().expect("counters"));
        if seen.contains(&label) && (verdict != "drop" || !ingress || !seen.contains(&"allowed".to_owned())) {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(seen);
        }
    }
}

fn port_of(host: &Host) -> &'static str {
    host.network.port
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn narrow_readings_are_those_of_replay() {
    let policy = PolicyFile::new(&[POLICY]).unwrap();
    for ingress in [false, true] {
        let lab = Lab::new().unwrap();
        let load = if ingress { Rules::load_at_ingress } else { Rules::load };
        let rules = load(&lab, policy.path()).unwrap();
        let mut wrong = Vec::new();
        for row in ROWS.iter().filter(|row| ingress || !never_forwarded(row)) {
            let (by, from, to, port, said) = *row;
            let host = lab.host(by).unwrap();
            let ends = Ends { mac: (host.mac, host.network.mac), ip: (from.parse().unwrap(), to.parse().unwrap()) };
            let frame = frame::build(ends, &[], Udp(port), &[]).unwrap();
            let judged = replay(policy.path(), port_of(host), std::slice::from_ref(&frame)).unwrap().remove(0);
            assert_eq!(format!("{} {}", judged.verdict, judged.reason), said, "replay, {row:?}");
            let before = rules.counted().unwrap();
            Wire::open(&host.namespace, HOST_PORT).unwrap().send(&frame).unwrap();
            if let Err(seen) = is_counted(&rules, &before, said, ingress) {
                wrong.push(format!("{row:?}: {seen:?}"));
            }
        }
        assert!(wrong.is_empty(), "ingress: {ingress}\n{}\n{}", wrong.join("\n"), rules.text);
    }
}

/// A neighbour advertisement of a host, for the router.
fn advertisement(host: &Host, target: &str) -> Vec<u8> {
    let ip = PacketBuilder::ethernet2(host.mac, host.network.mac).ipv6(host.v6.octets(), host.network.v6.octets(), 255);
    let target: std::net::Ipv6Addr = target.parse().expect("an address");
    let mut frame = Vec::new();
    ip.icmpv6_raw(136, 0, [0x60, 0, 0, 0]).write(&mut frame, &target.octets()).expect("a frame");
    frame
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nobody_claims_anothers_address_where_nothing_is_essential() {
    let policy = PolicyFile::new(&[POLICY]).unwrap();
    for ingress in [false, true] {
        let lab = Lab::new().unwrap();
        let load = if ingress { Rules::load_at_ingress } else { Rules::load };
        let rules = load(&lab, policy.path()).unwrap();
        for (target, said) in [
            ("fd00:40::10", "pass allowed"),
            ("fd00:40::99", "drop spoofed-source"),
            ("fd00:40::1", "drop spoofed-source"),
            ("fd00:10::10", "drop spoofed-source"),
        ] {
            let frame = advertisement(&lab.ot, target);
            let judged = replay(policy.path(), "ot0", std::slice::from_ref(&frame)).unwrap().remove(0);
            assert_eq!(format!("{} {}", judged.verdict, judged.reason), said, "replay, {target}");
            let before = rules.counted().unwrap();
            Wire::open(&lab.ot.namespace, HOST_PORT).unwrap().send(&frame).unwrap();
            let counted = is_counted(&rules, &before, said, ingress);
            assert_eq!(counted, Ok(()), "{target}, ingress: {ingress}\n{}", rules.text);
        }
    }
}

/// An ICMP message of `by`, with another address of its network, about a packet: type and code in each family.
fn about(by: &Host, from: IpAddr, quoted: &[u8], [v4, v6]: [(u8, u8); 2]) -> Vec<u8> {
    // Behind the Ethernet header.
    let quoted = &quoted[14..];
    let ethernet = PacketBuilder::ethernet2(by.mac, by.network.mac);
    let mut frame = Vec::new();
    match from {
        IpAddr::V4(from) => {
            let to = [quoted[12], quoted[13], quoted[14], quoted[15]];
            let ip = ethernet.ipv4(from.octets(), to, 255);
            ip.icmpv4_raw(v4.0, v4.1, [0; 4]).write(&mut frame, quoted).expect("a frame");
        }
        IpAddr::V6(from) => {
            let ip = ethernet.ipv6(from.octets(), quoted[8..24].try_into().expect("a header of IPv6"), 255);
            ip.icmpv6_raw(v6.0, v6.1, [0; 4]).write(&mut frame, quoted).expect("a frame");
        }
    }
    frame
}

const UNREACHABLE: [(u8, u8); 2] = [(3, 3), (1, 4)];
const REDIRECT: [(u8, u8); 2] = [(5, 1), (137, 0)];

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn errors_follow_their_connection_and_nothing_else_does() {
    let policy = PolicyFile::new(&[POLICY]).unwrap();
    let lab = Lab::new().unwrap();
    let rules = Rules::load(&lab, policy.path()).unwrap();
    let wires = [&lab.office, &lab.internet, &lab.ot].map(|host| Wire::open(&host.namespace, HOST_PORT).unwrap());
    let [office, internet, ot] = &wires;
    let tried = |wire: &Wire, frame: &[u8], said: &str, what: &str| {
        let before = rules.counted().unwrap();
        wire.send(frame).unwrap();
        let counted = match said {
            // Counted with anything: only that nothing was dropped is seen.
            "established" => {
                let until = Instant::now() + Duration::from_secs(3);
                while rules.counted().unwrap()["established"] == before["established"] && Instant::now() < until {}
                let after = rules.counted().unwrap();
                let grew = after["established"] > before["established"];
                if grew && grown(&before, &after).is_empty() { Ok(()) } else { Err(grown(&before, &after)) }
            }
            said => is_counted(&rules, &before, said, false),
        };
        assert_eq!(counted, Ok(()), "{what}\n{}", rules.text);
    };
    for v6 in [false, true] {
        let of = |host: &Host| if v6 { IpAddr::from(host.v6) } else { host.v4.into() };
        // A server that says nothing by itself: a RST would end the connection.
        let server: IpAddr = if v6 { "2001:db8:113::77" } else { "203.0.113.77" }.parse().unwrap();
        let mac = mac_text(lab.internet.mac);
        let neighbour = ["neigh", "replace", &server.to_string(), "lladdr", &mac, "dev", "wan0", "nud", "permanent"];
        lab.router.run("ip", &neighbour).unwrap();
        let stranger: IpAddr = if v6 { "fd00:40::99" } else { "10.40.0.99" }.parse().unwrap();
        let web = frame::opening(&lab.office, server, Tcp(443)).unwrap();
        let plant = frame::opening(&lab.office, of(&lab.ot), Udp(5000)).unwrap();
        tried(office, &web, "pass allowed", "the web");
        tried(office, &plant, "pass allowed", "the plant");

        let unreachable = about(&lab.internet, of(&lab.internet), &web, UNREACHABLE);
        tried(internet, &unreachable, "established", "an error about the web");
        let redirect = about(&lab.internet, of(&lab.internet), &web, REDIRECT);
        tried(internet, &redirect, "drop no-transition", "a redirect changes routes, and is no error");
        let error = about(&lab.ot, of(&lab.ot), &plant, UNREACHABLE);
        tried(ot, &error, "established", "an error about the plant");
        let error = about(&lab.ot, stranger, &plant, UNREACHABLE);
        tried(ot, &error, "drop unknown-device", "an error from a stranger where strangers are denied");

        // The end that was asked opens what the policy does not let it open.
        let syn = {
            let ethernet = PacketBuilder::ethernet2(lab.internet.mac, lab.internet.network.mac);
            let ip = match (server, of(&lab.office)) {
                (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
                (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
                _ => unreachable!("both are of one family"),
            };
            let mut frame = Vec::new();
            ip.tcp(443, EPHEMERAL, 1, 64_240).syn().write(&mut frame, &[]).unwrap();
            frame
        };
        tried(internet, &syn, "drop no-transition", "a SYN the other way");
    }
}
