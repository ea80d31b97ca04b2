//! The policies of the differential test: nft takes the rules of each.

use std::collections::BTreeSet;
use std::fs;

use enforcer::export::{Hook, nft};
use enforcer_tests::namespace::Namespace;
use enforcer_tests::scratch::Scratch;
use enforcer_tests::verify::prepared::Prepared;
use enforcer_tests::verify::site::Site;

/// Policies that are tried.
const POLICIES: u64 = 60;

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nft_takes_the_policies_of_the_differential_test() {
    let namespace = Namespace::new("export").unwrap();
    let scratch = Scratch::new().unwrap();
    let file = scratch.file("rules.nft");
    let mut known = BTreeSet::new();
    let mut taken = 0;
    for seed in 0..POLICIES {
        let Ok(prepared) = Prepared::of(&Site::generate(seed)).unwrap() else { continue };
        let loaded = &prepared.loaded;
        for hook in [Hook::Forward, Hook::Ingress] {
            let rules = nft(&loaded.policy, &loaded.facts, None, hook);
            let devices = rules.lines().filter_map(|line| line.split(" device \"").nth(1)?.split('"').next());
            for device in devices {
                if known.insert(device.to_owned()) {
                    namespace.run("ip", &["link", "add", device, "type", "ifb"]).unwrap();
                }
            }
            fs::write(&file, &rules).unwrap();
            let said = namespace.run("nft", &["-c", "-f", file.to_str().unwrap()]);
            assert!(said.is_ok(), "seed {seed}, {hook:?}: {said:?}");
        }
        taken += 1;
    }
    assert!(taken > POLICIES / 2, "only {taken} of {POLICIES} policies can be used");
}
