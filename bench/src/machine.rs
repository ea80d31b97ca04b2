//! The machine that was measured on: figures mean nothing without it.

use std::fs;
use std::thread;

use nix::sys::utsname::uname;
use serde::Serialize;

/// Facts that figures depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The processor, as it calls itself.
    pub processor: String,
    /// Processors that the system may use.
    pub processors: usize,
    /// Caches, as the system tells them: `L1 Data 48K`.
    pub caches: Vec<String>,
    /// Memory in MiB.
    pub memory: u64,
    /// A virtual machine: others take time from it unseen.
    pub is_virtual: bool,
    /// The kernel's release.
    pub kernel: String,
    /// What the kernel does against speculation, where that makes calls through pointers dear.
    pub spectre: String,
    /// Processes that wanted to run when the bench began, over the last minute: more than none disturbs.
    pub load: String,
}

impl Machine {
    /// The running machine.
    pub fn here() -> Machine {
        let cpuinfo = read("/proc/cpuinfo");
        Machine {
            processor: field(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
            processors: thread::available_parallelism().map_or(1, usize::from),
            caches: caches(),
            memory: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok())
                .unwrap_or_default()
                / 1024,
            is_virtual: field(&cpuinfo, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            kernel: uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default(),
            spectre: read("/sys/devices/system/cpu/vulnerabilities/spectre_v2").trim().to_owned(),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
        }
    }

    /// In one sentence.
    pub fn describe(&self) -> String {
        format!(
            "{}{} processors of the kind {}, caches {}, {:.0} GiB of memory, Linux {}, spectre: {}; load at the start {}",
            if self.is_virtual { "a virtual machine with " } else { "" },
            self.processors,
            self.processor,
            self.caches.join(", "),
            self.memory as f64 / 1024.0,
            self.kernel,
            self.spectre,
            self.load,
        )
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// The value behind a name and a colon.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':')).map(str::trim)
}

fn caches() -> Vec<String> {
    let folder = "/sys/devices/system/cpu/cpu0/cache";
    let fact = |index: u32, name: &str| read(&format!("{folder}/index{index}/{name}")).trim().to_owned();
    (0..8)
        .map(|index| (fact(index, "level"), fact(index, "type"), fact(index, "size")))
        .filter(|(level, kind, _)| !level.is_empty() && kind != "Instruction")
        .map(|(level, _, size)| format!("L{level} {size}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "model\t\t: 207\nmodel name\t: Some(R) Processor\nMemTotal:       24576000 kB\n";
        assert_eq!(field(text, "model name"), Some("Some(R) Processor"));
        assert_eq!(field(text, "model"), Some("207"));
        assert_eq!(field(text, "MemTotal"), Some("24576000 kB"));
        assert_eq!(field(text, "Mem"), None);
    }
}
