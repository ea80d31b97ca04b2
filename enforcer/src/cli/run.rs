//! `enforcer run`: the daemon.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::Exit;
use crate::daemon::main_loop::{self, End, Settings};
use crate::daemon::source::Files;
use crate::dataplane::bpffs::Pins;

const EXAMPLES: &str = "\
Examples:
  enforcer run --policy /etc/enforcer/policy
  enforcer run --policy policy.toml --metrics '[::1]:9475' --on-exit detach

SIGHUP or `enforcer reload` reads the policy again. Environment: ENFORCER_LOG (error, warn, info, debug), ENFORCER_RUN_DIR \
(control socket, /run/enforcer), ENFORCER_BPFFS (/sys/fs/bpf), ENFORCER_INSTANCE (main).";

/// What becomes of the enforcement when the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnExit {
    /// It stays in force: an update or a crash of the daemon opens nothing.
    Keep,
    /// Everything comes off the interfaces.
    Detach,
}

/// Enforce a policy on this router's interfaces, in the foreground
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The policy: a file, a folder of *.toml, or an image
    #[arg(long, value_name = "PATH", env = "ENFORCER_POLICY")]
    policy: PathBuf,
    /// Where to serve /metrics and /healthz; `off` for nowhere
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9475", value_parser = address)]
    metrics: Metrics,
    /// What becomes of the enforcement when the daemon ends
    #[arg(long, value_enum, default_value_t = OnExit::Keep)]
    on_exit: OnExit,
}

/// Where metrics are served, if anywhere.
#[derive(Debug, Clone, Copy)]
struct Metrics(Option<SocketAddr>);

fn address(text: &str) -> Result<Metrics, String> {
    if text == "off" {
        return Ok(Metrics(None));
    }
    let address = text.parse().map(|address| Metrics(Some(address)));
    address.map_err(|_| "expected ADDRESS:PORT, [IPv6]:PORT or `off`".to_owned())
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    log();
    let policy = std::path::absolute(&args.policy).unwrap_or(args.policy);
    let settings = Settings { metrics: args.metrics.0, keep: args.on_exit == OnExit::Keep, pins: Pins::from_env() };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    match runtime.block_on(main_loop::run(Box::new(Files::new(policy)), settings))? {
        End::Done => Ok(Exit::Done),
        End::Policy(report) => {
            eprintln!("{}", report.trim_end());
            eprintln!("the policy cannot be used; nothing was changed");
            Ok(Exit::Problem)
        }
    }
}

/// Logs to standard error: without times under systemd, whose journal has them.
fn log() {
    let filter = EnvFilter::try_from_env("ENFORCER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // A second one in the same process is no harm: the first stays.
    let _ = if journal { builder.without_time().try_init() } else { builder.try_init() };
}
