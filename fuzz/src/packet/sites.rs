//! The policies that frames are judged by, and the interfaces of the router.

use std::path::Path;
use std::sync::LazyLock;

use enforcer_tests::verify::prepared::{Interfaces, Prepared};

/// The policies, by name, in the order in which they take each other's place.
pub const POLICIES: [(&str, &str); 4] =
    [("plant", "plant.toml"), ("open", "open.toml"), ("guests", "guests.toml"), ("trial", "trial.toml")];

/// The policies, compiled; the first again at the end, so that each has one that takes its place.
pub static SITES: LazyLock<Vec<Prepared>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let names = POLICIES.iter().chain(&POLICIES[..1]);
    let prepared = names.map(|(name, file)| match Prepared::load(&folder.join(file)) {
        Ok(prepared) => prepared,
        Err(unusable) => panic!("{name}: {unusable:?}"),
    });
    prepared.collect()
});

/// The interfaces of all policies, and one that none names.
pub static INTERFACES: LazyLock<Interfaces> = LazyLock::new(|| Interfaces::of(SITES.iter()));
