//! Echo requests by ping sockets, which any user may open where `ping_group_range` allows it.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, recv, sendto, socket,
};

use crate::exchange::ready;
use crate::namespace::Namespace;

/// Sends one echo request; true when its reply came in time.
pub fn echo(from: &Namespace, at: IpAddr, patience: Duration) -> Result<bool> {
    from.inside(|| {
        let (family, protocol, request, reply) = match at {
            IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp, 8, 0),
            IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6, 128, 129),
        };
        let ping = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, protocol)?;
        // Type, code, checksum and identifier (both the kernel's to fill in), sequence 1, eight bytes.
        let message = [request, 0, 0, 0, 0, 0, 0, 1, b'e', b'n', b'f', b'o', b'r', b'c', b'e', b'r'];
        let to = SockaddrStorage::from(SocketAddr::new(at, 0));
        match sendto(ping.as_raw_fd(), &message, &to, MsgFlags::empty()) {
            Ok(_) => {}
            // What this machine drops as it leaves comes back as an error.
            Err(Errno::ENOBUFS | Errno::EPERM) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let end = Instant::now() + patience;
        while ready(&ping, PollFlags::POLLIN, end.saturating_duration_since(Instant::now()))? {
            let mut answer = [0; 128];
            match recv(ping.as_raw_fd(), &mut answer, MsgFlags::empty()) {
                Ok(_) if answer.first() == Some(&reply) => return Ok(true),
                Ok(_) | Err(Errno::EAGAIN) => {}
                Err(Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::EACCES) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    })
}
