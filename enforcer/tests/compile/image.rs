//! The image as a whole: the same for the same policy, and refused where it is damaged.

use enforcer::compile::verify;
use proptest::prelude::*;

use crate::site::{Site, ZONES};

const RULES: &str = r#"
[[transitions]]
from = "office"
to = ["iot", "internet"]
allow = ["tcp/443", "tcp/80", "udp/53:1024-65535"]
deny = ["tcp/80:1-9"]

[[guardrails]]
name = "no shells"
from = "*"
to = "iot"
deny = ["tcp/22"]
except = [{ from = "desk", to = "lamp" }, { from = "office", to = "lamp", allow = ["tcp/22"] }]
"#;

const DEVICES: &str = r#"
[devices.lamp]
mac = "02:00:00:00:00:02"
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"

[devices.desk]
addresses = ["10.20.0.11", "fd00:20::11"]
zone = "office"
"#;

/// The same policy, with files, tables, keys and lists in another order.
const REORDERED: [(&str, &str); 3] = [
    (
        "a.toml",
        r#"
[devices.desk]
zone = "office"
addresses = ["fd00:20::11", "10.20.0.11"]

[[guardrails]]
except = [{ allow = ["tcp/22"], to = "lamp", from = "office" }, { to = "lamp", from = "desk" }]
deny = ["tcp/22"]
to = "iot"
from = "*"
name = "no shells"

[zones.office]
prefixes = ["fd00:20::/64", "10.20.0.0/16"]
ports = ["office0"]
"#,
    ),
    (
        "b.toml",
        r#"
[router.addresses]
office0 = ["fd00:20::1/64", "10.20.0.1/16"]

[zones.iot]
prefixes = ["fd00:30::/64", "10.30.0.0/16"]
ports = ["iot0"]

[[transitions]]
deny = ["tcp/80:1-9"]
allow = ["udp/53:1024-65535", "tcp/80", "tcp/443"]
to = ["internet", "iot"]
from = "office"
"#,
    ),
    (
        "c.toml",
        r#"
version = 1

[devices.lamp]
addresses = ["fd00:30::12", "10.30.0.12"]
zone = "iot"
mac = "02:00:00:00:00:02"

[zones.internet]
prefixes = ["::/0", "0.0.0.0/0"]
ports = ["wan0"]

[router.addresses]
iot0 = ["fe80::1/64", "fd00:30::1/64", "10.30.0.1/16"]
"#,
    ),
];

fn site() -> Site {
    Site::with(&[("zones.toml", ZONES), ("rules.toml", RULES), ("devices.toml", DEVICES)])
}

#[test]
fn the_order_of_files_tables_and_keys_changes_no_cell() {
    let one = site();
    assert_eq!(one.image, site().image, "compiled twice");
    let other = Site::with(&REORDERED);
    let names = |site: &Site| site.image.names.rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    assert_eq!(one.image.digest, other.image.digest);
    assert_eq!(one.image.cells, other.image.cells);
}

#[test]
fn another_policy_is_another_image() {
    let one = site();
    let other = Site::with(&[
        ("zones.toml", ZONES),
        ("rules.toml", &RULES.replace("tcp/22", "tcp/23")),
        ("devices.toml", DEVICES),
    ]);
    assert_ne!(one.image.digest, other.image.digest);
    assert_ne!(one.image.cells, other.image.cells);
}

#[test]
fn a_cut_image_is_refused() {
    let cells = site().image.cells;
    assert!(verify(&cells));
    for length in 0..cells.len() {
        assert!(!verify(&cells[..length]), "{length} of {} cells", cells.len());
    }
    let mut longer = cells.clone();
    longer.push([0; 16]);
    assert!(!verify(&longer));
}

proptest! {
    #[test]
    fn an_image_with_a_wrong_bit_is_refused(cell: prop::sample::Index, word in 0usize..16, bit in 0u32..32) {
        thread_local! {
            static CELLS: Vec<[u32; 16]> = site().image.cells;
        }
        let mut cells = CELLS.with(Clone::clone);
        let cell = cell.index(cells.len());
        cells[cell][word] ^= 1 << bit;
        prop_assert!(!verify(&cells), "cell {}, word {}, bit {}", cell, word, bit);
    }
}
