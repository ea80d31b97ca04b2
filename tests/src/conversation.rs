//! TCP connections that go on: both ends are at hand, and either may speak at any time.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::PollFlags;

use crate::exchange::{ready, tcp_connect};
use crate::namespace::Namespace;

/// What is said each time.
const WORD: &[u8; 8] = b"go on...";

/// A TCP connection between two namespaces.
#[derive(Debug)]
pub struct Conversation {
    client: TcpStream,
    server: TcpStream,
    peer: SocketAddr,
}

impl Conversation {
    /// Connects from `own` to a listener at `at`; none when it does not come about in time.
    pub fn open(
        from: &Namespace,
        own: impl Into<IpAddr>,
        to: &Namespace,
        at: SocketAddr,
        patience: Duration,
    ) -> Result<Option<Conversation>> {
        let own = SocketAddr::new(own.into(), 0);
        let listener = to.inside(|| TcpListener::bind(at).with_context(|| format!("cannot listen at {at}")))?;
        let Some(client) = from.inside(|| tcp_connect(own, at, patience))? else {
            return Ok(None);
        };
        if !ready(&listener, PollFlags::POLLIN, patience)? {
            return Ok(None);
        }
        let (server, peer) = listener.accept()?;
        for end in [&client, &server] {
            end.set_nodelay(true)?;
            end.set_write_timeout(Some(patience))?;
        }
        Ok(Some(Conversation { client, server, peer }))
    }

    /// The client as the server sees it.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Says something from the client's end; true when it reached the server.
    pub fn from_client(&mut self, patience: Duration) -> Result<bool> {
        say(&mut self.client, &mut self.server, patience)
    }

    /// Says something from the server's end; true when it reached the client.
    pub fn from_server(&mut self, patience: Duration) -> Result<bool> {
        say(&mut self.server, &mut self.client, patience)
    }

    /// Both ways; true when both arrived.
    pub fn goes_on(&mut self, patience: Duration) -> Result<bool> {
        Ok(self.from_client(patience)? && self.from_server(patience)?)
    }
}

fn say(from: &mut TcpStream, to: &mut TcpStream, patience: Duration) -> Result<bool> {
    from.write_all(WORD)?;
    to.set_read_timeout(Some(patience))?;
    let mut heard = [0; WORD.len()];
    match to.read_exact(&mut heard) {
        Ok(()) => Ok(&heard == WORD),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A datagram and its answer: who asked, as the asked one sees it (none: it did not arrive), and whether the answer came.
pub fn datagram(
    from: &Namespace,
    own: impl Into<IpAddr>,
    to: &Namespace,
    at: SocketAddr,
    patience: Duration,
) -> Result<(Option<SocketAddr>, bool)> {
    let own = SocketAddr::new(own.into(), 0);
    let server = to.inside(|| UdpSocket::bind(at).with_context(|| format!("cannot listen at {at}")))?;
    let client = from.inside(|| UdpSocket::bind(own).with_context(|| format!("cannot speak from {own}")))?;
    client.send_to(WORD, at)?;
    let mut heard = [0; 64];
    if !ready(&server, PollFlags::POLLIN, patience)? {
        return Ok((None, false));
    }
    let (_, peer) = server.recv_from(&mut heard)?;
    server.send_to(WORD, peer)?;
    Ok((Some(peer), ready(&client, PollFlags::POLLIN, patience)?))
}
