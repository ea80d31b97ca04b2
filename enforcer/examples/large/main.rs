//! Writes a large policy, and measures how long each step from its files to the kernel takes.
//!
//! ```text
//! cargo run --release -p enforcer --example large -- write DIR   a folder with 100,000 devices in 50 zones
//! cargo run --release -p enforcer --example large -- time DIR    read, compile, write to the kernel's memory
//! ```

mod site;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use enforcer::compile;
use enforcer::dataplane::load;
use enforcer::policy;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["write", folder] => site::Site::LARGE.write(Path::new(folder)).map_err(Failure::from),
        ["time", path] => time(Path::new(path)),
        _ => Err("write DIR, or time DIR".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("large: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells how long the steps take.
fn time(path: &Path) -> Result<(), Failure> {
    let loaded = step("read", || policy::load(path, None))?;
    let image = step("compile", || compile::compile(&loaded.policy, &loaded.facts))?;
    let verified = step("verify", || Ok::<_, Failure>(compile::verify(&image.cells)))?;
    println!(
        "image    {} cells, {:.1} MiB, undamaged: {verified}",
        image.cells.len(),
        size_of_val(image.cells.as_slice()) as f64 / f64::from(1 << 20),
    );
    let options = load::Options::for_cells(image.cells.len());
    let mut kernel = step("program", || load::Kernel::load(&options))?;
    for generation in 1..=3 {
        step("switch", || kernel.memory_mut().switch(&image.cells, generation))?;
    }
    Ok(())
}

fn step<T, E: Into<Failure>>(name: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, Failure> {
    let start = Instant::now();
    let result = work();
    println!("{name:8} {:7.1} ms", start.elapsed().as_secs_f64() * 1e3);
    result.map_err(Into::into)
}
