//! Tells of changes of interfaces and addresses, many at once as one.

use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use rtnetlink::MulticastGroup;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// Changes that follow one another within this time are told as one.
const QUIET: Duration = Duration::from_millis(200);
/// A change is told after this time even where there is no end to them.
const LONGEST: Duration = Duration::from_secs(1);

/// Starts to watch; the receiver gets a word for each burst of changes.
pub fn start() -> anyhow::Result<mpsc::Receiver<()>> {
    let groups = [MulticastGroup::Link, MulticastGroup::Ipv4Ifaddr, MulticastGroup::Ipv6Ifaddr];
    let (connection, _, mut messages) =
        rtnetlink::new_multicast_connection(&groups).context("cannot watch the interfaces")?;
    tokio::spawn(connection);
    let (tell, told) = mpsc::channel(1);
    tokio::spawn(async move {
        while messages.next().await.is_some() {
            let first = Instant::now();
            while first.elapsed() < LONGEST && matches!(timeout(QUIET, messages.next()).await, Ok(Some(_))) {}
            if tell.send(()).await.is_err() {
                return;
            }
        }
        tracing::error!("the kernel no longer tells of changes of interfaces; restart enforcer to follow them again");
    });
    Ok(told)
}
