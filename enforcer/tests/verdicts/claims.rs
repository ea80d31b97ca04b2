//! What a device claims to be: a neighbour's address, a router, a DHCP server. Everything else is allowed here, and yet no
//! claim passes, however it is wrapped.

use super::frames::*;
use super::raw::*;
use super::site::{Engines, Site, topic, zones};

const ESSENTIAL: &str = "pass essential";
const ALLOWED: &str = "pass allowed inside";
const SPOOFED: &str = "drop spoofed-source";

/// `iot` has essentials, `cell2` has none; within both everything is allowed.
fn site(engines: Engines) -> Site {
    let rules = r#"
        [devices.camera]
        mac = "02:00:00:00:1e:0b"
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        [devices.plc]
        mac = "02:00:00:00:2a:0b"
        addresses = ["10.42.0.11", "fd00:42::11"]
        zone = "cell2"
        [[transitions]]
        name = "inside"
        from = ["iot", "cell2"]
        to = ["same", "router"]
        allow = ["any"]
    "#;
    Site::of(engines, &format!("{}{rules}", zones(&[("cell2", "essentials = false")])), &[])
}

/// A listed device, a neighbour of it that is none, and what their own claims pass as.
const HOMES: [(Host, Host, &str); 2] = [(CAMERA, GUEST, ESSENTIAL), (host("plc2", 42, 11), PLC2, ALLOWED)];

/// An ARP packet by `from` that claims the MAC and the address of `claimed`.
fn arp(from: Host, operation: u8, claimed: Host) -> Sent {
    let head = [0, 1, 8, 0, 6, 4, 0, operation];
    let asked = from.router().four.octets();
    let body = [&head[..], &claimed.mac, &claimed.four.octets(), &[0; 6], &asked];
    ether(from, BROADCAST, 0x0806, &body.concat())
}

topic!(arp_for_another_does_not_pass);

fn arp_for_another_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for (device, neighbour, own) in HOMES {
        for operation in [1, 2] {
            let mut case = |name: &str, sent: Sent, expected: &str| {
                cases.push((format!("{name}, {:?}, operation {operation}", device.port), sent, expected.to_owned()));
            };
            let as_neighbour = |claimed: Host| arp(neighbour, operation, claimed.with_mac(neighbour.mac));
            case("its own", arp(neighbour, operation, neighbour), own);
            case("the device's own", arp(device, operation, device), own);
            case("a probe", as_neighbour(neighbour.at("0.0.0.0", "::")), own);
            case("the device's address", as_neighbour(device), SPOOFED);
            case("the device's address and MAC", arp(neighbour, operation, device), SPOOFED);
            case(
                "its own address, the device's MAC",
                arp(neighbour, operation, neighbour.with_mac(device.mac)),
                SPOOFED,
            );
            case("its own address, the router's MAC", arp(neighbour, operation, neighbour.with_mac(ROUTER)), SPOOFED);
            case("the router's address", as_neighbour(neighbour.router()), SPOOFED);
            case("the router's address on another port", as_neighbour(OFFICE.router()), SPOOFED);
            case("another zone's address", as_neighbour(OFFICE), SPOOFED);
            case("the device, another address", arp(device, operation, neighbour.with_mac(device.mac)), SPOOFED);
            case("a group's address", as_neighbour(neighbour.at("224.0.0.1", "::")), SPOOFED);
        }
    }
    check(&mut site(engines), &cases);
}

/// An ICMPv6 message to all nodes, with a hop limit of 255, behind headers of which the first is `next`.
fn message(from: Host, next: u8, headers: &[u8], body: &[u8]) -> Sent {
    let everybody = from.at("224.0.0.1", "ff02::1");
    chained(from, everybody, next, &[headers, body].concat()).changed(|frame| frame[21] = 255)
}

/// A neighbour advertisement of that target.
fn advertisement(target: Host) -> Vec<u8> {
    [&[136, 0, 0, 0, 0x20, 0, 0, 0][..], &target.six.octets()].concat()
}

/// Headers before an ICMPv6 message, each with the first's number: all of them leave it what it is.
fn wrappings() -> Vec<(&'static str, u8, Vec<u8>)> {
    let options = |next: u8| vec![next, 0, 1, 4, 0, 0, 0, 0];
    let eight: Vec<u8> = (0..8).flat_map(|i| options(if i == 7 { ICMPV6 } else { 60 })).collect();
    vec![
        ("plain", ICMPV6, Vec::new()),
        ("behind hop-by-hop options", 0, options(ICMPV6)),
        ("behind destination options", 60, options(ICMPV6)),
        ("behind eight headers", 60, eight),
        ("in a fragment of its own", 44, fragment_header(ICMPV6, 0, 0, false)),
        ("in a first fragment", 44, fragment_header(ICMPV6, 0, 0, true)),
        ("in a first fragment, behind options", 60, [options(44), fragment_header(ICMPV6, 0, 0, true)].concat()),
        ("in a first fragment, before options", 44, [fragment_header(60, 0, 0, true), options(ICMPV6)].concat()),
    ]
}

