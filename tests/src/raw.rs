//! Frames as bytes: sent exactly so, and seen exactly so on the far side.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::net::if_::if_nametoindex;
use nix::poll::PollFlags;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, send, setsockopt, socket, sockopt};

use crate::exchange::ready;
use crate::namespace::Namespace;

/// Any protocol, in network byte order.
const EVERY_PROTOCOL: u16 = (libc::ETH_P_ALL as u16).to_be();

/// Longer than any frame of the lab.
const LONGEST: usize = 65_536;

/// A place on a wire: frames go out here, and come in from the far side.
#[derive(Debug)]
pub struct Wire {
    socket: OwnedFd,
}

impl Wire {
    /// Opens an interface of a namespace. What arrives from now on can be received.
    pub fn open(namespace: &Namespace, port: &str) -> Result<Wire> {
        namespace.inside(|| {
            let index = if_nametoindex(port).with_context(|| format!("no interface {port}"))?;
            let socket =
                socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
            // The kernel takes the tag out of a frame before it shows it, and tells it apart.
            set_auxdata(&socket)?;
            setsockopt(&socket, sockopt::RcvBuf, &(4 << 20))?;
            bind(&socket, index)?;
            Ok(Wire { socket })
        })
    }

    /// Sends a frame, from its destination MAC on.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        if !ready(&self.socket, PollFlags::POLLOUT, Duration::from_secs(1))? {
            bail!("the interface takes no frame");
        }
        let sent = send(self.socket.as_raw_fd(), frame, MsgFlags::empty())
            .with_context(|| format!("cannot send a frame of {} bytes", frame.len()))?;
        if sent != frame.len() {
            bail!("only {sent} of {} bytes were sent", frame.len());
        }
        Ok(())
    }

    /// The next frame that came in from the far side, tags included; none when none comes in time.
    pub fn receive(&self, patience: Duration) -> Result<Option<Vec<u8>>> {
        let end = Instant::now() + patience;
        while ready(&self.socket, PollFlags::POLLIN, end.saturating_duration_since(Instant::now()))? {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Waits for a frame that contains these bytes; others are let go.
    pub fn await_marked(&self, marker: &[u8], patience: Duration) -> Result<Option<Vec<u8>>> {
        let end = Instant::now() + patience;
        while let Some(frame) = self.receive(end.saturating_duration_since(Instant::now()))? {
            if contains(&frame, marker) {
                return Ok(Some(frame));
            }
        }
        Ok(None)
    }

    /// Waits until as many frames that contain these bytes came in as should, and then for more that should not: all of
    /// them, in order.
    pub fn await_all_marked(
        &self,
        marker: &[u8],
        wanted: usize,
        patience: Duration,
        silence: Duration,
    ) -> Result<Vec<Vec<u8>>> {
        let end = Instant::now() + patience;
        let mut frames = Vec::new();
        while frames.len() < wanted
            && let Some(frame) = self.await_marked(marker, end.saturating_duration_since(Instant::now()))?
        {
            frames.push(frame);
        }
        frames.extend(self.collect(silence)?.into_iter().filter(|frame| contains(frame, marker)));
        Ok(frames)
    }

    /// Every frame that comes in during this time.
    pub fn collect(&self, time: Duration) -> Result<Vec<Vec<u8>>> {
        let end = Instant::now() + time;
        let mut frames = Vec::new();
        while let Some(frame) = self.receive(end.saturating_duration_since(Instant::now()))? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// Takes one frame from the socket; none where it was one that this side sent.
    fn take(&self) -> Result<Option<Vec<u8>>> {
        let mut frame = vec![0_u8; LONGEST];
        let mut control = [0_u64; 8];
        // SAFETY: all-zero bytes are valid for both plain structures.
        let (mut from, mut message): (libc::sockaddr_ll, libc::msghdr) = unsafe { (mem::zeroed(), mem::zeroed()) };
        let mut part = libc::iovec { iov_base: frame.as_mut_ptr().cast(), iov_len: frame.len() };
        message.msg_name = (&raw mut from).cast();
        message.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control) as _;
        // SAFETY: every pointer in `message` is to a live buffer of the length beside it.
        let received = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut message, 0) };
        let Ok(length) = usize::try_from(received) else {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::WouldBlock {
                Ok(None)
            } else {
                Err(error).context("cannot receive a frame")
            };
        };
        if from.sll_pkttype == libc::PACKET_OUTGOING {
            return Ok(None);
        }
        frame.truncate(length);
        if let Some((ethertype, tag)) = tag_beside(&message) {
            let [t0, t1] = ethertype.to_be_bytes();
            let [c0, c1] = tag.to_be_bytes();
            if frame.len() >= 12 {
                frame.splice(12..12, [t0, t1, c0, c1]);
            }
        }
        Ok(Some(frame))
    }
}

/// True when `marker` is somewhere in the frame.
pub fn contains(frame: &[u8], marker: &[u8]) -> bool {
    frame.windows(marker.len()).any(|window| window == marker)
}

/// How every marker begins.
pub const MARK: &[u8; 8] = b"enforcer";

/// Bytes that occur in no other frame of this process: to be put into a payload and looked for.
pub fn marker() -> [u8; 16] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut marker = *b"enforcer........";
    let number = NEXT.fetch_add(1, Ordering::Relaxed) ^ (u64::from(std::process::id()) << 32);
    for (byte, value) in marker.iter_mut().skip(8).zip(number.to_be_bytes()) {
        *byte = value;
    }
    marker
}

/// The tag that the kernel took out of the frame: its EtherType and its control information.
fn tag_beside(message: &libc::msghdr) -> Option<(u16, u16)> {
    // SAFETY: `message` was filled in by `recvmsg`, and its control buffer is still there.
    let header = unsafe { libc::CMSG_FIRSTHDR(message).as_ref() }?;
    if header.cmsg_level != libc::SOL_PACKET || header.cmsg_type != libc::PACKET_AUXDATA {
        return None;
    }
    // SAFETY: a control message of this level and type holds a `tpacket_auxdata`.
    let auxdata: libc::tpacket_auxdata =
        unsafe { libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>().read_unaligned() };
    let has_tag = auxdata.tp_status & libc::TP_STATUS_VLAN_VALID != 0;
    let ethertype = if auxdata.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0 {
        auxdata.tp_vlan_tpid
    } else {
        libc::ETH_P_8021Q as u16
    };
    has_tag.then_some((ethertype, auxdata.tp_vlan_tci))
}

fn set_auxdata(socket: &OwnedFd) -> Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value is a live integer of the length that is given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_AUXDATA,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    os_result(result).context("cannot ask for tags")
}

fn bind(socket: &OwnedFd, index: u32) -> Result<()> {
    // SAFETY: all-zero bytes are a valid `sockaddr_ll`.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = EVERY_PROTOCOL;
    address.sll_ifindex = libc::c_int::try_from(index)?;
    // SAFETY: the address is a live `sockaddr_ll` of the length that is given.
    let result = unsafe {
        libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size_of_val(&address) as libc::socklen_t)
    };
    os_result(result).context("cannot bind to the interface")
}

fn os_result(result: libc::c_int) -> Result<()> {
    if result != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(())
}
