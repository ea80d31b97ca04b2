//! Network namespaces with names of their own, removed with their values.

use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::SigSet;
use nix::unistd::geteuid;

/// Where `ip netns` keeps names.
const NAMES: &str = "/run/netns";

/// A network namespace that this process made.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    file: File,
}

impl Namespace {
    /// Makes a namespace named `enf-<pid>-<number>-<label>`, with its loopback up.
    pub fn new(label: &str) -> Result<Namespace> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !geteuid().is_root() {
            bail!("network namespaces need root: run this as root or through sudo");
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("enf-{}-{number}-{label}", process::id());
        command_output(Command::new("ip").args(["netns", "add", &name]))?;
        let file = match File::open(Path::new(NAMES).join(&name)) {
            Ok(file) => file,
            Err(error) => {
                remove(&name);
                return Err(error).with_context(|| format!("cannot open the namespace {name}"));
            }
        };
        let namespace = Namespace { name, file };
        namespace.run("ip", &["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// The name, as `ip netns` lists it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that `nsenter --net=` takes.
    pub fn path(&self) -> PathBuf {
        Path::new(NAMES).join(&self.name)
    }

    /// A command that will run inside. Only the network is another: files, `/sys/fs/bpf` among them, stay the same.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let descriptor = self.file.as_raw_fd();
        // SAFETY: between fork and exec only `setns` and the change of the signal mask are called, which are plain
        // system calls; the descriptor stays open as long as the namespace, and a command that outlives it gets an error.
        unsafe {
            command.pre_exec(move || {
                let descriptor = std::os::fd::BorrowedFd::borrow_raw(descriptor);
                setns(descriptor, CloneFlags::CLONE_NEWNET)?;
                // It would inherit what `interrupt::clean_up` blocks here.
                SigSet::all().thread_unblock()?;
                Ok(())
            });
        }
        command
    }

    /// Runs a command inside to its end and returns what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        command_output(self.command(program).args(arguments)).with_context(|| format!("in the namespace {}", self.name))
    }

    /// Runs code inside, on a thread of its own. Sockets made there stay there, wherever they are used later.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let file = self.file.as_fd();
        thread::scope(|scope| {
            scope
                .spawn(move || {
                    setns(file, CloneFlags::CLONE_NEWNET).context("cannot enter the namespace")?;
                    work()
                })
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Sets values under `/proc/sys/net`.
    pub fn sysctl(&self, values: &[(&str, &str)]) -> Result<()> {
        self.inside(|| {
            for (name, value) in values {
                let file = Path::new("/proc/sys/net").join(name);
                fs::write(&file, value).with_context(|| format!("cannot set {} to {value}", file.display()))?;
            }
            Ok(())
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes namespaces of processes that ended without removing theirs.
pub fn sweep() {
    remove_where(|pid| !Path::new("/proc").join(pid.to_string()).exists());
}

/// Removes every namespace of this process.
pub fn remove_own() {
    remove_where(|pid| pid == process::id());
}

/// Removes the namespaces whose maker fits.
fn remove_where(fits: impl Fn(u32) -> bool) {
    let Ok(names) = fs::read_dir(NAMES) else {
        return;
    };
    for entry in names.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker =
            name.strip_prefix("enf-").and_then(|rest| rest.split('-').next()).and_then(|pid| pid.parse::<u32>().ok());
        if maker.is_some_and(&fits) {
            remove(&name);
        }
    }
}

fn remove(name: &str) {
    if let Err(error) = command_output(Command::new("ip").args(["netns", "del", name])) {
        eprintln!("cannot remove the namespace {name}: {error:#}");
    }
}

/// Runs a command to its end; an error with what it said when it fails.
pub fn command_output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
