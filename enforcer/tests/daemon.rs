//! The daemon in a network namespace of its own: what it does to interfaces, and what becomes of that.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use enforcer::dataplane::load::OBJECT;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use serde_json::Value;
use tempfile::TempDir;

const POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["lan0"]
[[transitions]]
from = "office"
to = "internet"
allow = ["tcp/443"]
[management]
from = ["office"]
allow = ["tcp/22"]
"#;

/// A router with two interfaces, the far ends of which stand beside it.
struct Router {
    folder: TempDir,
}

impl Router {
    /// Nothing where the test cannot be: without privilege or without the BPF object.
    fn new() -> Option<Router> {
        if !Uid::effective().is_root() || OBJECT.is_empty() {
            eprintln!("not root, or no BPF object: not tried");
            return None;
        }
        // This thread alone, and the processes that it starts.
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
        let router = Router { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(router.folder.path().join("bpf")).unwrap();
        router.write(POLICY);
        for name in ["lan0", "wan0"] {
            router.add_interface(name);
        }
        ip("addr add 10.0.0.1/24 dev lan0");
        ip("addr add fd00::1/64 dev lan0 nodad");
        Some(router)
    }

    fn add_interface(&self, name: &str) {
        ip(&format!("link add {name} type veth peer name far-{name}"));
        ip(&format!("link set {name} up"));
        ip(&format!("link set far-{name} up"));
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, policy: &str) {
        std::fs::write(self.path("policy.toml"), policy).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_enforcer"));
        command.args(arguments).env("ENFORCER_BPFFS", self.path("bpf")).env("ENFORCER_RUN_DIR", self.path("run"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts the daemon and waits until it answers.
    fn start(&self, on_exit: &str) -> Child {
        let policy = self.path("policy.toml");
        let arguments = ["run", "--metrics", "off", "--on-exit", on_exit, "--policy"];
        let mut command = self.command(&arguments);
        let log = std::fs::File::create(self.path("log")).unwrap();
        let daemon = command.arg(policy).stderr(log).spawn().unwrap();
        self.wait_for("an answer", || self.run(&["status"]).status.success());
        daemon
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.run(&["status", "--json"]).stdout).unwrap()
    }

    fn generation(&self) -> u64 {
        self.status()["generation"].as_u64().unwrap()
    }

    fn wait_for(&self, what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(start.elapsed() < Duration::from_secs(20), "no {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // What is mounted there would keep the folder.
        let _ = umount2(&self.path("bpf"), MntFlags::MNT_DETACH);
    }
}

fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// True where an XDP program hangs on the interface.
fn is_enforced(interface: &str) -> bool {
    ip(&format!("link show dev {interface}")).contains("prog/xdp")
}

/// True where the kernel says that it runs that program behind the driver.
fn is_generic(interface: &str) -> bool {
    ip(&format!("link show dev {interface}")).contains("xdpgeneric")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stop(mut daemon: Child, signal: Signal) {
    kill(Pid::from_raw(daemon.id() as i32), signal).unwrap();
    daemon.wait().unwrap();
}

fn pins(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("bpf/enforcer/main")).map_or(0, Iterator::count)
}

#[test]
fn a_daemon_that_ends_opens_nothing() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("keep");
    assert_eq!(router.generation(), 1);
    let status = router.status();
    assert_eq!(status["interfaces"][0]["interface"], "lan0");
    assert_eq!(status["interfaces"][0]["mode"], "native");

    stop(daemon, Signal::SIGTERM);
    assert!(is_enforced("lan0") && is_enforced("wan0"));
    let refused = router.run(&["status"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(stderr(&refused).contains("enforcer run"), "{}", stderr(&refused));

    // The next takes over, and is killed.
    let daemon = router.start("keep");
    stop(daemon, Signal::SIGKILL);
    assert!(is_enforced("lan0"));

    assert!(router.run(&["detach"]).status.success());
    assert!(!is_enforced("lan0") && !is_enforced("wan0"));
    assert_eq!(pins(router.folder.path()), 0);
}

/// Where the driver cannot, the kernel runs the program later and slower, and that is told: in the log and in `status`.
#[test]
fn generic_mode_is_no_secret() {
    let Some(router) = Router::new() else { return };
    ip("link del wan0");
    ip("link add wan0 type bridge");
    ip("link set wan0 up");
    let daemon = router.start("detach");
    let status = router.status();
    let modes: Vec<_> =
        status["interfaces"].as_array().unwrap().iter().map(|on| (&on["interface"], &on["mode"])).collect();
    assert_eq!(modes, [(&"lan0".into(), &"native".into()), (&"wan0".into(), &"generic".into())]);
    assert!(is_generic("wan0") && !is_generic("lan0"));
    let log = std::fs::read_to_string(router.path("log")).unwrap();
    assert!(log.contains("wan0: its driver cannot run XDP natively"), "{log}");
    assert!(!log.contains("lan0: its driver"), "{log}");
    stop(daemon, Signal::SIGINT);
}

#[test]
fn on_exit_detach_leaves_nothing() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("detach");
    assert!(is_enforced("lan0"));
    assert_eq!(pins(router.folder.path()), 0);
    stop(daemon, Signal::SIGINT);
    assert!(!is_enforced("lan0"));
}

#[test]
fn detach_ends_the_daemon() {
    let Some(router) = Router::new() else { return };
    let mut daemon = router.start("keep");
    assert!(router.run(&["detach"]).status.success());
    assert!(daemon.wait().unwrap().success());
    assert!(!is_enforced("lan0"));
    assert_eq!(pins(router.folder.path()), 0);
}

#[test]
fn a_broken_policy_leaves_the_old_in_force() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("keep");
    router.write(&POLICY.replace("allow", "alow"));
    let output = router.run(&["reload"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("alow") && stderr(&output).contains("stays in force"));
    assert_eq!(router.generation(), 1);
    assert!(router.status()["last_reload"]["error"].as_str().unwrap().contains("alow"));

    router.write(&POLICY.replace("lan0", "lan7"));
    let output = router.run(&["reload"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("lan7"));
    assert!(is_enforced("lan0"));

    router.write(&POLICY.replace("tcp/443", "tcp/80"));
    assert!(router.run(&["reload"]).status.success());
    assert_eq!(router.generation(), 2);
    stop(daemon, Signal::SIGTERM);
    router.run(&["detach"]);
}

#[test]
fn interfaces_of_the_policy_come_and_go() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("keep");
    router.write(&POLICY.replace("\"wan0\"", "\"wan1\""));
    router.add_interface("wan1");
    assert!(router.run(&["reload"]).status.success());
    assert!(is_enforced("wan1") && !is_enforced("wan0"));
    assert!(router.status()["unnamed"].to_string().contains("wan0"));

    ip("link del wan1");
    router.wait_for("notice of the loss", || router.status()["missing"][0] == "wan1");
    assert!(is_enforced("lan0"));
    router.add_interface("wan1");
    router.wait_for("programs on the new one", || is_enforced("wan1"));
    router.wait_for("end of the loss", || router.status()["missing"][0].is_null());
    stop(daemon, Signal::SIGTERM);
    router.run(&["detach"]);
}

#[test]
fn a_new_address_is_a_new_generation() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("keep");
    // Half written: it must not come in force by the way.
    router.write("nonsense");
    ip("addr add 2001:db8:1::1/64 dev lan0 nodad");
    router.wait_for("new generation", || router.generation() == 2);
    assert_eq!(router.status()["last_reload"]["by"], "interfaces");
    assert!(router.status()["last_reload"]["error"].is_null());
    stop(daemon, Signal::SIGTERM);
    router.run(&["detach"]);
}

#[test]
fn one_daemon_at_a_time() {
    let Some(router) = Router::new() else { return };
    let daemon = router.start("keep");
    let policy = router.path("policy.toml");
    let second = router.command(&["run", "--metrics", "off", "--policy"]).arg(&policy).output().unwrap();
    assert_eq!(second.status.code(), Some(3));
    assert!(stderr(&second).contains("another enforcer"), "{}", stderr(&second));

    // Another instance finds our programs, and says so.
    let foreign = router
        .command(&["run", "--metrics", "off", "--policy"])
        .arg(&policy)
        .env("ENFORCER_INSTANCE", "other")
        .env("ENFORCER_RUN_DIR", router.path("run-other"))
        .output()
        .unwrap();
    assert_eq!(foreign.status.code(), Some(3));
    assert!(stderr(&foreign).contains("another XDP program (program "), "{}", stderr(&foreign));
    assert!(is_enforced("lan0"));
    assert!(!router.path("bpf/enforcer/other").exists());
    stop(daemon, Signal::SIGTERM);
    router.run(&["detach"]);
}

#[test]
fn a_take_over_that_fails_opens_nothing() {
    let Some(router) = Router::new() else { return };
    stop(router.start("keep"), Signal::SIGTERM);
    // Somebody else's programs are on what the next policy names besides.
    router.add_interface("lan1");
    router.add_interface("wan1");
    let other = router.path("other.toml");
    std::fs::write(&other, POLICY.replace("lan0", "lan1").replace("wan0", "wan1")).unwrap();
    let foreign = router
        .command(&["run", "--metrics", "off", "--policy"])
        .arg(&other)
        .env("ENFORCER_INSTANCE", "other")
        .env("ENFORCER_RUN_DIR", router.path("run-other"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    router.wait_for("the other instance", || is_enforced("wan1"));

    router.write(&POLICY.replace("\"wan0\"", "\"wan1\""));
    let policy = router.path("policy.toml");
    let refused =
        router.command(&["run", "--metrics", "off", "--on-exit", "detach", "--policy"]).arg(policy).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    assert!(is_enforced("lan0") && is_enforced("wan0"), "{}", stderr(&refused));
    stop(foreign, Signal::SIGTERM);
    router.run(&["detach"]);
    router.command(&["detach"]).env("ENFORCER_INSTANCE", "other").status().unwrap();
}

#[test]
fn who_may_not_look_is_not_told_that_nothing_is_attached() {
    use std::os::unix::process::CommandExt;
    let Some(router) = Router::new() else { return };
    stop(router.start("keep"), Signal::SIGTERM);
    // The folder of the pins is open to root alone.
    let detach = router.command(&["detach"]).env("ENFORCER_RUN_DIR", "/nonexistent").uid(65_534).output();
    let Ok(detach) = detach else {
        eprintln!("others cannot start the binary here: not tried");
        return;
    };
    assert_eq!(detach.status.code(), Some(3), "{}", String::from_utf8_lossy(&detach.stdout));
    assert!(stderr(&detach).contains("root"), "{}", stderr(&detach));
    assert!(is_enforced("lan0"));
    router.run(&["detach"]);
}
