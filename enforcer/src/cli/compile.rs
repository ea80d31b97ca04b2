//! `enforcer compile`: the generation as a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Exit, load};
use crate::image_file::{ImageFile, is_image};

const EXAMPLES: &str = "\
Examples:
  enforcer compile /etc/enforcer/policy -o policy.image
  enforcer compile --offline policy.toml -o policy.image    for a router elsewhere, by its `[router] addresses`
  enforcer run --policy policy.image

An image is for the router whose addresses it was compiled for: `run` refuses it where the ports have others.
Exits with 0 if the image was written, 1 if the policy cannot be used; then nothing is written.";

/// Compile a policy into a file that `run`, `check` and `replay` take in its place
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A policy file, or a folder of *.toml
    path: PathBuf,
    /// Where to write the image
    #[arg(short, long, value_name = "IMAGE")]
    output: PathBuf,
    /// Do not look at this machine's interfaces: `[router] addresses` alone tells the networks
    #[arg(long)]
    offline: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    if is_image(&args.path) {
        eprintln!("enforcer: {} is an image already", args.path.display());
        return Ok(Exit::Usage);
    }
    let (loaded, image) = match load::compiled(&args.path, args.offline)? {
        Ok(compiled) => compiled,
        Err(exit) => return Ok(exit),
    };
    let digest: String = image.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = ImageFile { image, facts: loaded.facts, ignore: loaded.policy.router.ignore };
    let bytes = file.to_bytes();
    replace(&args.output, &bytes).with_context(|| format!("cannot write {}", args.output.display()))?;
    println!("{}: {} bytes, policy {digest}", args.output.display(), bytes.len());
    Ok(Exit::Done)
}

/// Writes a file beside the old one and puts it in its place: whoever reads finds the one or the other, whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, bytes);
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
