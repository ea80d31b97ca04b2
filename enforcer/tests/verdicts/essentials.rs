//! Essentials: what passes before anybody may talk, from whom, and which way.

use super::frames::*;
use super::site::{Engines, Row, Site, one, topic, zones};

const YES: &str = "pass essential";
const SPOOFED: &str = "drop spoofed-source";
const NOTHING: &str = "drop no-transition";

fn site(engines: Engines) -> Site {
    let rules = r#"
        [devices.camera]
        mac = "02:00:00:00:1e:0b"
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
    "#;
    Site::of(engines, &format!("{}{rules}", zones(&[("cell2", "essentials = false")])), &[])
}

/// An ARP packet by `from` that claims the MAC and the address of `claimed`.
fn arp(from: Host, claimed: Host, operation: u8, to: Host) -> Sent {
    let body =
        [&[0, 1, 8, 0, 6, 4, 0, operation][..], &claimed.mac, &claimed.four.octets(), &[0; 6], &to.four.octets()];
    ether(from, BROADCAST, 0x0806, &body.concat())
}

/// Neighbour discovery: solicitation (135) or advertisement (136) of a target.
fn neighbour(from: Host, kind: u8, target: Host, hops: u8) -> Sent {
    let everybody = from.at("224.0.0.1", "ff02::1");
    let target = target.six.octets();
    icmp_with(from, everybody, hops, ((0, 0), (kind, 0)), &|_| target.to_vec()).only_six()
}

topic!(neighbours);

fn neighbours(engines: Engines) {
    let own = CAMERA.router();
    let guest_as = |claimed: Host| claimed.with_mac(GUEST.mac);
    let nowhere = GUEST.at("0.0.0.0", "::");
    let local = GUEST.at("169.254.0.9", "fe80::9");
    let rows = [
        one("ARP for a neighbour", arp(GUEST, GUEST, 1, CAMERA), YES),
        one("ARP for the router", arp(GUEST, GUEST, 1, own), YES),
        one("ARP answer", arp(GUEST, GUEST, 2, CAMERA), YES),
        one("ARP by the device", arp(CAMERA, CAMERA, 1, own), YES),
        one("ARP probe", arp(GUEST, nowhere, 1, CAMERA), YES),
        one("ARP, another MAC than the frame's", arp(GUEST, GUEST.with_mac(OFFICE.mac), 2, own), SPOOFED),
        one("ARP, the device's address", arp(GUEST, guest_as(CAMERA), 2, own), SPOOFED),
        one("ARP, the device's address and MAC", arp(GUEST, CAMERA, 2, own), SPOOFED),
        one("ARP, the device with another address", arp(CAMERA, GUEST.with_mac(CAMERA.mac), 2, own), SPOOFED),
        one("ARP, the router's address", arp(GUEST, guest_as(own), 2, CAMERA), SPOOFED),
        one("ARP, another zone's address", arp(GUEST, guest_as(OFFICE), 2, own), SPOOFED),
        one("ARP that is none", ether(GUEST, BROADCAST, 0x0806, &[0, 1, 8, 0, 6, 4, 0, 9]), "drop malformed"),
        one("ARP where nothing is essential", arp(PLC2, PLC2, 1, PLC2.router()), NOTHING),
        one("solicitation", neighbour(GUEST, 135, CAMERA, 255), YES),
        one("solicitation by the device", neighbour(CAMERA, 135, own, 255), YES),
        one("solicitation from link-local", neighbour(local, 135, CAMERA, 255), YES),
        one("duplicate detection", neighbour(nowhere, 135, GUEST, 255), YES),
        one("solicitation with the device's address", neighbour(guest_as(CAMERA), 135, own, 255), SPOOFED),
        one(
            "solicitation with the router's address",
            neighbour(guest_as(own).on("lan0.30"), 135, CAMERA, 255),
            SPOOFED,
        ),
        one("solicitation with another zone's address", neighbour(OFFICE.on("lan0.30"), 135, own, 255), SPOOFED),
        one("solicitation from beyond a router", neighbour(GUEST, 135, CAMERA, 254), NOTHING),
        one("advertisement of the own address", neighbour(GUEST, 136, GUEST, 255), YES),
        one("advertisement by the device", neighbour(CAMERA, 136, CAMERA, 255), YES),
        one("advertisement from link-local", neighbour(local, 136, local, 255), YES),
        one("advertisement of the device's address", neighbour(GUEST, 136, CAMERA, 255), SPOOFED),
        one("advertisement of the router's address", neighbour(GUEST, 136, own, 255), SPOOFED),
        one("advertisement of another zone's address", neighbour(GUEST, 136, OFFICE, 255), SPOOFED),
        one("the device advertises another", neighbour(CAMERA, 136, GUEST, 255), SPOOFED),
        one("advertisement from beyond a router", neighbour(GUEST, 136, GUEST, 64), NOTHING),
        one("solicitation where nothing is essential", neighbour(PLC2, 135, PLC2.router(), 255), NOTHING),
        one("a redirect is none", neighbour(GUEST, 137, CAMERA, 255), NOTHING),
    ];
    site(engines).check(&rows);
}

topic!(directions);

