//! Kernel modules of an unpacked package, with those that they need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A module, ready to be inserted.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its name.
    pub(crate) name: String,
    /// The object.
    pub(crate) bytes: Vec<u8>,
}

/// The modules of these names and all that they need, in the order in which they can be inserted. A name that the
/// package has no file for is built into the kernel.
pub(crate) fn with_needs(folder: &Path, names: &[&str]) -> Result<Vec<Module>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let mut modules = Vec::new();
    for name in names {
        add(&files, name, &mut modules)?;
    }
    Ok(modules)
}

fn add(files: &[PathBuf], name: &str, modules: &mut Vec<Module>) -> Result<()> {
    if modules.iter().any(|module| module.name == name) {
        return Ok(());
    }
    let Some(file) = files.iter().find(|file| name_of(file).as_deref() == Some(name)) else {
        return Ok(());
    };
    let bytes = read(file)?;
    for needed in needs(&bytes) {
        add(files, &needed, modules)?;
    }
    modules.push(Module { name: name.to_owned(), bytes });
    Ok(())
}

/// The names in the `depends=` line of a module's information.
fn needs(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else {
        return Vec::new();
    };
    let value = module.get(at + KEY.len()..).and_then(|rest| rest.split(|byte| *byte == 0).next()).unwrap_or_default();
    String::from_utf8_lossy(value)
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('-', "_"))
        .collect()
}

/// The name of the module in a file: `sch_ingress` of `sch-ingress.ko.xz`.
fn name_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let (name, _) = name.split_once(".ko")?;
    Some(name.replace('-', "_"))
}

/// The object in a file, compressed or not.
fn read(file: &Path) -> Result<Vec<u8>> {
    let shown = file.display();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("ko") => fs::read(file).with_context(|| format!("cannot read {shown}")),
        Some("xz") => {
            let output = Command::new("busybox").arg("xzcat").arg(file).output()?;
            if !output.status.success() {
                bail!("cannot unpack {shown}: {}", output.status);
            }
            Ok(output.stdout)
        }
        other => bail!("{shown}: compressed in a way that is not known here: {other:?}"),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
