//! What is done on each kernel, and the programs that it takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::paths::Paths;
use crate::run;

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The programs are loaded and attached.
    Load,
    /// Also every row of the tables of verdicts.
    Verdicts,
    /// Also real traffic through a router of network namespaces.
    Traffic,
}

/// The test with the tables of verdicts.
const VERDICTS: &str = "verdicts";

/// Tests of real traffic that need no more than `ip` and `ethtool`.
const TRAFFIC: [&str; 9] = ["router", "bridge", "vlan", "unnamed", "reload", "exit", "follow", "counters", "drops"];

/// Commands, and the programs that they need.
#[derive(Debug)]
pub(crate) struct Job {
    /// The folder of the programs.
    pub(crate) folder: PathBuf,
    /// Their names.
    pub(crate) programs: Vec<String>,
    loads: bool,
    commands: Vec<Vec<String>>,
}

impl Job {
    /// One command in place of the checks.
    pub(crate) fn command(paths: &Paths, words: &[String]) -> Result<Job> {
        Ok(Job { loads: false, commands: vec![words.to_vec()], ..Job::empty(paths)? })
    }

    /// The checks.
    pub(crate) fn checks(paths: &Paths, form: Form) -> Result<Job> {
        let mut job = Job::empty(paths)?;
        let mut tests = Vec::new();
        if form != Form::Load {
            tests.push(VERDICTS);
        }
        if form == Form::Traffic {
            tests.extend(TRAFFIC);
        }
        for (test, program) in built(paths, &tests)? {
            // Not `exit`: the shell has a command of that name.
            let name = format!("test-{test}");
            job.add(&name, &program)?;
            // What needs no privileges does not depend on the kernel.
            job.commands.push([&name, "--ignored", "--test-threads=1", "--quiet"].map(str::to_owned).to_vec());
        }
        Ok(job)
    }

    /// For a shell: one command after the other, until one fails. `interfaces` are those to attach to.
    pub(crate) fn script(&self, interfaces: &[&str]) -> String {
        let mut commands = Vec::new();
        if self.loads {
            commands.push(format!("enforcer kernel-check {}", interfaces.join(" ")));
        }
        commands.extend(self.commands.iter().map(|words| quoted(words)));
        commands.join(" && ")
    }

    fn empty(paths: &Paths) -> Result<Job> {
        let folder = paths.target.join("kernels").join("bin");
        fs::create_dir_all(&folder)?;
        let mut job = Job { folder, programs: Vec::new(), loads: true, commands: Vec::new() };
        job.add("enforcer", &paths.binary("enforcer"))?;
        Ok(job)
    }

    /// Adds a program without its debug information: a tenth of the bytes to boot.
    fn add(&mut self, name: &str, program: &Path) -> Result<()> {
        let small = self.folder.join(name);
        if run::output(Command::new("strip").arg("-o").arg(&small).arg(program)).is_err() {
            fs::copy(program, &small).with_context(|| format!("cannot copy {}", program.display()))?;
        }
        self.programs.push(name.to_owned());
        Ok(())
    }
}

/// Builds tests of the workspace and tells where each is, in the order asked for.
fn built(paths: &Paths, tests: &[&str]) -> Result<Vec<(String, PathBuf)>> {
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let mut cargo = paths.cargo();
    // All packages, so that nothing is built again with other features.
    cargo.args(["test", "--locked", "--workspace", "--no-run", "--message-format=json-render-diagnostics"]);
    cargo.args(tests.iter().flat_map(|test| ["--test", test]));
    let text = run::output(&mut cargo)?;
    let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |test: &str| {
        let is_it = |message: &&Value| message["target"]["name"] == *test && message["executable"].is_string();
        let program = messages.iter().find(is_it)?["executable"].as_str()?;
        Some((test.to_owned(), PathBuf::from(program)))
    };
    tests.iter().map(|test| find(test).with_context(|| format!("cargo built no test {test}"))).collect()
}

/// A command as a shell takes it.
fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect::<Vec<_>>().join(" ")
}
