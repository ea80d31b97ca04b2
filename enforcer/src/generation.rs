//! Where a generation comes from: a policy, compiled now, or an image that was compiled before.

use std::path::Path;

use ipnet::IpNet;

use crate::compile::compile;
use crate::compile::image::{Image, Names};
use crate::image_file::{ImageFile, is_image};
use crate::policy;
use crate::policy::facts::{Facts, Live, is_link_local};
use crate::policy::model::Policy;

/// A compiled generation, with what is not in its image.
#[derive(Debug, Clone)]
pub struct Generation {
    /// The image.
    pub image: Image,
    /// The router's addresses that it was compiled for.
    pub facts: Facts,
    /// Interfaces left alone on purpose.
    pub ignore: Vec<String>,
    /// The policy, where it was compiled now.
    pub policy: Option<Policy>,
    /// What would surprise, as a person should read it; empty where nothing does.
    pub warnings: String,
}

/// Reads what lies at `path`: a policy file, a folder of them, or an image. `live` tells the router's addresses; without it
/// those hold that the policy declares, or that the image was compiled for. The error is text for people.
pub fn read(path: &Path, live: Option<&Live>) -> Result<Generation, String> {
    if is_image(path) {
        return image(path, live);
    }
    let loaded = policy::load(path, live).map_err(|report| report.rendered())?;
    let warnings = loaded.warnings.rendered();
    of_policy(loaded.policy, loaded.facts, warnings)
}

/// Compiles a policy.
pub fn of_policy(policy: Policy, facts: Facts, warnings: String) -> Result<Generation, String> {
    let image = compile(&policy, &facts).map_err(|error| error.to_string())?;
    let ignore = policy.router.ignore.clone();
    Ok(Generation { image, facts, ignore, policy: Some(policy), warnings })
}

fn image(path: &Path, live: Option<&Live>) -> Result<Generation, String> {
    let file = ImageFile::open(path).map_err(|refusal| format!("{} {refusal}", path.display()))?;
    if let Some(live) = live {
        fits(&file.image.names, &file.facts, live).map_err(|why| format!("{} {why}", path.display()))?;
    }
    Ok(Generation { image: file.image, facts: file.facts, ignore: file.ignore, policy: None, warnings: String::new() })
}

/// Whether an image is for this router: on each of its ports that exists here, the router has the addresses that the image was
/// compiled for. Otherwise what is for the router would be judged as for somebody of the zone.
pub fn fits(names: &Names, facts: &Facts, live: &Live) -> Result<(), String> {
    let ports = names.ports.iter().skip(1);
    let here =
        live.addresses_on(ports.map(|port| (port.name.as_str(), port.interface.as_str(), port.vlans.as_slice())));
    for (port, here) in &here {
        let there = facts.addresses.get(port).map_or(&[][..], Vec::as_slice);
        let (here, there) = (of_networks(here), of_networks(there));
        if here != there {
            return Err(format!(
                "was compiled for other addresses of the router: {port} has {} there, and {} here; compile the policy again, on \
                 this router or with these in `[router] addresses`",
                written(&there),
                written(&here)
            ));
        }
    }
    Ok(())
}

/// Addresses in order, without link-local ones: those are the port's own wherever it is, and never in an image that was
/// compiled elsewhere.
fn of_networks(addresses: &[IpNet]) -> Vec<IpNet> {
    let mut addresses: Vec<IpNet> = addresses.iter().filter(|net| !is_link_local(net)).copied().collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

fn written(addresses: &[IpNet]) -> String {
    if addresses.is_empty() {
        return "none".to_owned();
    }
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
