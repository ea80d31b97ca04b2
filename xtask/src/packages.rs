//! What the commands need beside Rust: Debian packages, by group of commands, and only the missing ones.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::run;

/// Commands that need the same tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// `build`: the BPF toolchain.
    Build,
    /// `demo` and `lab`: namespaces and links.
    Lab,
    /// `test`, beside what the lab needs: a Prometheus server to scrape with, and a second reader of captures.
    Tests,
    /// `kernels`: a virtual machine for other kernels.
    Kernels,
    /// `fuzz`: a C++ compiler, for libFuzzer.
    Fuzz,
}

/// A Debian package and a file that shows that it is there.
struct Package {
    name: &'static str,
    proof: &'static [&'static str],
}

const BUILD: &[Package] = &[
    Package { name: "rustc-web", proof: &["/usr/bin/rustc"] },
    Package { name: "cargo-web", proof: &["/usr/bin/cargo"] },
    Package { name: "libstd-rust-web-dev-bpf", proof: &["/usr/lib/rustlib/bpfel-unknown-none/lib"] },
    Package { name: "llvm-22", proof: &["/usr/lib/llvm-22/bin/llvm-strip"] },
    Package { name: "llvm-22-dev", proof: &["/usr/lib/llvm-22/include/llvm/IR"] },
    Package { name: "clang-22", proof: &["/usr/lib/llvm-22/bin/clang"] },
];

const LAB: &[Package] = &[
    Package { name: "iproute2", proof: &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"] },
    Package { name: "nftables", proof: &["/usr/sbin/nft", "/usr/bin/nft"] },
    Package { name: "ethtool", proof: &["/usr/sbin/ethtool", "/sbin/ethtool", "/usr/bin/ethtool"] },
];

const TESTS: &[Package] = &[
    Package { name: "prometheus", proof: &["/usr/bin/prometheus"] },
    Package { name: "tshark", proof: &["/usr/bin/tshark"] },
];

const KERNELS: &[Package] = &[
    Package { name: "qemu-system-x86", proof: &["/usr/bin/qemu-system-x86_64"] },
    Package { name: "busybox-static", proof: &["/bin/busybox", "/usr/bin/busybox"] },
    Package { name: "iproute2", proof: &["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"] },
    Package { name: "ethtool", proof: &["/usr/sbin/ethtool", "/sbin/ethtool", "/usr/bin/ethtool"] },
];

const FUZZ: &[Package] = &[Package { name: "g++", proof: &["/usr/bin/g++", "/usr/bin/c++"] }];

impl Group {
    /// Every group.
    pub(crate) const ALL: &[Group] = &[Group::Build, Group::Lab, Group::Tests, Group::Kernels, Group::Fuzz];

    /// The name in messages.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Group::Build => "build",
            Group::Lab => "lab",
            Group::Tests => "tests",
            Group::Kernels => "kernels",
            Group::Fuzz => "fuzz",
        }
    }

    fn packages(self) -> &'static [Package] {
        match self {
            Group::Build => BUILD,
            Group::Lab => LAB,
            Group::Tests => TESTS,
            Group::Kernels => KERNELS,
            Group::Fuzz => FUZZ,
        }
    }
}

/// Installs what a group lacks. Looks at files only, so that it costs nothing where all is there.
pub(crate) fn ensure(group: Group) -> Result<()> {
    let missing = missing(group);
    if missing.is_empty() {
        return Ok(());
    }
    install(group, &missing)
}

/// The packages of a group that are not there.
pub(crate) fn missing(group: Group) -> Vec<&'static str> {
    group
        .packages()
        .iter()
        .filter(|package| !package.proof.iter().any(|file| Path::new(file).exists()))
        .map(|package| package.name)
        .collect()
}

/// True where Debian's package manager is at hand.
pub(crate) fn has_apt() -> bool {
    Path::new("/usr/bin/apt-get").exists()
}

/// True where apt can install all of a group (a Debian or Ubuntu without these packages cannot).
pub(crate) fn offered(group: Group) -> bool {
    has_apt()
        && missing(group).iter().all(|name| {
            run::output(Command::new("apt-cache").args(["--quiet", "show", name]))
                .is_ok_and(|text| text.contains("Package:"))
        })
}

/// Fetches the lists of packages.
pub(crate) fn update() -> Result<()> {
    let mut update = run::as_root("apt-get")?;
    update.args(["update", "-q"]);
    run::run(&mut update)
}

/// Installs packages, printed and without a question; never removes any.
fn install(group: Group, names: &[&str]) -> Result<()> {
    if !has_apt() {
        bail!(
            "`{}` needs what Debian calls {}, and there is no apt here: install them and run this again",
            group.title(),
            names.join(", ")
        );
    }
    eprintln!("`{}` needs: {}", group.title(), names.join(", "));
    update()?;
    let mut install = run::as_root("env")?;
    install
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "install"])
        .args(["--yes", "--quiet", "--no-install-recommends", "--no-remove"])
        .args(names);
    run::run(&mut install)?;
    let still = missing(group);
    if !still.is_empty() {
        bail!("apt installed the packages, yet {} is not where it was looked for", still.join(", "));
    }
    Ok(())
}
