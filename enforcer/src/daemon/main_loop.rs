//! The one loop that owns everything: no other task touches what is in force.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};

use anyhow::Context;
use aya::maps::RingBuf;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::enforcement::{Enforcement, Missing};
use super::source::{Compiled, Source};
use super::watch;
use crate::control::server::{Ask, Reply, Socket};
use crate::control::{Answer, Request};
use crate::dataplane::bpffs::Pins;
use crate::dataplane::netlink::Interfaces;
use crate::dataplane::{Error, interfaces};
use crate::observe::connections::Connections;
use crate::observe::counters::Counters;
use crate::observe::events::{Log, Ring};
use crate::observe::metrics::Page;
use crate::observe::status::{Interface, Memory, Reload, Status};
use crate::observe::{http, time};
use crate::policy::facts::Live;

/// How the daemon runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where metrics are served; nowhere where none.
    pub metrics: Option<SocketAddr>,
    /// What is in force stays when the daemon ends.
    pub keep: bool,
    /// Where links are pinned.
    pub pins: Pins,
}

/// How the daemon ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Asked to.
    Done,
    /// The policy cannot be put in force; what a person should read.
    Policy(String),
}

/// Puts the policy in force and keeps it there until told to end.
pub async fn run(mut source: Box<dyn Source>, settings: Settings) -> anyhow::Result<End> {
    let socket = Socket::take()?;
    let listener = match settings.metrics {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| {
            format!("cannot serve metrics on {address}; pick another address with --metrics, or `--metrics off`")
        })?),
        None => None,
    };
    // Before the interfaces are read, so that no change falls in between.
    let mut changes = watch::start()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    let (live, facts) = look().await?;
    let compiled = match source.read(&facts) {
        Ok(compiled) => compiled,
        Err(report) => return Ok(End::Policy(report)),
    };
    warn(&compiled);
    let mut enforcement = Enforcement::start(compiled, live, settings.pins.clone(), settings.keep).await?;
    source.accept();
    let ring = RingBuf::try_from(enforcement.kernel.take_map("EVENTS")?).context("cannot read events")?;
    let mut ring = Ring::new(ring).context("cannot wait for events")?;

    let (asks, mut asked) = mpsc::channel::<Ask>(16);
    tokio::spawn(socket.serve(asks));
    let (pages, mut wanted) = mpsc::channel(4);
    if let Some(listener) = listener {
        tokio::spawn(http::serve(listener, pages));
    }

    let mut daemon = Daemon::new(enforcement, source, settings.keep);
    tracing::info!("{}", daemon.enforcement.describe());
    notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            Some((request, reply)) = asked.recv() => {
                let is_detach = request == Request::Detach;
                let _ = reply.send(daemon.answer(request).await);
                if is_detach {
                    break;
                }
            }
            Some(answer) = wanted.recv() => {
                let _ = answer.send(daemon.page());
            }
            events = ring.read() => {
                daemon.log.add(&events.context("cannot read events")?, &daemon.enforcement.live);
            }
            Some(()) = changes.recv() => daemon.follow().await,
            () = tokio::time::sleep(RETRY), if daemon.follow_failed => daemon.follow().await,
            _ = hangup.recv() => {
                let _ = daemon.reload("SIGHUP").await;
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    notify(&[NotifyState::Stopping]);
    // The answer to `detach` is still on its way.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    daemon.end()?;
    Ok(End::Done)
}

/// The interfaces as the data plane and as the policy see them.
async fn look() -> Result<(Interfaces, Live), Error> {
    let live = interfaces::read_async().await;
    let live = live.map_err(|error| Error::Netlink(error.to_string()))?;
    Ok((Interfaces::read().await?, live))
}

fn warn(compiled: &Compiled) {
    if !compiled.warnings.is_empty() {
        tracing::warn!("the policy has warnings:\n{}", compiled.warnings);
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("cannot tell the service manager: {error}");
    }
}

/// How long after a failure a change of the interfaces is followed again.
const RETRY: std::time::Duration = std::time::Duration::from_secs(5);

/// Everything that the loop owns.
struct Daemon {
    /// The last change of the interfaces could not be followed: it is tried again.
    follow_failed: bool,
    enforcement: Enforcement,
    source: Box<dyn Source>,
    log: Log,
    connections: Connections,
    started: Instant,
    keep: bool,
    detached: bool,
    reloads: u64,
    failed_reloads: u64,
    last_reload: Option<Reload>,
}

impl Daemon {
    fn new(enforcement: Enforcement, source: Box<dyn Source>, keep: bool) -> Self {
        let mut daemon = Daemon {
            follow_failed: false,
            enforcement,
            source,
            log: Log::default(),
            connections: Connections::default(),
            started: Instant::now(),
            keep,
            detached: false,
            reloads: 0,
            failed_reloads: 0,
            last_reload: None,
        };
        daemon.learn_names();
        daemon
    }

    fn learn_names(&mut self) {
        self.log.learn(self.enforcement.generation(), self.enforcement.names());
    }

    async fn answer(&mut self, request: Request) -> Reply {
        let answer = match request {
            Request::Status => match self.status() {
                Ok(status) => Answer::Ok(status),
                Err(error) => Answer::Refused(format!("{error:#}")),
            },
            Request::Drops { follow } => {
                let samples = self.log.samples().cloned().collect();
                return Reply::Samples(samples, follow.then(|| self.log.listen()));
            }
            Request::Reload => match self.reload("reload").await {
                Ok(()) => Answer::Ok(self.enforcement.describe().into()),
                Err(report) => Answer::Problem(report),
            },
            Request::Detach => match self.enforcement.attachments.detach_all() {
                Ok(()) => {
                    self.detached = true;
                    Answer::Ok("detached".into())
                }
                Err(error) => Answer::Refused(error.to_string()),
            },
        };
        Reply::One(answer)
    }

