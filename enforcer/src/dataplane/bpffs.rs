//! The folder on the BPF file system where the links of this instance are pinned.

use std::io;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sys::statfs::{BPF_FS_MAGIC, statfs};

use super::{Error, sys};

/// Where the BPF file system is, by environment variable.
pub const BPFFS: &str = "ENFORCER_BPFFS";
/// Name of this instance, where several run on one machine, by environment variable.
pub const INSTANCE: &str = "ENFORCER_INSTANCE";

/// Name of the pinned table of connections; the number changes with the meaning of its entries.
const CONNECTIONS: &str = "connections-1";

/// The pins of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    root: PathBuf,
    folder: PathBuf,
}

impl Pins {
    /// The folder of `instance` below the BPF file system at `root`.
    pub fn new(root: &Path, instance: &str) -> Self {
        Pins { root: root.to_owned(), folder: root.join("enforcer").join(instance) }
    }

    /// As the environment says, by default `main` below `/sys/fs/bpf`.
    pub fn from_env() -> Self {
        let root = std::env::var_os(BPFFS).unwrap_or_else(|| "/sys/fs/bpf".into());
        let instance = std::env::var(INSTANCE).unwrap_or_default();
        let instance =
            if instance.is_empty() || instance.contains('/') || instance.starts_with('.') { "main" } else { &instance };
        Pins::new(Path::new(&root), instance)
    }

    /// Makes the folder; mounts the BPF file system where it is absent.
    pub fn prepare(&self) -> Result<(), Error> {
        let failed = |what, error: io::Error| failed(what, &self.root, error);
        let kind = statfs(&self.root).map_err(|error| failed("cannot look at", error.into()))?;
        if kind.filesystem_type() != BPF_FS_MAGIC {
            mount(
                Some("bpf"),
                &self.root,
                Some("bpf"),
                MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
                Some("mode=700"),
            )
            .map_err(|error| failed("cannot mount the BPF file system on", error.into()))?;
            tracing::info!("mounted the BPF file system on {}", self.root.display());
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| self::failed("cannot make", &self.folder, error))
    }

    /// Where the link of one kind on one interface is pinned. The BPF file system allows no dots in names.
    pub fn path(&self, kind: &str, interface: &str) -> PathBuf {
        self.folder.join(format!("{kind}-{}", interface.replace('.', ",")))
    }

    /// Names of everything that is pinned.
    pub fn list(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    /// Takes the program of a pinned link off its interface and removes the pin; that there is none is no error.
    pub fn detach(&self, path: &Path) -> Result<(), Error> {
        match sys::detach_pinned_link(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // Its interface is gone already.
            Err(error) => tracing::debug!("{}: {error}", path.display()),
            Ok(()) => {}
        }
        self.remove(path)
    }

    /// Where the table of connections is pinned.
    pub fn connections(&self) -> PathBuf {
        self.folder.join(CONNECTIONS)
    }

    /// True where a link is pinned at `path`, not a map.
    pub fn is_link(path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        ["xdp-", "egress-", "guard-"].iter().any(|kind| name.starts_with(kind))
    }

    /// Removes one pin; that there is none is no error.
    pub fn remove(&self, path: &Path) -> Result<(), Error> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("cannot remove", path, error)),
            _ => Ok(()),
        }
    }

    /// Takes every pinned link off, removes every pin and the folder; tells how many links there were.
    pub fn clear(&self) -> Result<usize, Error> {
        // Who may not look must not be told that there is nothing.
        if let Err(error) = std::fs::read_dir(&self.folder)
            && error.kind() == io::ErrorKind::PermissionDenied
        {
            return Err(Error::Privilege);
        }
        let (links, others): (Vec<_>, Vec<_>) = self.list().into_iter().partition(|path| Pins::is_link(path));
        for path in &links {
            self.detach(path)?;
        }
        for path in &others {
            self.remove(path)?;
        }
        // Another instance may be beside this one; both folders go only when they are empty.
        let _ = std::fs::remove_dir(&self.folder);
        let _ = self.folder.parent().map(std::fs::remove_dir);
        Ok(links.len())
    }
}

fn failed(what: &'static str, path: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Error::Privilege;
    }
    Error::Pin { what, path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_has_a_folder() {
        let pins = Pins::new(Path::new("/bpf"), "main");
        assert_eq!(pins.path("xdp", "lan0.30"), Path::new("/bpf/enforcer/main/xdp-lan0,30"));
        assert!(Pins::is_link(&pins.path("guard", "lan0")));
        assert!(!Pins::is_link(&pins.connections()));
    }
}
