//! What the kernel tells of a card's features, beside what ethtool makes of it.

use std::process::Command;

use enforcer::dataplane::offload;
use nix::sched::{CloneFlags, unshare};

fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split(' ')).output().expect("it runs");
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn features_are_what_ethtool_says() {
    // This thread alone, and the processes that it starts.
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
    run("ip", "link add name port0 type veth peer name port1");
    for feature in ["tx-vlan-hw-insert", "tx-nocache-copy", "hw-tc-offload"] {
        let shown = run("ethtool", "-k port0");
        let name = if feature == "tx-vlan-hw-insert" { "tx-vlan-offload" } else { feature };
        let line =
            shown.lines().map(str::trim).find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        let line = line.unwrap_or_else(|| panic!("ethtool knows no {name}:\n{shown}"));
        let is_on = line.starts_with("on");
        assert_eq!(offload::feature("port0", feature).expect("it is told"), Some(is_on), "{feature}: {line}");
        if !line.contains("[fixed]") {
            run("ethtool", &format!("-K port0 {name} {}", if is_on { "off" } else { "on" }));
            assert_eq!(offload::feature("port0", feature).expect("it is told"), Some(!is_on), "{feature}, turned");
        }
    }
    assert_eq!(offload::feature("port0", "no-such-feature").expect("it is told"), None);
    assert!(offload::feature("nowhere0", "hw-tc-offload").is_err());
}
