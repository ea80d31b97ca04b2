//! By which port frames enter.

use super::site::*;
use crate::replay::choose::{Chooser, Way};
use crate::replay::link::{Arrival, Medium};
use crate::replay::places::Places;
use crate::replay::terrain::Terrain;

fn ethernet(bytes: Vec<u8>) -> Arrival {
    Arrival { medium: Medium::Ethernet, bytes, outgoing: false, cut: false }
}

/// Where the last of the frames enters, when the whole capture has been looked through: the way, the port as the overlay
/// finds it, and the tags taken off.
fn entry_of(by: Option<&str>, interface: Option<&str>, frames: Vec<Arrival>) -> (Way, String, usize) {
    let image = image();
    let names = &image.names;
    let places = Places::of(names, &crate::policy::facts::Facts::default());
    let terrain = Terrain::of(&image, &facts());
    let fixed = by.map(|name| places.find(name).unwrap());
    let mut chooser = Chooser::new(&places, &terrain, fixed);
    for frame in &frames {
        chooser.learn(frame);
    }
    let entry = chooser.choose(frames.last().unwrap(), interface);
    (entry.way, names.ports[entry.port as usize].name.clone(), entry.strip)
}

fn auto(frames: Vec<Vec<u8>>) -> (Way, String, usize) {
    entry_of(None, None, frames.into_iter().map(ethernet).collect())
}

fn enters(port: &str) -> (Way, String, usize) {
    (Way::In, port.into(), 0)
}

fn leaves(port: &str) -> (Way, String, usize) {
    (Way::Out, port.into(), 0)
}

#[test]
fn the_source_address_tells_the_port() {
    assert_eq!(auto(vec![udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1])]), enters("lan0.30"));
    assert_eq!(auto(vec![udp(OTHER, [192, 0, 2, 1], [10, 30, 0, 77])]), enters("wan0"));
    assert_eq!(auto(vec![udp6(OTHER, "fd00:30::7", "2001:db8::1")]), enters("lan0.30"));
    assert_eq!(auto(vec![udp6(OTHER, "2001:db8::1", "fd00:30::7")]), enters("wan0"));
}

#[test]
fn of_several_ports_the_one_with_the_network_is_taken() {
    assert_eq!(auto(vec![udp(OTHER, [10, 40, 1, 5], [192, 0, 2, 1])]), enters("lan1"));
    assert_eq!(auto(vec![udp(OTHER, [10, 40, 2, 5], [192, 0, 2, 1])]), enters("lan2"));
}

#[test]
fn a_listed_mac_tells_more_than_its_address() {
    assert_eq!(auto(vec![udp(CAMERA, [10, 20, 0, 5], [192, 0, 2, 1])]), enters("lan0.30"));
    assert_eq!(auto(vec![udp(CAMERA, [10, 30, 0, 1], [192, 0, 2, 1])]), enters("lan0.30"));
}

#[test]
fn the_router_itself_sends_towards_the_receiver() {
    assert_eq!(auto(vec![udp(ROUTER, [10, 30, 0, 1], [10, 30, 0, 77])]), leaves("lan0.30"));
    assert_eq!(auto(vec![udp(ROUTER, [203, 0, 113, 2], [198, 51, 100, 1])]), leaves("wan0"));
    assert_eq!(auto(vec![udp(ROUTER, [10, 20, 0, 1], [255, 255, 255, 255])]).0, Way::Out);
    assert_eq!(auto(vec![udp6(ROUTER, "fd00:30::1", "ff02::fb")]), leaves("lan0.30"));
}

#[test]
fn an_address_of_the_link_goes_by_what_the_mac_is_seen_with() {
    let discover = udp(OTHER, [0, 0, 0, 0], [255, 255, 255, 255]);
    let known = udp(OTHER, [10, 40, 1, 5], [192, 0, 2, 1]);
    assert_eq!(auto(vec![known, discover.clone()]), enters("lan1"));
    assert_eq!(auto(vec![discover]), enters("lan0.20"));

    let solicitation = udp6(OTHER, "fe80::9", "ff02::1");
    let later = udp6(OTHER, "fd00:30::9", "2001:db8::1");
    assert_eq!(auto(vec![later, solicitation]), enters("lan0.30"));

    let advertisement = udp6(GATEWAY, "fe80::1", "ff02::1");
    let forwarded = udp(GATEWAY, [192, 0, 2, 1], [10, 30, 0, 77]);
    assert_eq!(auto(vec![forwarded, advertisement]), enters("wan0"));
}