    /// Reads the policy again and puts it in force; a broken one leaves the old.
    async fn reload(&mut self, by: &'static str) -> Result<(), String> {
        let result = self.try_reload().await;
        self.note(by, &result);
        result
    }

    async fn try_reload(&mut self) -> Result<(), String> {
        let (live, facts) = look().await.map_err(|error| error.to_string())?;
        let compiled = self.source.read(&facts)?;
        warn(&compiled);
        let replaced = self.enforcement.replace(compiled, live, Missing::Refuse).await;
        replaced.map_err(|error| error.to_string())?;
        self.source.accept();
        Ok(())
    }

    /// Follows a change of interfaces or addresses.
    async fn follow(&mut self) {
        let followed = self.try_follow().await;
        self.follow_failed = followed.is_err();
        match followed {
            Ok(false) => {}
            Ok(true) => self.note("interfaces", &Ok(())),
            Err(error) => self.note("interfaces", &Err(error)),
        }
    }

    async fn try_follow(&mut self) -> Result<bool, String> {
        let (live, facts) = look().await.map_err(|error| error.to_string())?;
        let Some(compiled) = self.source.refresh(&facts)? else {
            return self.enforcement.follow(live).await.map_err(|error| error.to_string());
        };
        let replaced = self.enforcement.replace(compiled, live, Missing::LeaveOut).await;
        replaced.map_err(|error| error.to_string())?;
        self.source.accept();
        Ok(true)
    }

    /// Writes down how a reload went.
    fn note(&mut self, by: &str, result: &Result<(), String>) {
        match result {
            Ok(()) => {
                self.reloads += 1;
                self.learn_names();
                tracing::info!("{} ({by})", self.enforcement.describe());
            }
            Err(error) => {
                self.failed_reloads += 1;
                tracing::error!(
                    "generation {} stays in force; the new policy ({by}) was refused:\n{error}",
                    self.enforcement.generation()
                );
            }
        }
        self.last_reload = Some(Reload {
            time: time::seconds(SystemTime::now()),
            by: by.to_owned(),
            generation: result.is_ok().then(|| self.enforcement.generation()),
            error: result.clone().err(),
        });
    }

    fn counters(&self) -> Counters {
        Counters::read(&self.enforcement.kernel, &self.enforcement.registry).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            Counters::default()
        })
    }

    fn connections(&mut self) -> u64 {
        let map = match self.enforcement.kernel.map_fd("CONNECTIONS") {
            Ok(map) => map,
            Err(error) => {
                tracing::warn!("{error}");
                return 0;
            }
        };
        self.connections.count(map).unwrap_or_else(|error| {
            tracing::warn!("cannot count connections: {error}");
            0
        })
    }

    fn page(&mut self) -> Page {
        let interfaces = self.enforcement.attachments.modes();
        Page {
            interfaces: interfaces.map(|(interface, mode)| (interface.to_owned(), mode.label())).collect(),
            counters: self.counters(),
            connections: self.connections(),
            generation: self.enforcement.generation(),
            digest: self.enforcement.digest(),
            reloads: self.reloads,
            failed_reloads: self.failed_reloads,
            unnamed: self.enforcement.layout.unnamed.clone(),
        }
    }

    fn status(&mut self) -> anyhow::Result<serde_json::Value> {
        let interfaces = self
            .enforcement
            .attachments
            .modes()
            .map(|(interface, mode)| Interface { interface: interface.to_owned(), mode: mode.label().to_owned() });
        let interfaces = interfaces.collect();
        let maps: BTreeMap<String, u64> = self.enforcement.kernel.memory_of_maps().into_iter().collect();
        let packets = self.counters().by_reason().into_iter().map(|(verdict, reasons)| {
            let reasons = reasons.into_iter().map(|(reason, packets)| (reason.to_owned(), packets));
            (verdict.to_owned(), reasons.collect())
        });
        let status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: self.enforcement.generation(),
            digest: self.enforcement.digest(),
            policy: self.source.describe(),
            uptime: self.started.elapsed().as_secs(),
            on_exit: if self.keep { "keep" } else { "detach" }.to_owned(),
            interfaces,
            unnamed: self.enforcement.layout.unnamed.clone(),
            missing: self.enforcement.layout.missing.clone(),
            connections: self.connections(),
            packets: packets.collect(),
            last_reload: self.last_reload.clone(),
            memory: Memory { total: maps.values().sum(), maps },
        };
        Ok(serde_json::to_value(status)?)
    }

    /// Ends as was asked: everything off, or in force without the daemon.
    fn end(self) -> anyhow::Result<()> {
        if self.detached {
            tracing::info!("detached: nothing is enforced any more");
            return Ok(());
        }
        let generation = self.enforcement.generation();
        self.enforcement.attachments.end()?;
        if self.keep {
            tracing::info!(
                "generation {generation} stays in force without the daemon; `enforcer run` takes over, `enforcer detach` ends it"
            );
        } else {
            tracing::info!("detached: nothing is enforced any more");
        }
        Ok(())
    }
}
