//! A virtual machine that boots, does a job and goes off.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::fetch::Kernel;
use super::initramfs::{self, BEGIN, END};
use super::job::Job;
use crate::paths::Paths;

/// The longest that a machine may run; without KVM it takes some ten seconds, and many times that on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1800);

/// How much of the boot is shown when the job was never reached.
const LAST_LINES: usize = 30;

/// Two cards on one network, so that what one sends the other receives.
const CARDS: [&str; 8] = [
    "-netdev",
    "hubport,id=net0,hubid=0",
    "-device",
    "virtio-net-pci,netdev=net0,mac=02:00:00:00:00:01,romfile=",
    "-netdev",
    "hubport,id=net1,hubid=0",
    "-device",
    "virtio-net-pci,netdev=net1,mac=02:00:00:00:00:02,romfile=",
];

/// Boots a kernel and does the job there. Gives what was printed, and what went wrong.
pub(crate) fn run(paths: &Paths, kernel: &Kernel, job: &Job) -> Result<(Vec<String>, Result<()>)> {
    let initramfs = paths.target.join("kernels").join(format!("boot-{}.cpio", kernel.name));
    fs::write(&initramfs, initramfs::build(paths, kernel, job)?)?;
    eprintln!("booting {} in a virtual machine", kernel.name);
    let mut machine = Command::new("qemu-system-x86_64")
        // Not KVM: a nested one may hang, and without it a cloud kernel is up in four seconds. Not a newer processor:
        // libraries would take its vector instructions, which are slow to emulate, and all would take six times as long.
        .args(["-accel", "tcg", "-cpu", "qemu64", "-m", "1024"])
        .args(["-nographic", "-no-reboot", "-monitor", "none"])
        .args(CARDS)
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(&initramfs)
        .args(["-append", "console=ttyS0 panic=-1 quiet loglevel=3 net.ifnames=0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start qemu-system-x86_64")?;
    let stdout = machine.stdout.take().context("the machine has no output")?;
    let (sender, lines) = channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
        }
    });

    let end = Instant::now() + PATIENCE;
    let mut console = Console::default();
    let in_time = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => console.line(line),
            Err(RecvTimeoutError::Disconnected) => break true,
            Err(RecvTimeoutError::Timeout) => break false,
        }
    };
    // It has gone off, or is to go now.
    let _ = machine.kill();
    machine.wait()?;
    let _ = reader.join();
    let verdict = console.verdict(in_time);
    Ok((console.output, verdict))
}

/// What the machine has printed.
#[derive(Default)]
struct Console {
    boot: Vec<String>,
    output: Vec<String>,
    begun: bool,
    exit: Option<String>,
}

impl Console {
    fn line(&mut self, line: String) {
        if line == BEGIN {
            self.begun = true;
        } else if let Some(exit) = line.strip_prefix(END) {
            self.exit = Some(exit.to_owned());
            // The script sees to it that this line is one of its own.
            self.output.pop_if(|line| line.is_empty());
        } else if self.begun && self.exit.is_none() {
            self.output.push(line);
        } else {
            self.boot.push(line);
        }
    }

    fn verdict(&self, in_time: bool) -> Result<()> {
        match self.exit.as_deref() {
            Some("0") => Ok(()),
            Some(code) => bail!("a command ended with exit code {code}"),
            None if self.begun && in_time => bail!("the machine went off in the middle"),
            None if self.begun => bail!("the job did not end within {PATIENCE:?}"),
            None => {
                let from = self.boot.len().saturating_sub(LAST_LINES);
                let last = self.boot.get(from..).unwrap_or_default().join("\n  ");
                bail!("the machine did not boot within {PATIENCE:?}:\n  {last}")
            }
        }
    }
}
