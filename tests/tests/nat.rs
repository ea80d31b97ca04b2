//! A router that puts its own address in place of the inside hosts', by nftables.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use enforcer_tests::conversation::{Conversation, datagram};
use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::icmp;
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::Router;
use enforcer_tests::wiring;

const MASQUERADE: &str = "table ip nat {
    chain out { type nat hook postrouting priority srcnat; oifname \"wan0\" masquerade; }
}
";

const OUT: &str = r#"
[[transitions]]
from = "office"
to = "internet"
allow = ["tcp/443", "udp/5000", "icmp/echo-request", "icmpv6/echo-request"]
"#;

/// Something else, so that the policy has a rule without `OUT`.
const ELSEWHERE: &str = r#"
[[transitions]]
from = "office"
to = "ot"
allow = ["tcp/443"]
"#;

/// The internet's two addresses, each with the address that its server should see the office come from.
fn ways(lab: &Lab) -> [(IpAddr, IpAddr); 2] {
    [(lab.internet.v4.into(), lab.internet.network.v4.into()), (lab.internet.v6.into(), lab.office.v6.into())]
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn connections_from_inside_complete() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, MASQUERADE).unwrap();
    let policy = PolicyFile::new(&[ZONES, OUT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let (inside, outside) = (&lab.office, &lab.internet.namespace);
    for (at, seen) in ways(&lab) {
        let own = inside.like(at);
        let opened = Conversation::open(&inside.namespace, own, outside, SocketAddr::new(at, 443), PATIENCE).unwrap();
        let mut talk = opened.unwrap_or_else(|| panic!("tcp to {at}"));
        assert_eq!(talk.peer().ip(), seen, "the source as {at} sees it");
        for _ in 0..3 {
            assert!(talk.goes_on(PATIENCE).unwrap(), "tcp to {at}");
        }
        let (peer, answered) = datagram(&inside.namespace, own, outside, SocketAddr::new(at, 5000), PATIENCE).unwrap();
        assert_eq!(peer.map(|peer| peer.ip()), Some(seen), "the source as {at} sees it");
        assert!(answered, "udp to {at}");
        assert!(icmp::echo(&inside.namespace, at, PATIENCE).unwrap(), "echo to {at}");
    }
    let metrics = router.metrics().unwrap();
    assert_eq!(metrics.sum("enforcer_packets_total", &[("from", "office"), ("verdict", "drop")]), 0.0);
    assert_eq!(metrics.sum("enforcer_packets_total", &[("from", "internet"), ("verdict", "drop")]), 0.0);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_is_not_allowed_stays_inside() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, MASQUERADE).unwrap();
    let policy = PolicyFile::new(&[ZONES, OUT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for from in [&lab.office, &lab.camera] {
        for (at, _) in ways(&lab) {
            for service in [Service::Tcp(80), Service::Udp(53)] {
                let seen = exchange::attempt_within(from, &lab.internet.namespace, at, service, SILENCE).unwrap();
                assert!(!seen.arrived, "{} to {at} {service}", from.name);
            }
        }
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nothing_opens_from_outside() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, MASQUERADE).unwrap();
    let policy = PolicyFile::new(&[ZONES, OUT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for (at, _) in ways(&lab) {
        // There are translations to guess: one conversation is under way the whole time.
        let end = SocketAddr::new(at, 443);
        let own = lab.office.like(at);
        let opened = Conversation::open(&lab.office.namespace, own, &lab.internet.namespace, end, PATIENCE).unwrap();
        let mut talk = opened.unwrap_or_else(|| panic!("tcp to {at}"));
        let own_port = talk.peer().port();
        for (to, host) in [(lab.internet.network.v4.into(), &lab.router), (lab.internet.network.v6.into(), &lab.router)]
            .into_iter()
            .chain([(IpAddr::from(lab.office.v4), &lab.office.namespace)])
            .chain([(IpAddr::from(lab.office.v6), &lab.office.namespace)])
        {
            for service in [Service::Tcp(443), Service::Udp(5000), Service::Echo, Service::Udp(own_port)] {
                let seen = exchange::attempt_within(&lab.internet, host, to, service, SILENCE).unwrap();
                assert!(!seen.arrived, "{service} from outside to {to}");
            }
        }
        assert!(talk.goes_on(PATIENCE).unwrap(), "the one from inside goes on, to {at}");
    }
    let dropped = router.metrics().unwrap();
    assert!(dropped.sum("enforcer_packets_total", &[("from", "internet"), ("reason", "no-transition")]) >= 16.0);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_revoked_connection_stops_translated_or_not() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, MASQUERADE).unwrap();
    let policy = PolicyFile::new(&[ZONES, OUT, ELSEWHERE]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let mut talks = Vec::new();
    for (at, _) in ways(&lab) {
        for by in ["client", "server"] {
            let end = SocketAddr::new(at, 443);
            let own = lab.office.like(at);
            let opened =
                Conversation::open(&lab.office.namespace, own, &lab.internet.namespace, end, PATIENCE).unwrap();
            let mut talk = opened.unwrap_or_else(|| panic!("tcp to {at}"));
            assert!(talk.goes_on(PATIENCE).unwrap());
            talks.push((at, by, talk));
        }
    }
    policy.write(&[ZONES, ELSEWHERE]).unwrap();
    router.ask(&["reload"]).unwrap();
    // Whichever side speaks first after the change.
    for (at, by, talk) in &mut talks {
        let (first, then) = match *by {
            "client" => (talk.from_client(SILENCE).unwrap(), talk.from_server(SILENCE).unwrap()),
            _ => (talk.from_server(SILENCE).unwrap(), talk.from_client(SILENCE).unwrap()),
        };
        assert!(!first, "with {at}, the {by} speaks");
        assert!(!then, "with {at}, after the {by} spoke");
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn an_undeclared_forward_does_not_get_in() {
    let lab = Lab::new().unwrap();
    let inside = lab.office.v4;
    wiring::nft(&lab, MASQUERADE).unwrap();
    let forward = format!(
        "table ip forwards {{
            chain in {{ type nat hook prerouting priority dstnat; iifname \"wan0\" tcp dport 8443 dnat to {inside}:443; }}
        }}\n"
    );
    wiring::nft(&lab, &forward).unwrap();
    // Even where the router itself offers that port.
    let offered = "[[transitions]]\nfrom = \"internet\"\nto = \"router\"\nallow = [\"tcp/8443\"]\n";
    for more in ["", offered] {
        let policy = PolicyFile::new(&[ZONES, OUT, more]).unwrap();
        let router = Router::start(&lab, policy.path()).unwrap();
        let listener = lab.office.namespace.inside(|| Ok(std::net::TcpListener::bind((inside, 443))?)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let own = SocketAddr::new(lab.internet.v4.into(), 0);
        let at = SocketAddr::new(lab.internet.network.v4.into(), 8443);
        let stream = lab.internet.namespace.inside(|| exchange::tcp_connect(own, at, SILENCE)).unwrap();
        assert!(stream.is_none(), "the forward answers");
        assert!(listener.accept().is_err(), "the forward arrives");
        let dropped = router.metrics().unwrap();
        let dropped = dropped.sum("enforcer_packets_total", &[("from", "internet"), ("reason", "no-transition")]);
        assert!(dropped >= 1.0, "{dropped} dropped");
        router.stop().unwrap();
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn fragments_and_errors_find_their_way() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, MASQUERADE).unwrap();
    let policy = PolicyFile::new(&[ZONES, OUT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for (at, seen) in ways(&lab) {
        let own = SocketAddr::new(lab.office.like(at), 0);
        let client = lab.office.namespace.inside(|| Ok(UdpSocket::bind(own)?)).unwrap();
        client.connect((at, 5000)).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut heard = [0; 8192];

        // Three fragments each way.
        let server = lab.internet.namespace.inside(|| Ok(UdpSocket::bind((at, 5000))?)).unwrap();
        server.set_read_timeout(Some(PATIENCE)).unwrap();
        client.send(&[7; 4000]).unwrap();
        let (length, peer) = server.recv_from(&mut heard).unwrap_or_else(|error| panic!("to {at}: {error}"));
        assert_eq!((length, peer.ip()), (4000, seen));
        server.send_to(&[8; 4000], peer).unwrap();
        let length = client.recv(&mut heard).unwrap_or_else(|error| panic!("from {at}: {error}"));
        assert_eq!(length, 4000);

        // Nobody listens any more, and says so.
        drop(server);
        client.send(b"anyone?").unwrap();
        let error = client.recv(&mut heard).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "from {at}: {error}");
    }
    router.stop().unwrap();
}
