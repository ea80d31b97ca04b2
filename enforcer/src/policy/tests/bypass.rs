//! What the machine may forward past enforcer.

use super::folder;
use crate::policy::facts::{Bypass, Interface, Live};
use crate::policy::load;

const POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.lan]
ports = ["lan1", "lan2.10"]
prefixes = ["10.1.0.0/16", "fd00:1::/64"]
[zones.iot]
ports = ["lan2.20", "lan3"]
prefixes = ["10.2.0.0/16", "fd00:2::/64"]
[[transitions]]
from = ["lan", "iot"]
to = "internet"
allow = ["tcp/443"]
[management]
from = "lan"
allow = ["tcp/22"]
[router]
ignore = ["other0"]
"#;

/// What `check` warns of where the interfaces are so.
fn warnings(bypass: &[(&str, Bypass)]) -> String {
    let names = ["wan0", "lan1", "lan2", "lan3", "other0"];
    let interfaces = names.iter().zip(2..).map(|(name, index)| {
        let bypass = bypass.iter().find(|(of, _)| of == name).map(|(_, bypass)| bypass.clone());
        Interface { name: (*name).to_owned(), index, bypass: bypass.unwrap_or_default(), ..Interface::default() }
    });
    let live = Live { interfaces: interfaces.collect() };
    let folder = folder(&[("policy.toml", POLICY)]);
    let loaded = load(folder.path(), Some(&live)).unwrap_or_else(|report| panic!("{report}"));
    loaded.warnings.to_string()
}

#[test]
fn what_forwards_by_itself_is_told_once_with_its_port() {
    let chip = |id: &str| Bypass { switch: Some(id.to_owned()), ..Bypass::default() };
    let tc = Bypass { tc: true, ..Bypass::default() };
    let flowtable = Bypass { flowtable: true, ..Bypass::default() };
    let wifi = Bypass { wifi: true, ..Bypass::default() };
    for (bypass, expected) in [
        (vec![], None),
        (
            vec![("lan1", tc.clone())],
            Some(("`hw-tc-offload` of `lan1` is on", ":7:", "ethtool -K lan1 hw-tc-offload off")),
        ),
        (
            vec![("lan2", tc.clone())],
            Some(("`hw-tc-offload` of `lan2` is on", ":", "ethtool -K lan2 hw-tc-offload off")),
        ),
        (
            vec![("wan0", flowtable)],
            Some(("a flowtable with `flags offload` has `wan0`", ":4:", "take `flags offload` out")),
        ),
        (vec![("lan3", wifi.clone())], Some(("`lan3` is a Wi-Fi network", ":10:", "ap_isolate=1"))),
        (vec![("wan0", wifi)], None),
        (vec![("other0", tc)], None),
        (
            vec![("lan1", chip("aa")), ("lan3", chip("aa")), ("wan0", chip("bb"))],
            Some(("`lan1`, `lan3` are ports of one switch chip", ":7:", "share a bridge")),
        ),
        (vec![("lan1", chip("aa")), ("lan2", chip("bb")), ("other0", chip("aa"))], None),
        (vec![("lan2", chip("aa"))], None),
    ] {
        let told = warnings(&bypass);
        match expected {
            None => assert_eq!(told, "", "{bypass:?}"),
            Some((message, place, help)) => {
                let counted = told.matches("warning: ").count();
                let holds = [message, place, help].iter().all(|part| told.contains(part));
                assert!(counted == 1 && holds, "{bypass:?}:\n{told}");
            }
        }
    }
}
