//! The kernel program and the parser on the host read every frame of the public captures alike: what is malformed to one is
//! malformed to the other. The captures are not part of this repository; where the folder `shared` does not stand beside it,
//! the test says that it skips.

#[path = "tshark/corpus.rs"]
mod corpus;

use std::io::{self, Write};

use enforcer::compile::compile;
use enforcer::policy;
use enforcer::replay::{Capture, Kernel, Medium, Replay, arrival};
use enforcer_common::packet::Packet;
use enforcer_common::reason::Reason;

const POLICY: &str = r#"
version = 1
[zones.all]
ports = ["lan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[[transitions]]
from = "all"
to = "same"
allow = ["any"]
"#;

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn the_kernel_program_refuses_what_the_parser_refuses() {
    let folder = corpus::folder();
    if !folder.is_dir() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "captures SKIPPED: there is no {}", folder.display()).expect("stderr");
        return;
    }
    let mut frames = corpus::frames(&folder);
    frames.retain(|captured| arrival(captured.frame.clone()).is_ok());
    let home = tempfile::tempdir().expect("a folder");
    let (file, path) = (home.path().join("policy.toml"), home.path().join("all.pcapng"));
    corpus::write(&frames, &path);
    std::fs::write(&file, POLICY).expect("a file");
    let loaded = policy::load(&file, None).expect("the policy is right");
    let image = compile(&loaded.policy, &loaded.facts).expect("it compiles");
    let replay = Replay::new(&loaded.facts, &image, Some("lan0")).expect("the port is known");
    let mut kernel = Kernel::load(&replay.half(), &image.names).expect("the kernel takes the program");

    let (mut next, mut refused, mut wrong) = (frames.into_iter(), 0, Vec::new());
    let capture = Capture::open(&path).expect("a capture");
    replay
        .run(&capture, &mut kernel, |line| {
            let captured = next.next().expect("a line for each frame");
            let arrival = arrival(captured.frame).expect("looked at before");
            let parsed =
                enforcer_ebpf::packet::parse(&arrival.bytes[..], arrival.medium == Medium::Ip, &mut Packet::default());
            // A frame without an Ethernet header, or beyond 65,535 bytes, is not even shown to the program.
            let malformed = parsed.is_err() || !arrival.can_be_judged();
            if malformed != (line.finding.reason == Reason::Malformed) {
                wrong.push(format!("{}: {}, though parsed: {parsed:?}", captured.place, line.finding.reason.label()));
            }
            refused += usize::from(malformed);
            Ok(())
        })
        .expect("every frame is judged");
    assert!(next.next().is_none(), "a frame for each line");
    println!("{refused} frames are malformed");
    assert!(refused > 0 && wrong.is_empty(), "{} frames:\n{}", wrong.len(), wrong.join("\n"));
}
