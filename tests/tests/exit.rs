//! What stays when the daemon goes, and how to take it off.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, SocketAddr};

use enforcer_tests::conversation::Conversation;
use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::Router;
use enforcer_tests::{binary, namespace};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const WEB: &str = r#"
[[transitions]]
name = "web"
from = "office"
to = "internet"
allow = ["tcp/443"]
"#;

const PING: &str = r#"
[[transitions]]
name = "ping"
from = "office"
to = "internet"
allow = ["icmp/echo-request", "icmpv6/echo-request"]
"#;

/// True where the office reaches the internet over both families alike.
fn reaches(lab: &Lab, service: Service, expected: bool) -> bool {
    let patience = if expected { PATIENCE } else { SILENCE };
    [IpAddr::from(lab.internet.v4), lab.internet.v6.into()].into_iter().all(|at| {
        let seen = exchange::attempt_within(&lab.office, &lab.internet.namespace, at, service, patience).unwrap();
        seen.answered == expected
    })
}

/// The programs on the router's interfaces, as the system lists them.
fn programs(lab: &Lab) -> usize {
    lab.router.run("ip", &["-d", "link", "show"]).unwrap().matches("prog/xdp").count()
}

/// Takes everything off that an instance left, when a test is over, however it ends.
struct Instance<'lab> {
    lab: &'lab Lab,
    name: String,
}

impl Instance<'_> {
    fn new(lab: &Lab) -> Instance<'_> {
        Instance { lab, name: lab.router.name().to_owned() }
    }

    /// `enforcer detach` where no daemon runs.
    fn detach(&self) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let mut detach = self.lab.router.command(binary::enforcer()?);
        detach.arg("detach").env("ENFORCER_RUN_DIR", folder.path()).env("ENFORCER_INSTANCE", &self.name);
        namespace::command_output(&mut detach)
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.detach() {
            eprintln!("{error:#}");
        }
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn kept_enforcement_is_taken_over() {
    let lab = Lab::new().unwrap();
    let instance = Instance::new(&lab);
    let policy = PolicyFile::new(&[ZONES, WEB]).unwrap();
    let router = Router::start_keeping(&lab, policy.path(), &instance.name).unwrap();
    let office = &lab.office;
    let mut talks = Vec::new();
    for at in [IpAddr::from(lab.internet.v4), lab.internet.v6.into()] {
        let end = SocketAddr::new(at, 443);
        let opened =
            Conversation::open(&office.namespace, office.like(at), &lab.internet.namespace, end, PATIENCE).unwrap();
        talks.push(opened.unwrap());
    }
    assert!(talks.iter_mut().all(|talk| talk.goes_on(PATIENCE).unwrap()));
    router.stop().unwrap();

    assert_eq!(programs(&lab), 4);
    assert!(talks.iter_mut().all(|talk| talk.goes_on(PATIENCE).unwrap()), "without a daemon");
    assert!(reaches(&lab, Service::Tcp(443), true), "without a daemon");
    assert!(reaches(&lab, Service::Tcp(80), false), "without a daemon");

    // The next one brings another policy: what it allows goes on.
    policy.write(&[ZONES, WEB, PING]).unwrap();
    let router = Router::start_keeping(&lab, policy.path(), &instance.name).unwrap();
    assert_eq!(programs(&lab), 4);
    assert!(talks.iter_mut().all(|talk| talk.goes_on(PATIENCE).unwrap()), "taken over");
    assert!(reaches(&lab, Service::Echo, true));
    assert!(reaches(&lab, Service::Tcp(80), false));
    router.stop().unwrap();

    // And what the one after it revokes stops.
    policy.write(&[ZONES, PING]).unwrap();
    let router = Router::start_keeping(&lab, policy.path(), &instance.name).unwrap();
    for talk in &mut talks {
        assert!(!talk.from_server(SILENCE).unwrap() && !talk.from_client(SILENCE).unwrap(), "revoked");
    }
    router.stop().unwrap();

    let said = instance.detach().unwrap();
    assert!(said.contains("programs taken off"), "{said}");
    assert_eq!(programs(&lab), 0);
    assert!(reaches(&lab, Service::Tcp(80), true), "nothing enforces any more");
    let said = instance.detach().unwrap();
    assert!(said.contains("nothing was attached"), "{said}");
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_crash_opens_nothing_where_enforcement_is_kept() {
    let lab = Lab::new().unwrap();
    let instance = Instance::new(&lab);
    let policy = PolicyFile::new(&[ZONES, WEB]).unwrap();
    let router = Router::start_keeping(&lab, policy.path(), &instance.name).unwrap();
    kill(Pid::from_raw(i32::try_from(router.pid()).unwrap()), Signal::SIGKILL).unwrap();
    assert!(router.stop().is_err(), "it was killed");
    assert_eq!(programs(&lab), 4);
    assert!(reaches(&lab, Service::Tcp(443), true));
    assert!(reaches(&lab, Service::Tcp(80), false));
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn detach_on_exit_takes_everything_off() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, WEB]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    assert_eq!(programs(&lab), 4);
    assert!(reaches(&lab, Service::Tcp(80), false));
    router.stop().unwrap();
    assert_eq!(programs(&lab), 0);
    assert!(reaches(&lab, Service::Tcp(80), true), "nothing enforces any more");
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn detach_ends_a_daemon_and_takes_everything_off() {
    let lab = Lab::new().unwrap();
    let instance = Instance::new(&lab);
    let policy = PolicyFile::new(&[ZONES, WEB]).unwrap();
    let router = Router::start_keeping(&lab, policy.path(), &instance.name).unwrap();
    assert!(reaches(&lab, Service::Tcp(80), false));
    let said = router.ask(&["detach"]).unwrap();
    assert!(said.contains("detached"), "{said}");
    assert_eq!(programs(&lab), 0);
    assert!(reaches(&lab, Service::Tcp(80), true), "nothing enforces any more");
    router.stop().unwrap();
}
