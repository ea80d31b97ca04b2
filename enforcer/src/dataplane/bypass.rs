//! What may forward packets past the CPU, as this machine tells it. What cannot be read is taken as not there: it is for
//! warnings only.

use std::path::Path;
use std::process::{Command, Stdio};

use super::offload;
use crate::policy::facts::Live;

/// Adds to the interfaces what netlink did not tell of them.
pub(super) fn read(live: &mut Live) {
    let offloaded = offloaded(&flowtables());
    for interface in &mut live.interfaces {
        let name = interface.name.as_str();
        interface.bypass.tc = matches!(offload::feature(name, "hw-tc-offload"), Ok(Some(true)));
        interface.bypass.wifi = Path::new("/sys/class/net").join(name).join("phy80211").exists();
        interface.bypass.flowtable = offloaded.iter().any(|device| device == name);
    }
}

/// The flowtables of nftables, as `nft` writes them; nothing without it or without privilege.
fn flowtables() -> String {
    let mut nft = Command::new("nft");
    nft.args(["list", "flowtables"]).stdin(Stdio::null()).stderr(Stdio::null());
    nft.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// The devices of flowtables with `flags offload`.
fn offloaded(flowtables: &str) -> Vec<String> {
    let mut offloaded = Vec::new();
    let mut devices: Vec<String> = Vec::new();
    for line in flowtables.lines().map(str::trim) {
        if line.starts_with("flowtable ") {
            devices.clear();
        } else if let Some(list) = line.strip_prefix("devices = {") {
            let names = list.trim_end_matches([' ', '}']).split(',').map(|name| name.trim().trim_matches('"'));
            devices = names.map(str::to_owned).collect();
        } else if line.strip_prefix("flags ").is_some_and(|flags| flags.split([',', ' ']).any(|flag| flag == "offload"))
        {
            offloaded.append(&mut devices);
        }
    }
    offloaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_offloaded_flowtables() {
        let text = "table inet filter {\n\
                    \tflowtable soft {\n\t\thook ingress priority filter\n\t\tdevices = { lan0, wan0 }\n\t}\n\
                    \tflowtable hard {\n\t\thook ingress priority filter\n\t\tdevices = { lan1, \"wan1.7\" }\n\t\tflags offload\n\t\tcounter\n\t}\n\
                    \tflowtable counted {\n\t\thook ingress priority filter\n\t\tdevices = { lan2 }\n\t\tcounter\n\t}\n}\n";
        assert_eq!(offloaded(text), ["lan1", "wan1.7"]);
        assert_eq!(offloaded(""), [""; 0]);
    }
}
