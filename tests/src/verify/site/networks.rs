//! Networks that nest in each other and lie side by side, and the addresses at their edges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::verify::dice::Dice;

const LENGTHS4: [u8; 14] = [8, 12, 16, 20, 22, 23, 24, 24, 25, 26, 28, 30, 31, 32];
const LENGTHS6: [u8; 15] = [16, 32, 48, 56, 62, 63, 64, 64, 65, 72, 96, 112, 124, 127, 128];
const OCTETS: [u8; 10] = [0, 1, 2, 63, 64, 127, 128, 191, 254, 255];
const GROUPS: [u16; 8] = [0, 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10];

/// A network out of a small space, so that many meet.
pub(super) fn network(dice: &mut Dice) -> IpNet {
    if dice.percent(50) { network4(dice) } else { network6(dice) }
}

fn network4(dice: &mut Dice) -> IpNet {
    let [c, d] = [*dice.pick(&OCTETS), *dice.pick(&OCTETS)];
    let address = match dice.below(10) {
        0 => Ipv4Addr::new(203, 0, 113, d),
        1 => Ipv4Addr::new(192, 168, c, d),
        2 => Ipv4Addr::new(10, *dice.pick(&OCTETS), c, d),
        _ => Ipv4Addr::new(10, 0, c, d),
    };
    let net = Ipv4Net::new(address, *dice.pick(&LENGTHS4));
    net.map_or_else(|_| Ipv4Net::from(address).into(), |net| net.trunc().into())
}

fn network6(dice: &mut Dice) -> IpNet {
    let [d, e, h] = [(); 3].map(|()| *dice.pick(&GROUPS));
    let address = match dice.below(8) {
        0 => Ipv6Addr::new(0x2001, 0xdb8, 0x113, 0, 0, 0, 0, h),
        1 => Ipv6Addr::new(0xfd00, 0, 0, d, e, 0, 0, h),
        _ => Ipv6Addr::new(0xfd00, 0, 0, d & 3, 0, 0, 0, h),
    };
    let net = Ipv6Net::new(address, *dice.pick(&LENGTHS6));
    net.map_or_else(|_| Ipv6Net::from(address).into(), |net| net.trunc().into())
}

/// A neighbour, a part, a hole or the surroundings of a network.
pub(super) fn relative(net: IpNet, dice: &mut Dice) -> IpNet {
    let length = net.prefix_len();
    let longest = net.max_prefix_len();
    let of = |address: IpAddr, length: u8| IpNet::new(address, length).map_or(net, |net| net.trunc());
    match dice.below(5) {
        0 if length > 8 => of(flipped(net.addr(), length - 1), length),
        1 if length > 8 => of(net.addr(), length - dice.between(1, 3.min(usize::from(length) - 8)) as u8),
        2 if length < longest => of(edge(net, dice), longest),
        3 if length < longest => of(flipped(net.addr(), length), length + 1),
        _ => of(net.addr(), dice.between(usize::from(length), usize::from(longest)) as u8),
    }
}

/// The address with one bit turned, counted from the highest.
fn flipped(address: IpAddr, bit: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() ^ (1 << (31 - bit.min(31)))).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() ^ (1 << (127 - bit.min(127)))).into(),
    }
}

/// The first or last address of a network, one beside them, or any in it.
pub(super) fn edge(net: IpNet, dice: &mut Dice) -> IpAddr {
    let (first, last) = (net.network(), net.broadcast());
    match dice.below(5) {
        0 => first,
        1 => last,
        2 => moved(first, 1),
        3 => moved(last, -1),
        _ => inside(net, dice),
    }
}

/// The address so many behind this one.
pub(crate) fn moved(address: IpAddr, by: i8) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits().wrapping_add_signed(by.into())).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits().wrapping_add_signed(by.into())).into(),
    }
}

/// Any address of a network.
pub(crate) fn inside(net: IpNet, dice: &mut Dice) -> IpAddr {
    match net {
        IpNet::V4(net) => {
            Ipv4Addr::from_bits(net.network().to_bits() | dice.bits() as u32 & net.hostmask().to_bits()).into()
        }
        IpNet::V6(net) => Ipv6Addr::from_bits(net.network().to_bits() | dice.bits() & net.hostmask().to_bits()).into(),
    }
}

/// False for what no host can have: unspecified, loopback, link-local, group and broadcast addresses.
pub(super) fn is_usable(address: IpAddr) -> bool {
    let special = match address {
        IpAddr::V4(address) => address.is_link_local() || matches!(address.octets()[0], 0 | 240..),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[..6] == [0; 6],
    };
    !special && !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
}