#[test]
fn the_routers_mac_stays_the_routers_whatever_it_forwards() {
    let own = udp(ROUTER, [10, 30, 0, 1], [10, 30, 0, 77]);
    let forwarded = udp(ROUTER, [192, 0, 2, 1], [10, 30, 0, 77]);
    let advertisement = udp6(ROUTER, "fe80::1", "ff02::1");
    assert_eq!(auto(vec![forwarded.clone(), own.clone(), forwarded, advertisement]), leaves("lan0.30"));
}

#[test]
fn tags_name_the_port() {
    let frame = tagged(30, OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    assert_eq!(auto(vec![frame]), (Way::In, "lan0.30".into(), 1));
    // Not an answer from there: who sends it stands on the wrong VLAN.
    let spoofed = tagged(30, OTHER, [10, 20, 0, 5], [192, 0, 2, 1]);
    assert_eq!(auto(vec![spoofed]), (Way::In, "lan0.30".into(), 1));
    let to_router = tagged(30, OTHER, [10, 20, 0, 5], [10, 30, 0, 1]);
    assert_eq!(auto(vec![to_router]), (Way::In, "lan0.30".into(), 1));
}

#[test]
fn the_copy_that_leaves_a_trunk_entered_elsewhere() {
    let answer = tagged(30, ROUTER, [192, 0, 2, 1], [10, 30, 0, 77]);
    assert_eq!(auto(vec![answer]), (Way::In, "wan0".into(), 1));
    let own = tagged(30, ROUTER, [10, 30, 0, 1], [10, 30, 0, 77]);
    assert_eq!(auto(vec![own]), (Way::Out, "lan0.30".into(), 1));
}

#[test]
fn tags_that_the_policy_does_not_know_count_for_nothing() {
    let frame = tagged(99, OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    assert_eq!(auto(vec![frame]), (Way::In, "lan0.30".into(), 1));
}

#[test]
fn the_name_given_holds_for_every_frame() {
    let fixed = |by, frame| entry_of(Some(by), Some("wan0"), vec![ethernet(frame)]);
    let router = udp(ROUTER, [10, 30, 0, 1], [10, 30, 0, 77]);
    assert_eq!(fixed("lan1", router), enters("lan1"));
    let camera = udp(CAMERA, [10, 30, 0, 11], [192, 0, 2, 1]);
    assert_eq!(fixed("lan0.30", camera.clone()), enters("lan0.30"));
    assert_eq!(fixed("lan0", camera), enters(""));
    let tag = tagged(30, CAMERA, [10, 30, 0, 11], [192, 0, 2, 1]);
    assert_eq!(fixed("lan0", tag), enters("lan0.30"));
}

#[test]
fn the_captures_own_interface_counts_where_the_policy_knows_it() {
    let on = |interface, frame| entry_of(None, Some(interface), vec![ethernet(frame)]);
    let spoofed = udp(OTHER, [10, 20, 0, 5], [192, 0, 2, 1]);
    assert_eq!(on("lan1", spoofed.clone()), enters("lan1"));
    assert_eq!(on("eth7", spoofed), enters("lan0.20"));
    let tag = tagged(30, OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    assert_eq!(on("lan0", tag), enters("lan0.30"));
    let own = tagged(30, ROUTER, [10, 30, 0, 1], [10, 30, 0, 77]);
    assert_eq!(on("lan0", own), leaves("lan0.30"));
}

#[test]
fn what_the_capture_calls_outgoing_did_not_enter_there() {
    let leaving = |bytes| Arrival { outgoing: true, ..ethernet(bytes) };
    let forwarded = leaving(udp(OTHER, [192, 0, 2, 1], [10, 40, 1, 5]));
    assert_eq!(entry_of(None, Some("lan1"), vec![forwarded]), enters("wan0"));
    let advertisement = leaving(udp6(OTHER, "fe80::1", "ff02::1"));
    assert_eq!(entry_of(None, Some("lan1"), vec![advertisement]), leaves("lan1"));
}

#[test]
fn bare_packets_enter_by_an_ip_link() {
    let image = image();
    let names = &image.names;
    let places = Places::of(names, &crate::policy::facts::Facts::default());
    let terrain = Terrain::of(&image, &facts());
    let chooser = Chooser::new(&places, &terrain, None);
    let packet = Arrival { medium: Medium::Ip, ..ethernet(udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1])[14..].to_vec()) };
    let entry = chooser.choose(&packet, None);
    assert_eq!((entry.place, entry.medium), (places.find("lan0.30").unwrap(), Medium::Ip));
}
