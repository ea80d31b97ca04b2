//! What a virtual machine boots into: busybox, `ip`, the programs of the job, their libraries, and a script.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::archive::Archive;
use super::fetch::Kernel;
use super::job::Job;
use super::modules;
use crate::paths::Paths;
use crate::run;

/// What the checks need and a kernel may have as modules.
const MODULES: [&str; 9] =
    ["veth", "bridge", "8021q", "macvlan", "sch_ingress", "cls_bpf", "af_packet", "virtio_pci", "virtio_net"];

/// The interfaces of the machine that take programs: both ends of a cable, and two cards on one network.
pub(crate) const INTERFACES: [&str; 4] = ["veth0", "veth1", "eth0", "eth1"];

/// The line before the output of the commands, and the one with their exit code.
pub(crate) const BEGIN: &str = "==== begin";
pub(crate) const END: &str = "==== end ";

/// Builds the archive for a kernel; the machine does the job and goes off.
pub(crate) fn build(paths: &Paths, kernel: &Kernel, job: &Job) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["proc", "sys", "dev", "run", "tmp"] {
        archive.folder(folder);
    }
    // Before anything is mounted, the script's output goes here.
    archive.device("dev/console", (5, 1));
    archive.file("bin/busybox", &fs::read(find("busybox")?)?);
    archive.link("bin/sh", "busybox");
    let mut libraries = Vec::new();
    // Not in /bin: busybox has commands of these names, which know less.
    for tool in ["ip", "ethtool"] {
        add_program(&mut archive, &mut libraries, &format!("opt/{tool}"), &find(tool)?)?;
    }
    for program in &job.programs {
        add_program(&mut archive, &mut libraries, &format!("bin/{program}"), &job.folder.join(program))?;
    }
    // Where the tests look for them.
    add_files(&mut archive, &paths.repo.join("examples"))?;
    let mut insert = String::new();
    for module in modules::with_needs(&kernel.modules, &MODULES)? {
        archive.file(&format!("modules/{}.ko", module.name), &module.bytes);
        insert.push_str(&format!("insmod /modules/{}.ko\n", module.name));
    }
    archive.file("init", script(&insert, &job.script(&INTERFACES)).as_bytes());
    Ok(archive.finish())
}

fn script(insert: &str, commands: &str) -> String {
    let up: String = ["lo"].iter().chain(&INTERFACES).map(|name| format!("/opt/ip link set {name} up\n")).collect();
    format!(
        "#!/bin/sh\n\
         /bin/busybox --install -s /bin 2>/dev/null\n\
         export PATH=/opt:/bin NO_COLOR=1\n\
         mount -t proc proc /proc\n\
         mount -t sysfs sysfs /sys\n\
         mount -t devtmpfs devtmpfs /dev\n\
         mount -t bpf bpf /sys/fs/bpf\n\
         {insert}\
         /opt/ip link add veth0 type veth peer name veth1\n\
         {up}\
         echo; echo '{BEGIN}'\n\
         echo \"kernel $(uname -r)\"\n\
         {commands}\n\
         code=$?\n\
         echo; echo \"{END}$code\"\n\
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

/// Adds all files of a folder, at the path that they have here.
fn add_files(archive: &mut Archive, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            add_files(archive, &path)?;
        } else {
            archive.file(path.to_string_lossy().trim_start_matches('/'), &fs::read(&path)?);
        }
    }
    Ok(())
}

fn find(program: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|file| file.exists())
        .with_context(|| format!("{program} is not installed"))
}
