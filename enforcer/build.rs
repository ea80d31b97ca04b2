//! Puts the BPF object where the loader embeds it.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=ENFORCER_BPF_OBJECT");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("enforcer.bpf.o");
    let Some(object) = env::var_os("ENFORCER_BPF_OBJECT") else {
        return fs::write(out, []);
    };
    println!("cargo::rerun-if-changed={}", PathBuf::from(&object).display());
    fs::copy(object, out).map(drop)
}
