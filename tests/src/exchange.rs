//! Hosts that speak: a question over the wire, and whether it arrived and was answered.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, getsockopt, socket, sockopt,
};

use crate::icmp;
use crate::lab::Host;
use crate::namespace::Namespace;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// A TCP connection to this port.
    Tcp(u16),
    /// A UDP datagram to this port.
    Udp(u16),
    /// An echo request, ICMP or ICMPv6.
    Echo,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Service::Tcp(port) => f.pad(&format!("tcp/{port}")),
            Service::Udp(port) => f.pad(&format!("udp/{port}")),
            Service::Echo => f.pad("echo-request"),
        }
    }
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The other side got it (of an echo request, only the answer tells).
    pub arrived: bool,
    /// The answer came back.
    pub answered: bool,
}

/// How long to wait for an answer that is expected: long, for a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait for an answer that should not come; the counters tell the rest.
pub const SILENCE: Duration = Duration::from_millis(250);

/// What a connection that nobody answers ends with.
const UNREACHED: [Errno; 4] = [Errno::EHOSTUNREACH, Errno::ENETUNREACH, Errno::ETIMEDOUT, Errno::ECONNREFUSED];

/// The message that is echoed.
const MESSAGE: &[u8] = b"enforcer lab";

/// Asks whoever listens in `to` at the address `at`, from a port that the system picks, where an answer is expected.
pub fn attempt(from: &Host, to: &Namespace, at: impl Into<IpAddr>, service: Service) -> Result<Seen> {
    attempt_within(from, to, at, service, PATIENCE)
}

/// The same, with a time of its own: [`SILENCE`] where no answer is expected.
pub fn attempt_within(
    from: &Host,
    to: &Namespace,
    at: impl Into<IpAddr>,
    service: Service,
    patience: Duration,
) -> Result<Seen> {
    let at = at.into();
    match service {
        Service::Tcp(port) => tcp(from, to, 0, SocketAddr::new(at, port), patience),
        Service::Udp(port) => udp(from, to, 0, SocketAddr::new(at, port), patience),
        Service::Echo => {
            let answered = icmp::echo(&from.namespace, at, patience)?;
            Ok(Seen { arrived: answered, answered })
        }
    }
}

/// A TCP connection from `source_port` (0: any), a message and its echo.
pub fn tcp(from: &Host, to: &Namespace, source_port: u16, at: SocketAddr, patience: Duration) -> Result<Seen> {
    let listener = to.inside(|| TcpListener::bind(at).with_context(|| format!("cannot listen at {at}")))?;
    listener.set_nonblocking(true)?;
    let own = SocketAddr::new(from.like(at.ip()), source_port);
    let end = Instant::now() + patience;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let server = scope.spawn(|| tcp_echo(&listener, end, &over));
        let answered =
            from.namespace.inside(|| tcp_ask(own, at, patience)).inspect_err(|_| over.store(true, Ordering::Relaxed));
        over.store(true, Ordering::Relaxed);
        let arrived = join(server)?;
        Ok(Seen { arrived, answered: answered? })
    })
}

/// A UDP datagram from `source_port` (0: any) and its echo.
pub fn udp(from: &Host, to: &Namespace, source_port: u16, at: SocketAddr, patience: Duration) -> Result<Seen> {
    let server = to.inside(|| UdpSocket::bind(at).with_context(|| format!("cannot listen at {at}")))?;
    let own = SocketAddr::new(from.like(at.ip()), source_port);
    let client = from.namespace.inside(|| UdpSocket::bind(own).with_context(|| format!("cannot speak from {own}")))?;
    client.connect(at)?;
    server.set_read_timeout(Some(patience))?;
    client.set_read_timeout(Some(patience))?;
    client.send(MESSAGE)?;
    let mut buffer = [0; 64];
    let arrived = match server.recv_from(&mut buffer) {
        Ok((length, peer)) => {
            server.send_to(buffer.get(..length).unwrap_or_default(), peer)?;
            true
        }
        Err(error) if is_silence(&error) => false,
        Err(error) => return Err(error.into()),
    };
    let answered = arrived
        && match client.recv(&mut buffer) {
            Ok(_) => true,
            Err(error) if is_silence(&error) => false,
            Err(error) => return Err(error.into()),
        };
    Ok(Seen { arrived, answered })
}

/// Accepts one connection and echoes one message. True when a connection arrived.
fn tcp_echo(listener: &TcpListener, end: Instant, over: &AtomicBool) -> Result<bool> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                echo_once(stream, end.saturating_duration_since(Instant::now()))?;
                return Ok(true);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if over.load(Ordering::Relaxed) || Instant::now() >= end {
                    return Ok(false);
                }
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn echo_once(mut stream: TcpStream, patience: Duration) -> Result<()> {
    stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
    let mut buffer = [0; 64];
    match stream.read(&mut buffer) {
        Ok(length) => stream.write_all(buffer.get(..length).unwrap_or_default())?,
        Err(error) if is_silence(&error) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Connects, asks and compares the answer. False when it stayed silent.
fn tcp_ask(own: SocketAddr, at: SocketAddr, patience: Duration) -> Result<bool> {
    let Some(mut stream) = tcp_connect(own, at, patience)? else {
        return Ok(false);
    };
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(MESSAGE)?;
    let mut answer = [0; MESSAGE.len()];
    match stream.read_exact(&mut answer) {
        Ok(()) => Ok(answer == MESSAGE),
        Err(error) if is_silence(&error) || error.kind() == ErrorKind::ConnectionReset => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Connects from `own` in the namespace of the calling thread; none when nobody answers in time.
pub fn tcp_connect(own: SocketAddr, at: SocketAddr, patience: Duration) -> Result<Option<TcpStream>> {
    let family = match at {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let client: OwnedFd = socket(family, SockType::Stream, SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC, None)?;
    bind(client.as_raw_fd(), &SockaddrStorage::from(own)).with_context(|| format!("cannot speak from {own}"))?;
    match connect(client.as_raw_fd(), &SockaddrStorage::from(at)) {
        Ok(()) | Err(Errno::EINPROGRESS) => {}
        Err(error) => return Err(error).with_context(|| format!("cannot connect to {at}")),
    }
    if !ready(&client, PollFlags::POLLOUT, patience)? {
        return Ok(None);
    }
    let code = getsockopt(&client, sockopt::SocketError)?;
    if code != 0 {
        let error = Errno::from_raw(code);
        return if UNREACHED.contains(&error) {
            Ok(None)
        } else {
            Err(error).with_context(|| format!("cannot connect to {at}"))
        };
    }
    let stream = TcpStream::from(client);
    stream.set_nonblocking(false)?;
    Ok(Some(stream))
}

/// Waits until a descriptor is ready; false when it is not in time.
pub fn ready(descriptor: &impl AsFd, flags: PollFlags, patience: Duration) -> Result<bool> {
    let end = Instant::now() + patience;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let milliseconds = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
        let mut descriptors = [PollFd::new(descriptor.as_fd(), flags)];
        match poll(&mut descriptors, PollTimeout::from(milliseconds)) {
            Ok(0) if Instant::now() + Duration::from_millis(1) >= end => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// True for the errors that mean: nobody said anything, or was reported unreachable.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
    )
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    match thread.join() {
        Ok(result) => result,
        Err(_) => bail!("a server of the lab panicked"),
    }
}
