//! `enforcer explain`: what becomes of one packet, step by step, and what would have to change for it to pass.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::Context;

use super::Exit;
use crate::dataplane::interfaces;
use crate::explain::{self, Explanation, Question, Site, SiteError, Unasked};
use crate::policy::{self, facts::Live};
use crate::replay::{Capture, ReplayError};

const EXAMPLES: &str = "\
Examples:
  enforcer explain --policy policy.toml --src lobby-camera --dst internet --service tcp/443
  enforcer explain --policy policy.toml --src 10.10.0.20 --dst fd00:40::10 --service icmpv6/echo-request
  enforcer explain --policy policy.toml --src office --dst router --service udp/53 --reply --json
  enforcer explain --policy policy.toml --in lan0 --pcap lan0.pcap --frame 12

Where an end is a zone, an address in it is taken, and said. Words that leave the family open are explained over IPv4 and \
over IPv6. For a frame of a capture those before it are judged first, so that connections and fragments are known.

For what does not pass, the smallest change of the policy that would let it pass is printed as text to paste; it was tried \
on the policy in memory. Nothing is written, and no privileges are needed.

Exits with 0 when the packet has been explained, whatever becomes of it; 1 if the policy has errors or the capture is broken; \
2 for wrong usage: words that mean no packet, a frame that is not there.";

/// Explain what becomes of one packet, and what would let it pass
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The policy: a file, or a folder of *.toml
    #[arg(long, value_name = "PATH", env = "ENFORCER_POLICY")]
    policy: PathBuf,
    /// The interface or port by which it enters; left out, one of the sender's zone
    #[arg(long = "in", value_name = "IF")]
    by: Option<String>,
    /// The sender: a zone, a device, `router`, an address, or a name from `[names]`
    #[arg(long, value_name = "WHO", requires_all = ["dst", "service"], required_unless_present = "pcap")]
    src: Option<String>,
    /// The receiver, likewise
    #[arg(long, value_name = "WHO", requires = "src")]
    dst: Option<String>,
    /// What is spoken, as a policy writes it: tcp/443, udp/53:1024, icmp/echo-request, ip/50, eth/0x88b8
    #[arg(long, requires = "src")]
    service: Option<String>,
    /// The MAC that it comes from; left out, the sender's own where the policy tells
    #[arg(long, value_name = "MAC", requires = "src")]
    src_mac: Option<String>,
    /// The packet that answers such a one, which is judged first
    #[arg(long, requires = "src")]
    reply: bool,
    /// Over IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6", requires = "src")]
    ipv4: bool,
    /// Over IPv6 only
    #[arg(short = '6', long, requires = "src")]
    ipv6: bool,
    /// A capture: pcap or pcapng
    #[arg(long, value_name = "FILE", requires = "frame", conflicts_with = "src")]
    pcap: Option<PathBuf>,
    /// Which of its frames, counted from 1
    #[arg(long, value_name = "N", requires = "pcap", value_parser = clap::value_parser!(u64).range(1..))]
    frame: Option<u64>,
    /// Do not look at this machine's interfaces: `[router] addresses` alone tells the networks
    #[arg(long)]
    offline: bool,
    /// One JSON object a line for each packet
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let live = match args.offline {
        true => None,
        false => {
            let read = interfaces::read();
            Some(read.context("cannot read the interfaces of this machine; try --offline")?)
        }
    };
    let site = match Site::load(&args.policy, live.as_ref()) {
        Ok(site) => site,
        Err(error) => {
            let end = if matches!(error, SiteError::Policy(_)) { "" } else { "\n" };
            eprint!("{error}{end}");
            return Ok(Exit::Problem);
        }
    };
    let questions = match questions(&args, &site, live.as_ref()) {
        Ok(questions) => questions,
        Err(exit) => return Ok(exit),
    };
    let mut explained = Vec::new();
    for question in &questions {
        match explain::explain(&args.policy, live.as_ref(), &site, question) {
            Ok(explanation) => explained.push(explanation),
            Err(error) => return Ok(refused(&error)),
        }
    }
    match print(&explained, args.json) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}

fn questions(args: &Args, site: &Site, live: Option<&Live>) -> Result<Vec<Question>, Exit> {
    if let (Some(pcap), Some(frame)) = (&args.pcap, args.frame) {
        let capture = Capture::open(pcap).map_err(|error| refused(&ReplayError::from(error).into()))?;
        let question = explain::from_capture(capture, frame, args.by.as_deref());
        return Ok(vec![question.map_err(|error| refused(&error))?]);
    }
    let mac = match args.src_mac.as_deref().map(policy::Words::mac) {
        None => None,
        Some(Ok(mac)) => Some(mac),
        Some(Err(fault)) => return Err(told(Exit::Usage, format!("{}: {}", fault.message, fault.help))),
    };
    let bare = live.map_or_else(Vec::new, |live| {
        let without_mac = live.interfaces.iter().filter(|interface| interface.mac.is_none() && !interface.loopback);
        without_mac.map(|interface| interface.name.clone()).collect()
    });
    let words = explain::Words {
        src: args.src.clone().unwrap_or_default(),
        dst: args.dst.clone().unwrap_or_default(),
        service: args.service.clone().unwrap_or_default(),
        by: args.by.clone(),
        mac,
        reply: args.reply,
        four: if args.ipv4 { Some(true) } else { args.ipv6.then_some(false) },
        bare,
    };
    explain::from_words(site, &words).map_err(|error| told(Exit::Usage, error))
}

/// Says why a question has no answer.
fn refused(error: &Unasked) -> Exit {
    let exit = match error {
        Unasked::Place(_) | Unasked::NoFrame { .. } => Exit::Usage,
        Unasked::Replay(_) | Unasked::Engine(_) => Exit::Problem,
    };
    told(exit, error)
}

fn print(explained: &[Explanation], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (number, explanation) in explained.iter().enumerate() {
        if json {
            writeln!(out, "{}", explanation.json())?;
        } else {
            let gap = if number == 0 { "" } else { "\n" };
            write!(out, "{gap}{explanation}")?;
        }
    }
    out.flush()
}

fn told(exit: Exit, error: impl std::fmt::Display) -> Exit {
    eprintln!("enforcer: {error}");
    exit
}
