//! What a virtual machine boots into: busybox, `ip`, `enforcer`, their libraries, and a script.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::Archive;
use super::fetch::Kernel;
use super::modules;
use crate::paths::Paths;
use crate::run;

/// What the check needs and a kernel may have as modules.
const MODULES: [&str; 4] = ["veth", "sch_ingress", "cls_bpf", "virtio_net"];

/// The line before the command's output, and the one with its exit code.
pub(crate) const BEGIN: &str = "==== begin";
pub(crate) const END: &str = "==== end ";

/// Builds the archive for a kernel; the machine runs the command and goes off.
pub(crate) fn build(paths: &Paths, kernel: &Kernel, command: &[&str]) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["proc", "sys", "dev", "run", "tmp"] {
        archive.folder(folder);
    }
    // Before anything is mounted, the script's output goes here.
    archive.device("dev/console", (5, 1));
    archive.file("bin/busybox", &fs::read(find("busybox")?)?);
    archive.link("bin/sh", "busybox");
    // Not in /bin: busybox's shell would prefer its own `ip`, which knows less.
    let mut libraries = Vec::new();
    add_program(&mut archive, &mut libraries, "opt/ip", &find("ip")?)?;
    let enforcer = stripped(paths)?;
    add_program(&mut archive, &mut libraries, "bin/enforcer", &enforcer)?;
    let mut insert = String::new();
    for module in modules::with_needs(&kernel.modules, &MODULES)? {
        archive.file(&format!("modules/{}.ko", module.name), &module.bytes);
        insert.push_str(&format!("insmod /modules/{}.ko\n", module.name));
    }
    archive.file("init", script(&insert, command).as_bytes());
    Ok(archive.finish())
}

fn script(insert: &str, command: &[&str]) -> String {
    let command = command.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect::<Vec<_>>().join(" ");
    format!(
        "#!/bin/sh\n\
         /bin/busybox --install -s /bin 2>/dev/null\n\
         export PATH=/bin NO_COLOR=1\n\
         mount -t proc proc /proc\n\
         mount -t sysfs sysfs /sys\n\
         mount -t devtmpfs devtmpfs /dev\n\
         mount -t bpf bpf /sys/fs/bpf\n\
         {insert}\
         /opt/ip link set lo up\n\
         /opt/ip link add veth0 type veth peer name veth1\n\
         /opt/ip link set veth0 up\n\
         /opt/ip link set veth1 up\n\
         echo; echo '{BEGIN}'\n\
         echo \"kernel $(uname -r)\"\n\
         {command}\n\
         echo \"{END}$?\"\n\
         reboot -f\n"
    )
}

/// Adds a program with the libraries that it loads.
fn add_program(archive: &mut Archive, libraries: &mut Vec<PathBuf>, path: &str, program: &Path) -> Result<()> {
    archive.file(path, &fs::read(program)?);
    // Fails for a static program, which loads none.
    let text = run::output(Command::new("ldd").arg(program)).unwrap_or_default();
    for word in text.split_whitespace().filter(|word| word.starts_with('/')) {
        let library = PathBuf::from(word);
        if !libraries.contains(&library) {
            let bytes = fs::read(&library).with_context(|| format!("cannot read {word}"))?;
            archive.file(word.trim_start_matches('/'), &bytes);
            libraries.push(library);
        }
    }
    Ok(())
}

/// `enforcer` without its debug information: a tenth of the bytes to boot.
fn stripped(paths: &Paths) -> Result<PathBuf> {
    let binary = paths.binary("enforcer");
    let small = paths.target.join("kernels").join("enforcer");
    match run::output(Command::new("strip").arg("-o").arg(&small).arg(&binary)) {
        Ok(_) => Ok(small),
        Err(_) => Ok(binary),
    }
}

fn find(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.exists())
        .with_context(|| format!("{program} is not installed"))
}
