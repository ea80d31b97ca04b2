//! Debian's cloud kernels: downloaded once, unpacked into the target directory, never installed.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages;
use crate::paths::Paths;
use crate::run;

/// An unpacked kernel package.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The package.
    pub(crate) name: String,
    /// What the boot loader takes.
    pub(crate) image: PathBuf,
    /// The folder of its modules.
    pub(crate) modules: PathBuf,
}

/// The newest kernel of a version that Debian offers; one that is here already is taken without asking.
pub(crate) fn kernel(paths: &Paths, version: &str) -> Result<Kernel> {
    if env::consts::ARCH != "x86_64" {
        bail!("other kernels are tried on x86_64 machines only");
    }
    let cache = paths.target.join("kernels");
    fs::create_dir_all(&cache)?;
    let prefix = format!("linux-image-{version}.");
    let mut here: Vec<String> = fs::read_dir(&cache)?
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(&prefix) && !name.ends_with(".part"))
        .collect();
    here.sort_by_key(|name| Reverse(numbers(name)));
    if let Some(name) = here.first() {
        return unpacked(&cache, name);
    }
    if !packages::has_apt() {
        bail!("no apt here: Debian's kernels cannot be downloaded");
    }
    let mut offered = offered(&prefix)?;
    if offered.is_empty() {
        packages::update()?;
        offered = self::offered(&prefix)?;
    }
    let mut last = None;
    // The lists may name a package that is no longer there.
    for name in offered.iter().take(3) {
        match download(&cache, name) {
            Ok(()) => return unpacked(&cache, name),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error),
        None => bail!("Debian offers no package {prefix}*-cloud-amd64 here"),
    }
}

/// The packages that hold such a kernel, newest first.
fn offered(prefix: &str) -> Result<Vec<String>> {
    let text = run::output(Command::new("apt-cache").args(["pkgnames", prefix]))?;
    let mut names: Vec<String> = text
        .lines()
        .filter(|name| name.ends_with("-cloud-amd64") || name.ends_with("-cloud-amd64-unsigned"))
        .map(str::to_owned)
        .collect();
    // Of one version the signed one: its name is the shorter.
    names.sort_by_key(|name| (Reverse(numbers(name)), name.len()));
    Ok(names)
}

/// The numbers in a name, in order, up to the words behind the version.
fn numbers(name: &str) -> Vec<u32> {
    name.trim_start_matches("linux-image-")
        .split("-cloud")
        .next()
        .unwrap_or_default()
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn download(cache: &Path, name: &str) -> Result<()> {
    let part = cache.join(format!("{name}.part"));
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir_all(&part)?;
    eprintln!("downloading {name}");
    run::run(Command::new("timeout").args(["600", "apt-get", "download", "-q", name]).current_dir(&part))?;
    let package = fs::read_dir(&part)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get download left no package")?;
    run::run(Command::new("dpkg").arg("-x").arg(&package).arg(&part))?;
    fs::remove_file(&package)?;
    fs::rename(&part, cache.join(name))?;
    Ok(())
}

fn unpacked(cache: &Path, name: &str) -> Result<Kernel> {
    let folder = cache.join(name);
    let entry = |folder: PathBuf, prefix: &str| -> Result<PathBuf> {
        fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
            .filter_map(Result::ok)
            .find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| entry.path())
            .with_context(|| format!("{name} holds no {prefix}…"))
    };
    let modules = ["lib/modules", "usr/lib/modules"]
        .map(|path| folder.join(path))
        .into_iter()
        .find(|path| path.is_dir())
        .with_context(|| format!("{name} holds no modules"))?;
    Ok(Kernel { name: name.to_owned(), image: entry(folder.join("boot"), "vmlinuz-")?, modules: entry(modules, "")? })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_ordered_as_numbers() {
        assert!(numbers("linux-image-6.1.0-9-cloud-amd64") < numbers("linux-image-6.1.0-56-cloud-amd64"));
        assert!(numbers("linux-image-6.12.100+deb12-cloud-amd64") > numbers("linux-image-6.12.9+deb12-cloud-amd64"));
    }
}
