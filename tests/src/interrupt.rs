//! Ctrl-C and its like: what this process made goes away with it all the same.

use std::process::exit;
use std::thread;

use anyhow::Result;
use nix::sys::signal::{SigSet, Signal};

use crate::{namespace, scratch};

/// Removes the namespaces and folders of this process when it is told to end. To be called before any other thread is made.
pub fn clean_up() -> Result<()> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block()?;
    thread::spawn(move || {
        let signal = signals.wait();
        namespace::remove_own();
        scratch::remove_own();
        exit(128 + signal.map_or(Signal::SIGTERM as i32, |signal| signal as i32));
    });
    Ok(())
}
