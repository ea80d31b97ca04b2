//! A real Prometheus server scrapes the router; its answers equal what was sent, and its own tool accepts the page.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use enforcer_tests::exchange::Service;
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::http;
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::raw::{self, Wire};
use enforcer_tests::router::{METRICS, Router};
use enforcer_tests::scratch::Scratch;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Where the server listens, inside the router's namespace.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// How long the server may take to start, to answer as it should, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

const POLICY: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0"]
unknown = "deny"
[zones.ot]
ports = ["ot0"]

[[transitions]]
from = ["office", "iot"]
to = "internet"
allow = ["udp/5000"]

[[guardrails]]
name = "no way out of the plant"
from = "ot"
to = "internet"
deny = ["any"]
"#;

/// A Prometheus server. It is stopped with the value, and at the latest with the thread that started it.
struct Server<'lab> {
    lab: &'lab Lab,
    child: Child,
    log: PathBuf,
}

impl<'lab> Server<'lab> {
    /// Starts it with a folder of its own.
    fn start(lab: &'lab Lab, scratch: &Scratch) -> Result<Server<'lab>> {
        let config = scratch.file("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
             scrape_configs:\n\
             - job_name: enforcer\n  static_configs: [{{ targets: ['{METRICS}'] }}]\n"
        );
        fs::write(&config, text)?;
        let log = scratch.file("prometheus.log");
        let mut command = lab.router.command("prometheus");
        // SAFETY: between fork and exec only a plain system call is made.
        unsafe {
            command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGTERM).map_err(io::Error::from));
        }
        let child = command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", scratch.file("data").display()))
            .arg(format!("--web.listen-address={SERVER}"))
            .arg("--log.level=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot start prometheus: `cargo xtask setup lab` installs it")?;
        let mut server = Server { lab, child, log };
        let end = Instant::now() + PATIENCE;
        while http::get(&lab.router, SERVER, "/-/ready").is_err() {
            if server.child.try_wait()?.is_some() || Instant::now() >= end {
                bail!("prometheus did not start; it said:\n{}", fs::read_to_string(&server.log)?);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// What an expression that groups by `label` comes to, by that label.
    fn ask(&self, expression: &str, label: &str) -> Result<BTreeMap<String, f64>> {
        let query: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let text = http::get(&self.lab.router, SERVER, &format!("/api/v1/query?query={query}"))?;
        let answer: serde_json::Value = serde_json::from_str(&text)?;
        let samples = answer.pointer("/data/result").and_then(serde_json::Value::as_array);
        samples
            .with_context(|| format!("prometheus answered {text}"))?
            .iter()
            .map(|sample| {
                let name = sample.pointer(&format!("/metric/{label}")).and_then(serde_json::Value::as_str);
                let value = sample.pointer("/value/1").and_then(serde_json::Value::as_str).context("no value")?;
                Ok((name.unwrap_or_default().to_owned(), value.parse()?))
            })
            .collect()
    }

    /// Asks until the answer is this one, and returns the last.
    fn await_answer(
        &self,
        expression: &str,
        label: &str,
        expected: &BTreeMap<String, f64>,
    ) -> Result<BTreeMap<String, f64>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(expression, label)?;
            if answer == *expected || Instant::now() >= end {
                return Ok(answer);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        self.child.wait()?;
        bail!("prometheus did not end within {PATIENCE:?} of SIGTERM")
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
        }
    }
}

fn numbers(of: &[(&str, u32)]) -> BTreeMap<String, f64> {
    of.iter().map(|(name, number)| ((*name).to_owned(), f64::from(*number))).collect()
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn prometheus_sums_up_what_was_sent() {
    let scratch = Scratch::new().unwrap();
    let policy = scratch.file("policy.toml");
    fs::write(&policy, POLICY).unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    let server = Server::start(&lab, &scratch).unwrap();
    assert_eq!(server.await_answer("up", "job", &numbers(&[("enforcer", 1)])).unwrap()["enforcer"], 1.0);

    let wire = |from: &enforcer_tests::lab::Host| Wire::open(&from.namespace, HOST_PORT).unwrap();
    let (office, camera, ot) = (wire(&lab.office), wire(&lab.camera), wire(&lab.ot));
    let mut sent = BTreeMap::new();
    for to in [IpAddr::from(lab.internet.v4), lab.internet.v6.into()] {
        for (host, wire, port, forged, reason, number) in [
            (&lab.office, &office, 25, false, "no-transition", 11_u32),
            (&lab.office, &office, 5000, true, "spoofed-source", 13),
            (&lab.camera, &camera, 5000, false, "unknown-device", 17),
            (&lab.ot, &ot, 5000, false, "guardrail", 19),
        ] {
            let own = if forged { lab.ot.like(to) } else { host.like(to) };
            let ends = Ends { mac: (host.mac, host.network.mac), ip: (own, to) };
            for _ in 0..number {
                wire.send(&frame::build(ends, &[], Service::Udp(port), &raw::marker()).unwrap()).unwrap();
            }
            *sent.entry(reason.to_owned()).or_insert(0.0) += f64::from(number);
        }
    }
    let expression = "sum by (reason) (enforcer_packets_total{verdict=\"drop\"})";
    assert_eq!(server.await_answer(expression, "reason", &sent).unwrap(), sent);
    // The rest of the page got there too.
    let generation = server.ask("enforcer_policy_generation", "job").unwrap();
    assert_eq!(generation, numbers(&[("enforcer", 1)]));
    let interfaces = server.ask("enforcer_interface_info", "interface").unwrap();
    assert_eq!(interfaces, numbers(&[("iot0", 1), ("office0", 1), ("ot0", 1), ("wan0", 1)]));
    drop(server);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn promtool_accepts_the_page() {
    let scratch = Scratch::new().unwrap();
    let policy = scratch.file("policy.toml");
    fs::write(&policy, POLICY).unwrap();
    let lab = Lab::new().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    // Something of everything that is counted.
    let to = IpAddr::from(lab.internet.v4);
    for (host, port) in [(&lab.office, 5000), (&lab.office, 25), (&lab.ot, 25)] {
        let wire = Wire::open(&host.namespace, HOST_PORT).unwrap();
        wire.send(&frame::opening(host, to, Service::Udp(port)).unwrap()).unwrap();
    }
    thread::sleep(Duration::from_millis(200));
    let page = http::get(&lab.router, METRICS, "/metrics").unwrap();
    assert!(page.contains("reason=\"guardrail\"") && page.contains("enforcer_rule_packets_total{"), "{page}");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot start promtool: `cargo xtask setup lab` installs it");
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}\n{page}", String::from_utf8_lossy(&said));
    router.stop().unwrap();
}
