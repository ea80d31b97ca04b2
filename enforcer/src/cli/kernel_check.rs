//! `enforcer kernel-check`: does this kernel take the programs? For tests on many kernels.

use anyhow::{Context, ensure};
use clap::Args as ClapArgs;

use super::Exit;
use crate::compile::image::{Names, PortName};
use crate::dataplane::attach::{Attachments, Mode};
use crate::dataplane::bpffs::Pins;
use crate::dataplane::load::{Kernel, Options};
use crate::dataplane::netlink::Interfaces;
use crate::dataplane::ports::Layout;
use crate::dataplane::sys;

/// Load every program and map, attach them to interfaces in each mode, and take them off again.
#[derive(Debug, ClapArgs)]
#[command(
    hide = true,
    after_help = "Example:\n  ip link add check0 type veth peer name check1\n  enforcer kernel-check check0 check1"
)]
pub(super) struct Args {
    /// The interfaces; their drivers must be able to run XDP.
    #[arg(required = true)]
    interfaces: Vec<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let release = sys::kernel_release();
    match runtime.block_on(check(args)) {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            println!("{release} failed: {error:#}");
            Ok(Exit::Problem)
        }
    }
}

async fn check(args: &Args) -> anyhow::Result<()> {
    let release = sys::kernel_release();
    let mut kernel = Kernel::load(&Options::for_cells(0))?;
    for (name, instructions) in kernel.verified_instructions() {
        let instructions = instructions.map_or_else(|| "?".to_owned(), |count| count.to_string());
        println!("{release} {name} {instructions} verified instructions");
    }
    let port =
        |interface: &String| PortName { name: interface.clone(), interface: interface.clone(), ..PortName::default() };
    let ports = [PortName::default()].into_iter().chain(args.interfaces.iter().map(port)).collect();
    let names = Names { ports, ..Names::default() };
    let layout = Layout::new(&names, &[], &Interfaces::read().await?);
    layout.check()?;
    for demanded in [Mode::Native, Mode::Generic] {
        let attachments = Attachments::new(Pins::from_env(), false);
        let mut attachments = if demanded == Mode::Generic { attachments.always_generic() } else { attachments };
        attachments.attach(&mut kernel, &layout.attach).await?;
        for (interface, mode) in attachments.modes() {
            ensure!(mode == demanded, "{interface}: XDP {} where it was to be {}", mode.label(), demanded.label());
            println!("{release} {interface} attached, XDP {}", mode.label());
        }
        attachments.end()?;
    }
    Ok(())
}
