//! What cards do in place of the CPU. VLAN tags are taken back onto the frame: one that the card takes off never reaches XDP.

use std::ffi::c_char;
use std::io;
use std::os::fd::AsRawFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

const ETHTOOL_GET_FLAGS: u32 = 0x25;
const ETHTOOL_SET_FLAGS: u32 = 0x26;
const ETHTOOL_GET_STRINGS: u32 = 0x1b;
const ETHTOOL_GET_SET_INFO: u32 = 0x37;
const ETHTOOL_GET_FEATURES: u32 = 0x3a;
/// Words of a name: `ETH_GSTRING_LEN` bytes.
const NAME_WORDS: usize = 8;
/// `ETH_FLAG_RXVLAN`.
const RX_VLAN: u32 = 1 << 8;

/// `ETH_SS_FEATURES`.
const FEATURES: u32 = 4;

/// Runs an ethtool command. `words` starts with its number, and is as long as what the kernel writes for it.
fn ethtool(interface: &str, words: &mut [u32]) -> io::Result<()> {
    let fd = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // SAFETY: plain bytes and pointers; zeros are a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as c_char;
    }
    request.ifr_ifru.ifru_data = words.as_mut_ptr().cast();
    // SAFETY: `request` names an interface, ends its name with 0 and points at a value of the form and length that the
    // command takes, which outlives the call.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), libc::SIOCETHTOOL as _, std::ptr::from_mut(&mut request)) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A command with one value; gives the value that the kernel left there.
fn value(interface: &str, command: u32, data: u32) -> io::Result<u32> {
    let mut words = [command, data];
    ethtool(interface, &mut words)?;
    Ok(words[1])
}

/// True where the feature of this name (as `ethtool -k` has it, or the kernel's own) is on; nothing where the interface knows
/// no such feature.
pub fn feature(interface: &str, name: &str) -> io::Result<Option<bool>> {
    // Command, reserved, a 64-bit mask of sets of strings, and the length of the one asked for.
    let mask = (1u64 << FEATURES).to_ne_bytes();
    let [a, b, c, d, e, f, g, h] = mask;
    let halves = [[a, b, c, d], [e, f, g, h]].map(u32::from_ne_bytes);
    let mut set = [ETHTOOL_GET_SET_INFO, 0, halves[0], halves[1], 0];
    ethtool(interface, &mut set)?;
    let count = set[4] as usize;
    // Command, set, length, and the strings.
    let mut strings = vec![0; 3 + count * NAME_WORDS];
    strings[..3].copy_from_slice(&[ETHTOOL_GET_STRINGS, FEATURES, set[4]]);
    ethtool(interface, &mut strings)?;
    let is_it = |words: &[u32]| {
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
        bytes.take_while(|byte| *byte != 0).eq(name.bytes())
    };
    let Some(number) = strings[3..].chunks(NAME_WORDS).position(is_it) else {
        return Ok(None);
    };
    // Command, length, and four words for every 32 features: available, requested, active, never changed.
    let blocks = count.div_ceil(32);
    let mut states = vec![0; 2 + blocks * 4];
    states[..2].copy_from_slice(&[ETHTOOL_GET_FEATURES, blocks as u32]);
    ethtool(interface, &mut states)?;
    Ok(states.get(2 + number / 32 * 4 + 2).map(|active| active >> (number % 32) & 1 == 1))
}

/// Leaves VLAN tags on the frames that `interface` receives. True where it did not do so before.
pub fn keep_tags(interface: &str) -> io::Result<bool> {
    let flags = match value(interface, ETHTOOL_GET_FLAGS, 0) {
        Ok(flags) => flags,
        // No ethtool: nothing takes tags off.
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => return Ok(false),
        Err(error) => return Err(error),
    };
    if flags & RX_VLAN == 0 {
        return Ok(false);
    }
    value(interface, ETHTOOL_SET_FLAGS, flags & !RX_VLAN)?;
    Ok(true)
}

/// Lets the card take tags off again.
pub fn restore_tags(interface: &str) -> io::Result<()> {
    let flags = value(interface, ETHTOOL_GET_FLAGS, 0)?;
    value(interface, ETHTOOL_SET_FLAGS, flags | RX_VLAN).map(drop)
}