topic!(a_neighbour_advertisement_of_another_does_not_pass);

fn a_neighbour_advertisement_of_another_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for (device, neighbour, own) in HOMES {
        for (how, next, headers) in wrappings() {
            let mut case = |name: &str, from: Host, target: Host, expected: &str| {
                let sent = message(from, next, &headers, &advertisement(target));
                cases.push((format!("{name}, {how}, {:?}", device.port), sent, expected.to_owned()));
            };
            // RFC 6980: nobody listens to neighbour discovery in fragments. It is no essential.
            let own = if how.contains("first fragment") { ALLOWED } else { own };
            case("its own", neighbour, neighbour, own);
            case("the device's own", device, device, own);
            case("the device's address", neighbour, device, SPOOFED);
            case("the router's address", neighbour, neighbour.router(), SPOOFED);
            case("the router's address on another port", neighbour, OFFICE.router(), SPOOFED);
            case("another zone's address", neighbour, OFFICE, SPOOFED);
            case("the device, a neighbour's address", device, neighbour, SPOOFED);
            case(
                "nobody's address, from nobody",
                neighbour.at("0.0.0.0", "::"),
                neighbour.at("0.0.0.0", "::"),
                SPOOFED,
            );
            case("with the device's address as source", device.with_mac(neighbour.mac), device, SPOOFED);
        }
    }
    check(&mut site(engines), &cases);
}

topic!(a_router_advertisement_of_a_device_does_not_pass);

