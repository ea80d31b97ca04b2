//! `cargo xtask demo`: example traffic through a router that enforces `examples/demo/policy.toml`.

use std::process::ExitCode;

use anyhow::Result;
use enforcer_tests::demo::{self, Outcome, show};
use enforcer_tests::interrupt;
use enforcer_tests::lab::Lab;
use enforcer_tests::router::Router;

fn main() -> ExitCode {
    match demo() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<bool> {
    interrupt::clean_up()?;
    let policy = demo::policy()?;
    println!("A router and four networks, as network namespaces of this machine.");
    let lab = Lab::new()?;
    println!("In the router: enforcer run --policy {}\n", policy.display());
    let router = Router::start(&lab, &policy)?;
    let paint = show::Paint::detect();
    let mut out = std::io::stdout().lock();
    show::heading(&mut out, paint)?;
    let outcomes = demo::run(&lab, &router, &policy, |outcome| show::outcome(&mut out, paint, outcome))?;
    show::drops(&mut out, paint, &router.metrics()?)?;
    show::summary(&mut out, paint, &outcomes)?;
    router.stop()?;
    Ok(outcomes.iter().all(Outcome::as_expected))
}
