//! Log lines of the kernel program, for those who work on it (feature `kernel-log`).

use aya::Ebpf;
use aya_log::EbpfLogger;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Hands the log lines of the loaded program to the daemon's own log, until the daemon ends.
///
/// Errors where the object was built without them: `cargo xtask build --kernel-log`.
pub fn follow(ebpf: &mut Ebpf) -> anyhow::Result<()> {
    let logger = EbpfLogger::init(ebpf)?;
    // SAFETY: the logger owns its ring's descriptor and gives the same one until it is dropped, with the `AsyncFd`.
    let mut logger = unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) }?;
    tokio::spawn(async move {
        while let Ok(mut ready) = logger.readable_mut().await {
            ready.get_inner_mut().flush();
            ready.clear_ready();
        }
    });
    Ok(())
}
