//! `enforcer run` inside the lab's router.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::mount::{MsFlags, mount};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};
use nix::unistd::Pid;

use crate::lab::Lab;
use crate::metrics::Metrics;
use crate::namespace::command_output;
use crate::scratch::Scratch;
use crate::{binary, http};

/// Where the router's metrics are served: inside its namespace, so that labs do not meet.
pub const METRICS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9639);

/// How long loading and attaching may take.
const START: Duration = Duration::from_secs(30);

/// How long stopping may take.
const STOP: Duration = Duration::from_secs(10);

const BPF_FS: &str = "/sys/fs/bpf";

/// A running enforcer. It is stopped, and detaches, with the value, and at the latest with the thread that started it.
#[derive(Debug)]
pub struct Router<'lab> {
    lab: &'lab Lab,
    child: Child,
    said: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
    state: Scratch,
    instance: String,
}

impl<'lab> Router<'lab> {
    /// Starts `enforcer run` with a policy and waits until it enforces.
    pub fn start(lab: &'lab Lab, policy: &Path) -> Result<Router<'lab>> {
        Router::start_with(lab, policy, &[])
    }

    /// The same with more arguments.
    pub fn start_with(lab: &'lab Lab, policy: &Path, more: &[&str]) -> Result<Router<'lab>> {
        let state = Scratch::new()?;
        let instance = state.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        Router::start_as(lab, policy, &instance, "detach", more, state)
    }

    /// One that leaves its policy in force when it ends, for the next one of the same instance to take over.
    pub fn start_keeping(lab: &'lab Lab, policy: &Path, instance: &str) -> Result<Router<'lab>> {
        Router::start_as(lab, policy, instance, "keep", &[], Scratch::new()?)
    }

    fn start_as(
        lab: &'lab Lab,
        policy: &Path,
        instance: &str,
        on_exit: &str,
        more: &[&str],
        state: Scratch,
    ) -> Result<Router<'lab>> {
        mount_bpffs()?;
        let mut command = lab.router.command(binary::enforcer()?);
        // SAFETY: between fork and exec only a plain system call is made.
        unsafe {
            // Should the thread that started it be killed, it ends too, and detaches.
            command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGTERM).map_err(io::Error::from));
        }
        let mut child = command
            .arg("run")
            .arg("--policy")
            .arg(policy)
            .args(["--metrics", &METRICS.to_string()])
            .args(["--on-exit", on_exit])
            .args(more)
            .env("ENFORCER_RUN_DIR", state.path())
            // Pins of its own: other labs may be at work on this machine.
            .env("ENFORCER_INSTANCE", instance)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start enforcer")?;
        let said = Arc::new(Mutex::new(String::new()));
        let listener = child.stderr.take().map(|stderr| {
            let said = Arc::clone(&said);
            thread::spawn(move || listen(BufReader::new(stderr), &said))
        });
        let mut router = Router { lab, child, said, listener, state, instance: instance.to_owned() };
        router.wait_ready()?;
        Ok(router)
    }

    /// The folder of its control socket and state, which other commands are told by `ENFORCER_RUN_DIR`.
    pub fn run_dir(&self) -> &Path {
        self.state.path()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// A command of `enforcer` that talks to this one.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = self.lab.router.command(binary::enforcer()?);
        command.args(arguments).env("ENFORCER_RUN_DIR", self.run_dir()).env("ENFORCER_INSTANCE", &self.instance);
        Ok(command)
    }

    /// Runs a command of `enforcer` that talks to this one, and returns what it printed.
    pub fn ask(&self, arguments: &[&str]) -> Result<String> {
        command_output(&mut self.command(arguments)?)
    }

    /// `enforcer status --json`.
    pub fn status(&self) -> Result<serde_json::Value> {
        let text = self.ask(&["status", "--json"])?;
        serde_json::from_str(&text).context("`status --json` printed no JSON")
    }

    /// `enforcer drops --json`: the sampled drops so far, an object each.
    pub fn drops(&self) -> Result<Vec<serde_json::Value>> {
        self.ask(&["drops", "--json"])?
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line).context("`drops --json` printed no JSON"))
            .collect()
    }

    /// A scrape of its metrics.
    pub fn metrics(&self) -> Result<Metrics> {
        Ok(Metrics::parse(&http::get(&self.lab.router, METRICS, "/metrics")?))
    }

    /// Stops it; an error when it did not end well.
    pub fn stop(mut self) -> Result<()> {
        let status = self.end()?;
        if !status.success() {
            bail!("enforcer ended with {status}; it said:\n{}", self.said());
        }
        Ok(())
    }

    fn wait_ready(&mut self) -> Result<()> {
        let end = Instant::now() + START;
        loop {
            if self.said().lines().any(|line| line.contains("enforcing"))
                || http::get(&self.lab.router, METRICS, "/healthz").is_ok()
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                // What it said last may still be on its way.
                if let Some(listener) = self.listener.take() {
                    let _ = listener.join();
                }
                bail!("enforcer ended with {status}; it said:\n{}", self.said());
            }
            if Instant::now() >= end {
                bail!("enforcer did not enforce within {START:?}; it said:\n{}", self.said());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks the process to end, and makes it end when it does not.
    fn end(&mut self) -> Result<std::process::ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let end = Instant::now() + STOP;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!("enforcer did not end within {STOP:?} of SIGTERM; it said:\n{}", self.said())
    }
}

impl Drop for Router<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
        }
    }
}

/// Where the example policies and the repository's other files are.
pub fn repository() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("the tests have no repository around them")
}

/// Mounts the BPF file system where there is none, as systemd does at boot.
pub fn mount_bpffs() -> Result<()> {
    fs::create_dir_all(BPF_FS).ok();
    if statfs(BPF_FS).is_ok_and(|found| found.filesystem_type() == BPF_FS_MAGIC) {
        return Ok(());
    }
    mount(Some("bpf"), BPF_FS, Some("bpf"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, None::<&str>)
        .context("cannot mount the BPF file system")
}

fn listen(mut lines: impl BufRead, said: &Mutex<String>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                said.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push_str(&String::from_utf8_lossy(&line))
            }
        }
    }
}