fn directions(engines: Engines) {
    // Link-local in IPv6, no address or the server's own in IPv4.
    let asking = |of: Host| of.at("0.0.0.0", "fe80::9");
    let servers = |of: Host| of.at("255.255.255.255", "ff02::1:2");
    let request = |from: Host, to: Host| dhcp(from, to, (68, 67), (546, 547));
    let reply = |from: Host, to: Host| dhcp(from, to, (67, 68), (547, 546));
    let everybody = |of: Host| of.at("255.255.255.255", "ff02::1");
    let advertisement = |from: Host| {
        let to = from.at("224.0.0.1", "ff02::1");
        icmp_with(from, to, 255, ((9, 0), (134, 0)), &|_| vec![0; 8]).only_six()
    };
    let solicitation = |from: Host| {
        let to = from.at("224.0.0.2", "ff02::2");
        icmp_with(from, to, 255, ((10, 0), (133, 0)), &|_| Vec::new()).only_six()
    };
    let provider = CLOUD.at("203.0.113.10", "fe80::10");
    let rows: Vec<Row<'_>> = vec![
        one("DHCP request to all", request(asking(GUEST), servers(GUEST)), YES),
        one("DHCP request by a device", request(asking(CAMERA), servers(CAMERA)), YES),
        one("DHCP renewal with the router", request(GUEST, GUEST.router()), YES),
        one("DHCP renewal with somebody else", request(GUEST, OFFICE), "drop no-transition | iot > office"),
        one("DHCP request with another's address", request(CAMERA.with_mac(GUEST.mac), GUEST.router()), SPOOFED),
        one("DHCP request where nothing is essential", request(asking(PLC2), servers(PLC2)), NOTHING),
        one("DHCP answer of a device", reply(GUEST, everybody(GUEST)), SPOOFED),
        one("DHCP answer of a device to its neighbour", reply(GUEST, CAMERA), SPOOFED),
        one("DHCP answer from the uplink", reply(provider, everybody(CLOUD)), YES),
        one("DHCP answer from the uplink to the router", reply(provider, CLOUD.router()), YES),
        one("DHCP answer of the router", reply(GUEST.router(), GUEST), "pass essential | router > iot"),
        one("router advertisement of a device", advertisement(GUEST.at("0.0.0.0", "fe80::9")), SPOOFED),
        one("router advertisement from the uplink", advertisement(provider), YES),
        one("router solicitation", solicitation(GUEST.at("0.0.0.0", "fe80::9")), YES),
        one("router solicitation without address", solicitation(GUEST.at("0.0.0.0", "::")), YES),
    ];
    site(engines).check(&rows);
}

/// UDP from and to the ports of each family.
fn dhcp(from: Host, to: Host, four: (u16, u16), six: (u16, u16)) -> Sent {
    let to = if to.four.is_broadcast() { to.with_mac(BROADCAST) } else { to };
    both(from, to, 64, |family, ip| {
        let (source, destination) = if family == Family::Four { four } else { six };
        let mut frame = Vec::new();
        ip.udp(source, destination).write(&mut frame, &[0; 240]).expect("a frame");
        frame
    })
}

topic!(groups_and_bridges);

fn groups_and_bridges(engines: Engines) {
    let reserved = |last: u8| [0x01, 0x80, 0xc2, 0, 0, last];
    let llc = [0x42, 0x42, 0x03, 0, 0];
    let reports = |of: Host| of.at("224.0.0.22", "ff02::16");
    let igmp = |from: Host| ip(from, reports(from), 2, &[0x22, 0, 0, 0, 0, 0, 0, 0]).only_four();
    let mld =
        |from: Host, kind: u8| icmp_with(from, reports(from), 1, ((0, 0), (kind, 0)), &|_| vec![0; 16]).only_six();
    let local = GUEST.at("0.0.0.0", "fe80::9");
    let alert = [58, 0, 5, 2, 0, 0, 1, 0];
    let report = [143, 0, 0, 0, 0, 0, 0, 0];
    // etherparse follows the extension header of what it writes, so the report is put in afterwards.
    let alerted = ip(local, reports(local), 59, &[alert, report].concat()).only_six().changed(|frame| {
        // Hop-by-hop options first; RFC 3810, section 5: hop limit 1.
        frame[20] = 0;
        frame[21] = 1;
    });
    let rows = [
        one("IGMP report", igmp(GUEST), YES),
        one("IGMP with the device's address", igmp(CAMERA.with_mac(GUEST.mac)), SPOOFED),
        one("IGMP where nothing is essential", igmp(PLC2), NOTHING),
        one("MLD report", mld(local, 143), YES),
        one("MLD report behind a router alert", alerted, YES),
        one("MLD report, version 1", mld(local, 131), YES),
        one("MLD done", mld(local, 132), YES),
        one("MLD with the device's address", mld(CAMERA.with_mac(GUEST.mac), 143), SPOOFED),
        one("MLD where nothing is essential", mld(PLC2.at("0.0.0.0", "fe80::9"), 143), NOTHING),
        one("spanning tree", ether(GUEST, reserved(0), 38, &llc), YES),
        one("LACP", ether(GUEST, reserved(2), 0x8809, &[1, 1]), YES),
        one("EAPOL", ether(GUEST, reserved(3), 0x888e, &[1, 1]), YES),
        one("LLDP", ether(CAMERA, reserved(0x0e), 0x88cc, &[2, 7]), YES),
        one("the last of them", ether(GUEST, reserved(0x0f), 0x88cc, &[2, 7]), YES),
        one("the next is none", ether(GUEST, reserved(0x10), 0x88cc, &[2, 7]), NOTHING),
        one("LLDP by the device on another port", ether(CAMERA.on("plc1"), reserved(0x0e), 0x88cc, &[2, 7]), SPOOFED),
        one("LLDP where nothing is essential", ether(PLC2, reserved(0x0e), 0x88cc, &[2, 7]), NOTHING),
    ];
    site(engines).check(&rows);
}