fn a_router_advertisement_of_a_device_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    let body = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    for from in [GUEST.at("0.0.0.0", "fe80::9"), CAMERA.at("0.0.0.0", "fe80::b"), GUEST] {
        for (how, next, headers) in wrappings() {
            let sent = message(from, next, &headers, &body);
            let name = format!("{how}, from {}", from.six);
            cases.push((name.clone(), sent.clone(), SPOOFED.to_owned()));
            for tpid in [0x8100, 0x88a8, 0x9100] {
                let tagged = sent.clone().tagged(&[(tpid, 0), (0x8100, 0)]);
                cases.push((format!("{name}, behind priority tags of {tpid:#x}"), tagged, SPOOFED.to_owned()));
            }
        }
        let later = message(from, 44, &fragment_header(ICMPV6, 0, 8, false), &body);
        cases.push((format!("a later fragment, from {}", from.six), later, LONE.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(a_dhcp_server_message_of_a_device_does_not_pass);

fn a_dhcp_server_message_of_a_device_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    let body = |from: u16, to: u16| {
        let mut bytes = [from.to_be_bytes(), to.to_be_bytes(), 248_u16.to_be_bytes(), [0, 0]].concat();
        bytes.resize(248, 0);
        bytes
    };
    let (four, six) = (body(67, 68), body(547, 546));
    let everybody = |of: Host| Host { mac: BROADCAST, ..of.at("255.255.255.255", "ff02::1") };
    for (from, to) in [(GUEST, everybody(GUEST)), (CAMERA, everybody(CAMERA)), (GUEST, CAMERA), (GUEST, GUEST.router())]
    {
        let mut case = |name: &str, sent: Sent| {
            let name = format!("{name}, from {} to {}", from.four, to.four);
            for tags in [&[][..], &[(0x8100, 0)], &[(0x88a8, 0), (0x8100, 0)]] {
                cases.push((format!("{name}, tags {tags:?}"), sent.clone().tagged(tags), SPOOFED.to_owned()));
            }
        };
        let packet =
            |options: &[u8], word: u16| framed(from, to, Family::Four, &ipv4(from, to, options, word, UDP, &four));
        case("IPv4", packet(&[], 0));
        case("IPv4, options", packet(&[1; 40], 0));
        case("IPv4, first fragment", packet(&[], 0x2000));
        case("IPv6", chained(from, to, UDP, &six));
        for (how, next, headers) in wrappings() {
            // The last of the headers says what follows.
            let mut headers = headers;
            let last = headers.len().saturating_sub(8);
            if let Some(protocol) = headers.get_mut(last) {
                *protocol = UDP;
            }
            let next = if next == ICMPV6 { UDP } else { next };
            case(how, chained(from, to, next, &[&headers[..], &six].concat()));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(a_dhcp_server_message_from_another_port_does_not_pass);

/// RFC 2131 and RFC 8415 name the port that clients listen at, and not the one that servers speak from.
fn a_dhcp_server_message_from_another_port_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    let speaks = |from: Host, to: Host, source: u16, ports: (u16, u16)| {
        both(from, to, 64, |family, ip| {
            let mut frame = Vec::new();
            let port = if family == Family::Four { ports.0 } else { ports.1 };
            ip.udp(source, port).write(&mut frame, &[0; 240]).expect("a frame");
            frame
        })
    };
    let everybody = |of: Host| Host { mac: BROADCAST, ..of.at("255.255.255.255", "ff02::1") };
    for source in [1, 66, 68, 546, 548, 1067, 4011, 65_535] {
        for (from, to) in [(GUEST, everybody(GUEST)), (CAMERA, SENSOR), (GUEST, GUEST.router())] {
            let name = format!("from {}:{source} to {}", from.four, to.four);
            cases.push((name.clone(), speaks(from, to, source, (68, 546)), SPOOFED.to_owned()));
            // The ports beside are nobody's.
            cases.push((name.clone() + ", beside", speaks(from, to, source, (69, 545)), ALLOWED.to_owned()));
        }
        // Without essentials the layers decide, and from an uplink they do too: it is no essential either.
        let cell = speaks(PLC2, everybody(PLC2), source, (68, 546));
        cases.push((format!("from {source}, no essentials"), cell, ALLOWED.to_owned()));
        for to in [CLOUD.router(), everybody(CLOUD)] {
            let sent = speaks(CLOUD, to, source, (68, 546));
            cases.push((format!("from the uplink, {source} to {}", to.four), sent, NOTHING.to_owned()));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(ip_in_a_snap_header_does_not_pass);

/// RFC 1042: some stacks take IP out of a SNAP header. What they would take has not been judged.
fn ip_in_a_snap_header_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    let arp = arp(GUEST, 2, CAMERA.with_mac(GUEST.mac));
    let four = ipv4(GUEST, CAMERA, &[], 0, TCP, &syn(OPEN));
    let six = message(GUEST, ICMPV6, &[], &[134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    let six = six.six.expect("IPv6")[14..].to_vec();
    let tagged = [&[0, 30, 8, 0][..], &four].concat();
    let inner: [(u16, Vec<u8>); 6] = [
        (0x0800, four.clone()),
        (0x86dd, six),
        (0x0806, arp.four.expect("ARP")[14..].to_vec()),
        (0x8100, tagged.clone()),
        (0x88a8, tagged.clone()),
        (0x9100, tagged),
    ];
    for (ethertype, packet) in &inner {
        // Of RFC 1042, and of a bridge to a link without EtherTypes (802.1H).
        for organisation in [[0, 0, 0], [0, 0, 0xf8]] {
            let head = [&[0xaa, 0xaa, 3][..], &organisation, &ethertype.to_be_bytes()].concat();
            let payload = [head, packet.clone()].concat();
            let sent = ether(GUEST, CAMERA.mac, payload.len() as u16, &payload);
            let name = format!("{ethertype:#06x} of {organisation:?}");
            for tags in [&[][..], &[(0x8100, 0)]] {
                cases.push((format!("{name}, tags {tags:?}"), sent.clone().tagged(tags), MALFORMED.to_owned()));
            }
        }
    }
    // Other frames with a length stay what they are.
    for (name, head) in [
        ("Cisco discovery", [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0]),
        ("an EtherType that is none of IP", [0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0xcc]),
        ("spanning tree", [0x42, 0x42, 3, 0, 0, 0, 8, 0]),
        ("IP's own, which nobody uses", [6, 6, 3, 0x45, 0, 0, 8, 0]),
    ] {
        let payload = [&head[..], &four].concat();
        cases.push((name.to_owned(), ether(GUEST, CAMERA.mac, payload.len() as u16, &payload), ALLOWED.to_owned()));
        // Shorter than a SNAP header: what follows is padding.
        cases.push((format!("{name}, 7 bytes"), ether(GUEST, CAMERA.mac, 7, &payload), ALLOWED.to_owned()));
    }
    let short = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &four].concat();
    cases.push(("7 bytes of a SNAP header".to_owned(), ether(GUEST, CAMERA.mac, 7, &short), ALLOWED.to_owned()));
    check(&mut site(engines), &cases);
}
