//! Does the kernel program load, and say what it is to say? On the running kernel, and on older ones in virtual machines.

mod archive;
mod counts;
mod fetch;
mod initramfs;
mod job;
mod machine;
mod modules;

use std::process::Stdio;
use std::thread;

use anyhow::{Result, anyhow, bail};

use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::run;
use counts::{Counts, Table};
pub(crate) use job::Form;
use job::Job;

/// The kernels of Debian that are tried, by the beginning of their version.
const KERNELS: [&str; 2] = ["6.1", "6.12"];

/// What the running kernel is called.
const RUNNING: &str = "running";

/// The interfaces that the job on the running kernel finds in its network namespace: both ends of a cable.
const INTERFACES: [&str; 2] = ["veth0", "veth1"];

/// The longest that the job may take on the running kernel, in seconds.
const PATIENCE: &str = "1800";

/// What became of the job on a kernel.
struct Tried {
    kernel: &'static str,
    lines: Vec<String>,
    result: Result<()>,
}

/// Runs the checks on every kernel, and holds the verifier's counts against those that are kept. With `accept` the new ones
/// are kept.
pub(crate) fn check(paths: &Paths, form: Form, accept: bool) -> Result<()> {
    let table = Table::kept(paths)?;
    let mut found = Vec::new();
    let mut tried = on_every_kernel(paths, &Job::checks(paths, form)?)?;
    for kernel in &mut tried {
        let is_running = kernel.kernel == RUNNING;
        let Some(counts) = Counts::read(&kernel.lines) else {
            if kernel.result.is_ok() {
                kernel.result = Err(anyhow!("it told no counts of the verifier"));
            }
            continue;
        };
        let counts = if is_running { counts.anywhere() } else { counts };
        let findings = counts.against(&table, !is_running);
        findings.notes.iter().for_each(|note| println!("kernel {}: note: {note}", kernel.kernel));
        let growth = if accept { Vec::new() } else { findings.growth };
        let wrong = [findings.failures, growth].concat();
        if kernel.result.is_ok() && !wrong.is_empty() {
            kernel.result = Err(anyhow!("{}", wrong.join("\n  ")));
        }
        found.push(counts);
    }
    if accept {
        table.accept(paths, found)?;
    }
    summary(&tried)
}

/// Runs a command on every kernel.
pub(crate) fn command(paths: &Paths, words: &[String]) -> Result<()> {
    summary(&on_every_kernel(paths, &Job::command(paths, words)?)?)
}

/// Does the job everywhere, and shows what it prints: in both machines at once, then here.
fn on_every_kernel(paths: &Paths, job: &Job) -> Result<Vec<Tried>> {
    packages::ensure(Group::Kernels)?;
    // One after the other: there is one apt.
    let kernels = KERNELS.map(|version| (version, fetch::kernel(paths, version)));
    thread::scope(|scope| {
        let machines =
            kernels.map(|(version, kernel)| (version, scope.spawn(move || machine::run(paths, &kernel?, job))));
        let mut tried = Vec::new();
        for (version, machine) in machines {
            let ended = machine.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            tried.push(shown(version, ended));
        }
        tried.push(shown(RUNNING, here(job)));
        Ok(tried)
    })
}

fn shown(kernel: &'static str, ended: Result<(Vec<String>, Result<()>)>) -> Tried {
    let (lines, result) = ended.unwrap_or_else(|error| (Vec::new(), Err(error)));
    println!("kernel {kernel}:");
    lines.iter().for_each(|line| println!("  {line}"));
    Tried { kernel, lines, result }
}

fn summary(tried: &[Tried]) -> Result<()> {
    let mut failed = Vec::new();
    for Tried { kernel, result, .. } in tried {
        match result {
            Ok(()) => println!("kernel {kernel}: good"),
            Err(error) => {
                println!("kernel {kernel}: {error:#}");
                failed.push(*kernel);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed on these kernels: {}", failed.join(", "));
    }
    Ok(())
}

/// On the running kernel: in a network namespace that ends with the commands.
fn here(job: &Job) -> Result<(Vec<String>, Result<()>)> {
    const SCRIPT: &str = "PATH=$1:$PATH; export NO_COLOR=1; \
         ip link add veth0 type veth peer name veth1 && ip link set veth0 up && ip link set veth1 up && eval \"$2\"";
    let mut unshare = run::as_root("timeout")?;
    unshare
        .args(["--kill-after=5", PATIENCE])
        .args(["unshare", "--net", "sh", "-c", SCRIPT, "sh"])
        .arg(&job.folder)
        .arg(job.script(&INTERFACES))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = unshare.output()?;
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let result = if output.status.success() { Ok(()) } else { Err(anyhow!("a command failed: {}", output.status)) };
    Ok((lines, result))
}
