//! Does the kernel program load? On the running kernel, and on older ones in virtual machines.

mod archive;
mod fetch;
mod initramfs;
mod machine;
mod modules;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::run;

/// The kernels of Debian that are tried, by the beginning of their version.
const KERNELS: [&str; 2] = ["6.1", "6.12"];

/// What runs on each kernel: it loads every program and attaches them to these two ends of a cable.
const CHECK: [&str; 4] = ["enforcer", "kernel-check", "veth0", "veth1"];

/// The longest that a command may take on the running kernel.
const PATIENCE: &str = "60";

/// Runs the load check, or another command, on every kernel.
pub(crate) fn check(paths: &Paths, command: &[String]) -> Result<()> {
    packages::ensure(Group::Kernels)?;
    let command: Vec<&str> =
        if command.is_empty() { CHECK.to_vec() } else { command.iter().map(String::as_str).collect() };
    let mut failed = Vec::new();
    for version in KERNELS {
        let started = Instant::now();
        let result = fetch::kernel(paths, version).and_then(|kernel| machine::run(paths, &kernel, &command));
        match result {
            Ok(()) => println!("kernel {version}: good ({:.0?})", started.elapsed()),
            Err(error) => {
                println!("kernel {version}: {error:#}");
                failed.push(version);
            }
        }
    }
    match here(paths, &command) {
        Ok(()) => println!("the running kernel: good"),
        Err(error) => {
            println!("the running kernel: {error:#}");
            failed.push("running");
        }
    }
    if !failed.is_empty() {
        bail!("the check failed on these kernels: {}", failed.join(", "));
    }
    Ok(())
}

/// On the running kernel: in a network namespace that ends with the command.
fn here(paths: &Paths, command: &[&str]) -> Result<()> {
    const SCRIPT: &str = "PATH=$1:$PATH; shift; \
         ip link add veth0 type veth peer name veth1 && ip link set veth0 up && ip link set veth1 up && exec \"$@\"";
    let mut unshare = run::as_root("timeout")?;
    unshare
        .args(["--kill-after=5", PATIENCE])
        .args(["unshare", "--net", "sh", "-c", SCRIPT, "sh"])
        .arg(paths.target.join("debug"))
        .args(command);
    run::run(&mut unshare)
}
