//! Connections: answers, ends, errors, time.

use super::frames::*;
use super::site::{Engines, Site, one, topic};

const OK: &str = "pass established";
const NOTHING: &str = "drop no-transition";

const RULES: &str = r#"
    [[transitions]]
    name = "out"
    from = "office"
    to = "cell1"
    allow = ["tcp", "udp", "icmp/echo-request", "icmpv6/echo-request", "sctp", "ip/50"]
    [[transitions]]
    name = "manage"
    from = "office"
    to = "router"
    allow = ["tcp/22"]
"#;

topic!(answers_and_ends);

fn answers_and_ends(engines: Engines) {
    let mut site = Site::new(engines, RULES);
    // The identifier stands four bytes into the ICMP header, which ends eight bytes before the end.
    let other_number = |frame: &mut Vec<u8>| {
        let at = frame.len() - 12;
        frame[at] = 9;
    };
    let ack = |from, to, ports| tcp(from, to, ports, ACK);
    let there = (40_000, 80);
    let back = (80, 40_000);
    let opened = || {
        vec![
            (open(OFFICE, PLC1, 80), "pass allowed out | office > cell1"),
            (answer(PLC1, OFFICE, 80), "pass established | cell1 > office"),
            (ack(OFFICE, PLC1, there), "pass established | office > cell1"),
        ]
    };
    let with = |more: Vec<(Sent, &'static str)>| [opened(), more].concat();
    let rows = [
        ("TCP", opened()),
        ("another port of the same hosts", with(vec![(ack(PLC1, OFFICE, (81, 40_000)), NOTHING)])),
        ("another host of the same zone", with(vec![(ack(PLC1B, OFFICE, back), NOTHING)])),
        ("to another host", with(vec![(ack(PLC1, OFFICE2, back), NOTHING)])),
        ("over another protocol", with(vec![(udp(PLC1, OFFICE, back), NOTHING)])),
        (
            "FIN both ways, then the last ACK",
            with(vec![
                (tcp(OFFICE, PLC1, there, FIN | ACK), OK),
                (tcp(PLC1, OFFICE, back, FIN | ACK), OK),
                (ack(OFFICE, PLC1, there), OK),
            ]),
        ),
        (
            "a new SYN after the end is judged anew",
            with(vec![
                (tcp(PLC1, OFFICE, back, RST | ACK), OK),
                (open(OFFICE, PLC1, 80), "pass allowed out"),
                (answer(PLC1, OFFICE, 80), OK),
            ]),
        ),
        (
            "an answer long after the end",
            with(vec![(tcp(OFFICE, PLC1, there, RST), OK), (ack(PLC1, OFFICE, back).after(60), NOTHING)]),
        ),
        (
            "after the end, the one who answered opens",
            with(vec![(tcp(PLC1, OFFICE, back, RST | ACK), OK), (tcp(PLC1, OFFICE, back, SYN), NOTHING)]),
        ),
        (
            "after both ends said FIN, the one who answered opens",
            with(vec![
                (tcp(OFFICE, PLC1, there, FIN | ACK), OK),
                (tcp(PLC1, OFFICE, back, FIN | ACK), OK),
                (tcp(PLC1, OFFICE, back, SYN), NOTHING),
            ]),
        ),
        (
            "an echo reply of another number",
            vec![(ping(OFFICE, PLC1), "pass allowed out"), (pong(PLC1, OFFICE).changed(other_number), NOTHING)],
        ),
        ("hours of silence", with(vec![(ack(PLC1, OFFICE, back).after(3 * 3600), OK)])),
        (
            "UDP",
            vec![
                (udp(OFFICE, PLC1, (5, 53)), "pass allowed out"),
                (udp(PLC1, OFFICE, (53, 5)), OK),
                (udp(OFFICE, PLC1, (5, 53)), OK),
            ],
        ),
        (
            "UDP, half open, in time",
            vec![
                (udp(OFFICE, PLC1, (5, 53)), "pass allowed out"),
                (udp(PLC1, OFFICE, (53, 5)).after(29), OK),
                (udp(PLC1, OFFICE, (53, 5)).after(119), OK),
                (udp(PLC1, OFFICE, (53, 5)).after(125), NOTHING),
            ],
        ),
        (
            "UDP, half open, too late",
            vec![
                (udp(OFFICE, PLC1, (5, 53)), "pass allowed out"),
                (udp(PLC1, OFFICE, (53, 5)).after(31), NOTHING),
                (udp(OFFICE, PLC1, (5, 53)), "pass allowed out"),
            ],
        ),
        ("echo", vec![(ping(OFFICE, PLC1), "pass allowed out"), (pong(PLC1, OFFICE), OK), (ping(OFFICE, PLC1), OK)]),
        ("echo, the other way", vec![(ping(OFFICE, PLC1), "pass allowed out"), (pong(PLC1B, OFFICE), NOTHING)]),
        ("an echo reply that nobody asked for", vec![(pong(PLC1, OFFICE), NOTHING)]),
        (
            "ESP both ways",
            vec![(ip(OFFICE, PLC1, 50, &[0; 24]), "pass allowed out"), (ip(PLC1, OFFICE, 50, &[0; 24]), OK)],
        ),
        (
            "with the router",
            vec![
                (open(OFFICE, OFFICE.router(), 22), "pass allowed manage"),
                (answer(OFFICE.router(), OFFICE, 22), "pass established | router > office"),
                (ack(OFFICE, OFFICE.router(), (40_000, 22)), OK),
            ],
        ),
        (
            "from the router",
            vec![
                (open(PLC1.router(), PLC1, 8080), "pass allowed | router > cell1"),
                (answer(PLC1, PLC1.router(), 8080), "pass established | cell1 > router"),
            ],
        ),
    ];
    site.check(&rows);
}

topic!(what_fits_no_connection);

fn what_fits_no_connection(engines: Engines) {
    let mut site = Site::new(engines, RULES);
    let asked = udp(OFFICE, PLC1, (5, 53));
    let called = open(OFFICE, PLC1, 80);
    let pinged = ping(OFFICE, PLC1);
    let bare = |port: u16, flags| tcp(OFFICE, PLC1, (41_000, port), flags);
    let rows = [
        one("SYN+ACK of no connection", tcp(OFFICE, PLC1, (41_000, 80), SYN | ACK), "drop invalid-state"),
        one("SYN+ACK that nothing allows", tcp(PLC1, OFFICE, (80, 41_000), SYN | ACK), NOTHING),
        one("no flags at all", bare(80, 0), "drop malformed"),
        one("SYN and FIN", bare(80, SYN | FIN), "drop malformed"),
        one("SYN and RST", bare(80, SYN | RST), "drop malformed"),
        one("FIN alone", bare(80, FIN), "drop malformed"),
        (
            "an error about a datagram",
            vec![
                (asked.clone(), "pass allowed out"),
                (unreachable(PLC1, OFFICE, &asked), "pass established | cell1 > office"),
            ],
        ),
        (
            "an error by the router between",
            vec![(called.clone(), "pass allowed out"), (unreachable(PLC1B, OFFICE, &called), OK)],
        ),
        (
            "an error about an echo",
            vec![(pinged.clone(), "pass allowed out"), (unreachable(PLC1, OFFICE, &pinged), OK)],
        ),
        ("an error about nothing", vec![(unreachable(PLC1, OFFICE, &asked), NOTHING)]),
        (
            "an error about another conversation",
            vec![
                (asked.clone(), "pass allowed out"),
                (unreachable(PLC1, OFFICE, &udp(OFFICE, PLC1, (6, 53))), NOTHING),
            ],
        ),
        (
            "an error to somebody else",
            vec![(asked.clone(), "pass allowed out"), (unreachable(PLC1, OFFICE2, &asked), NOTHING)],
        ),
        (
            "an error about what has expired",
            vec![(asked.clone(), "pass allowed out"), (unreachable(PLC1, OFFICE, &asked).after(31), NOTHING)],
        ),
        one(
            "an error that quotes half an address",
            unreachable(PLC1, OFFICE, &asked).changed(|frame| frame.truncate(58)),
            "drop malformed",
        ),
        (
            "an error that quotes the answer",
            vec![
                (asked.clone(), "pass allowed out"),
                (udp(PLC1, OFFICE, (53, 5)), OK),
                (unreachable(OFFICE, PLC1, &udp(PLC1, OFFICE, (53, 5))), OK),
            ],
        ),
    ];
    site.check(&rows);
}

topic!(audited_connections);

fn audited_connections(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["tcp/1"]
        mode = "audit"
        [[transitions]]
        from = "cell1"
        to = "cell2"
        allow = ["any"]
        [[guardrails]]
        name = "trial"
        from = "cell1"
        to = "cell2"
        deny = ["udp/9"]
        mode = "audit"
        "#,
    );
    let audit = "audit no-transition";
    let trial = "audit guardrail trial";
    let rows = [
        (
            "every packet of it",
            vec![
                (open(OFFICE, PLC1, 80), audit),
                (answer(PLC1, OFFICE, 80), audit),
                (tcp(OFFICE, PLC1, (40_000, 80), ACK), audit),
            ],
        ),
        (
            "an error about it",
            vec![(udp(OFFICE, PLC1, (5, 80)), audit), (unreachable(PLC1, OFFICE, &udp(OFFICE, PLC1, (5, 80))), audit)],
        ),
        (
            "by an audited guardrail",
            vec![(udp(PLC1, PLC2, (9, 9)), trial), (udp(PLC2, PLC1, (9, 9)), trial), (udp(PLC1, PLC2, (9, 9)), trial)],
        ),
    ];
    site.check(&rows);
}

topic!(the_clock_of_the_capture);

fn the_clock_of_the_capture(engines: Engines) {
    let mut site = Site::new(engines, RULES);
    let there = udp(OFFICE, PLC1, (5, 53));
    let back = udp(PLC1, OFFICE, (53, 5));
    for family in [Family::Four, Family::Six] {
        let frame = |sent: &Sent| sent.frame(family).map(<[u8]>::to_vec).expect("both families");
        let (there, back) = (frame(&there), frame(&back));
        let told =
            site.captured(&[(100, &there), (131, &back), (132, &there), (161, &back), (281, &back), (402, &back)]);
        let verdicts: Vec<&str> = told.iter().filter_map(|line| line.split(" | ").next()).collect();
        let expected = ["pass allowed out", NOTHING, "pass allowed out", OK, OK, NOTHING];
        assert_eq!(verdicts, expected, "{family:?}");
    }
}
