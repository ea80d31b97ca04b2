//! Takes VLAN tags back onto the frame: a tag that the card takes off never reaches XDP.

use std::ffi::c_char;
use std::io;
use std::os::fd::AsRawFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

const ETHTOOL_GET_FLAGS: u32 = 0x25;
const ETHTOOL_SET_FLAGS: u32 = 0x26;
/// `ETH_FLAG_RXVLAN`.
const RX_VLAN: u32 = 1 << 8;

#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// One ethtool command with one value; gives the value that the kernel left there.
fn ethtool(interface: &str, command: u32, data: u32) -> io::Result<u32> {
    let fd = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    let mut value = EthtoolValue { command, data };
    // SAFETY: plain bytes and pointers; zeros are a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as c_char;
    }
    request.ifr_ifru.ifru_data = std::ptr::from_mut(&mut value).cast();
    // SAFETY: `request` names an interface, ends its name with 0 and points at a value of the form that both commands take.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::SIOCETHTOOL as _, std::ptr::from_mut(&mut request)) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(value.data)
}

/// Leaves VLAN tags on the frames that `interface` receives. True where it did not do so before.
pub fn keep_tags(interface: &str) -> io::Result<bool> {
    let flags = match ethtool(interface, ETHTOOL_GET_FLAGS, 0) {
        Ok(flags) => flags,
        // No ethtool: nothing takes tags off.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => return Ok(false),
        Err(error) => return Err(error),
    };
    if flags & RX_VLAN == 0 {
        return Ok(false);
    }
    ethtool(interface, ETHTOOL_SET_FLAGS, flags & !RX_VLAN)?;
    Ok(true)
}

/// Lets the card take tags off again.
pub fn restore_tags(interface: &str) -> io::Result<()> {
    let flags = ethtool(interface, ETHTOOL_GET_FLAGS, 0)?;
    ethtool(interface, ETHTOOL_SET_FLAGS, flags | RX_VLAN).map(drop)
}
