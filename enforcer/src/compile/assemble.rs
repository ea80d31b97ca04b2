//! The cells of an image, in order: headers, ladders, endpoints, tables, zones, matrix, ports, profiles.

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::image::{FLAG_AUDIT_ALL, FLAG_LEARNS, MAGIC, VERSION, head0, head1, zone};
use enforcer_common::ladder::Ref;
use enforcer_common::table::{PAIR, Table};
use sha2::{Digest, Sha256};

use super::endpoints::DeviceFacts;
use super::image::Image;
use super::labels::Labels;
use super::ladder::Ladders;
use super::numbers::Numbers;
use super::profiles::Bindings;
use super::table::Builder;
use super::{Error, addresses, pairs};
use crate::policy::facts::Facts;
use crate::policy::model::{Policy, ZoneId};

/// The first cell of the ladders.
const LADDERS: usize = 2;

/// Compiles a policy. The same policy and facts give the same cells.
pub fn compile(policy: &Policy, facts: &Facts) -> Result<Image, Error> {
    let numbers = Numbers::of(policy)?;
    let mut labels = Labels::of(policy);
    let mut ladders = Ladders::new(LADDERS as u32);
    let named = pairs::named(policy);
    let mut bindings = Bindings::new(policy);
    let devices: Vec<DeviceFacts> = policy
        .devices
        .iter()
        .enumerate()
        .map(|(i, device)| {
            let (label, profile) = bindings.bind(device);
            DeviceFacts { label, profile, special: named.contains(&crate::policy::model::DeviceId(i)) }
        })
        .collect();
    let who = addresses::build(policy, facts, &numbers, &mut labels, &mut ladders, &devices)?;
    let what = pairs::build(policy, &numbers, &mut ladders)?;
    let profiles = bindings.cells(policy, &numbers, &labels.answered(), &mut ladders)?;

    let mut cells: Vec<Cell> = vec![[0; WORDS]; LADDERS];
    cells.extend(ladders.into_cells());
    let (mut first, mut second) = ([0u32; WORDS], [0u32; WORDS]);
    first[head0::MAGIC] = MAGIC;
    first[head0::VERSION] = VERSION;
    first[head0::FLAGS] =
        if is_all_audit(policy) { FLAG_AUDIT_ALL } else { 0 } | if learns(policy) { FLAG_LEARNS } else { 0 };
    first[head0::PREFIXES4] = who.prefixes4.0;
    first[head0::PREFIXES6] = who.prefixes6.0;
    first[head0::ENDPOINTS] = cells.len() as u32;
    second[head1::ENDPOINT_COUNT] = who.endpoints.count();
    cells.extend(who.endpoints.cells());
    put(&mut first, head0::HOSTS4, who.hosts4.finish(&mut cells, 0));
    put(&mut first, head0::HOSTS6, who.hosts6.finish(&mut cells, 0));
    put(&mut first, head0::MACS, who.macs.finish(&mut cells, 0));

    let count = numbers.names.zones.len();
    second[head1::ZONES] = cells.len() as u32;
    second[head1::ZONE_COUNT] = count as u32;
    cells.extend(zones(policy, &numbers, &who.anonymous));
    second[head1::MATRIX] = cells.len() as u32;
    cells.extend(matrix(&numbers, count, &what));
    let mut table = Builder::<2, 3>::new(PAIR);
    for ((from, to), entry) in &what.devices {
        table.insert([*from, *to], entry.map(|reference| reference.0));
    }
    put(&mut second, head1::PAIRS, table.finish(&mut cells, 0));

    second[head1::PORTS] = cells.len() as u32;
    second[head1::PORT_COUNT] = numbers.names.ports.len() as u32;
    cells.extend(ports(policy, &numbers));
    second[head1::PROFILES] = cells.len() as u32;
    second[head1::PROFILE_COUNT] = profiles.len() as u32;
    cells.extend(profiles);
    second[head1::RULE_COUNT] = numbers.names.rules.len() as u32;
    second[head1::DEVICE_COUNT] = numbers.names.devices.len() as u32;

    first[head0::CELLS] = cells.len() as u32;
    cells[0] = first;
    cells[1] = second;
    cells[1][head1::CHECKSUM] = check_sum(&cells);
    Ok(Image { cells, digest: crate::policy::digest(policy), names: numbers.names })
}

/// First 4 bytes of the SHA-256 of all cells, with the checksum's own word as 0, little-endian.
pub fn check_sum(cells: &[Cell]) -> u32 {
    let mut hash = Sha256::new();
    for (i, cell) in cells.iter().enumerate() {
        let mut cell = *cell;
        if i == 1 {
            cell[head1::CHECKSUM] = 0;
        }
        let mut bytes = [0u8; WORDS * 4];
        for (to, word) in bytes.chunks_exact_mut(4).zip(cell) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        hash.update(bytes);
    }
    let digest = hash.finalize();
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// True where the cells are a whole, undamaged image of this version.
pub fn verify(cells: &[Cell]) -> bool {
    cells.len() >= LADDERS
        && cells[0][head0::MAGIC] == MAGIC
        && cells[0][head0::VERSION] == VERSION
        && cells[0][head0::CELLS] as usize == cells.len()
        && cells[1][head1::CHECKSUM] == check_sum(cells)
}

fn put(header: &mut Cell, at: usize, table: Table) {
    header[at] = table.start;
    header[at + 1] = table.mask;
    header[at + 2] = table.seed;
}

/// The top-level mode is audit: it shows in the built-in zone, which has no mode of its own.
fn is_all_audit(policy: &Policy) -> bool {
    policy.zones[policy.router_zone.0].audit
}

/// Some device is known by its MAC and not by all of its addresses.
fn learns(policy: &Policy) -> bool {
    policy.devices.iter().any(|device| {
        let has = |v6: bool| device.addresses.iter().any(|address| address.is_ipv6() == v6);
        device.mac.is_some() && !(has(false) && has(true))
    })
}

/// Zone records by number, four to a cell.
fn zones(policy: &Policy, numbers: &Numbers, anonymous: &[u32]) -> Vec<Cell> {
    let mut cells = vec![[0; WORDS]; numbers.names.zones.len().div_ceil(4)];
    for (i, record) in policy.zones.iter().enumerate() {
        let number = numbers.zone(ZoneId(i)) as usize;
        let set = |condition: bool, bit: u32| if condition { bit } else { 0 };
        let at = number % 4 * 4;
        cells[number / 4][at] = set(record.audit, zone::AUDIT)
            | set(record.essentials, zone::ESSENTIALS)
            | set(record.is_uplink(), zone::UPLINK);
        cells[number / 4][at + 1] = anonymous[i];
    }
    cells
}

/// The zone matrix, four pairs to a cell.
fn matrix(numbers: &Numbers, count: usize, what: &pairs::Pairs) -> Vec<Cell> {
    let mut cells = vec![[Ref::NOTHING.0; WORDS]; (count * count).div_ceil(4)];
    for ((from, to), entry) in &what.zones {
        let index = numbers.zone(*from) as usize * count + numbers.zone(*to) as usize;
        for (i, reference) in entry.iter().enumerate() {
            cells[index / 4][index % 4 * 4 + i] = reference.0;
        }
    }
    cells
}

/// Ports by number: the count of zones, whether all of them are in audit (bit 16), and the zones.
fn ports(policy: &Policy, numbers: &Numbers) -> Vec<Cell> {
    let audit: Vec<u16> =
        policy.zones.iter().enumerate().filter(|(_, zone)| zone.audit).map(|(i, _)| numbers.zone(ZoneId(i))).collect();
    let write = |port: &super::image::PortName| {
        let mut cell = [0; WORDS];
        let all_audit = !port.zones.is_empty() && port.zones.iter().all(|zone| audit.contains(zone));
        cell[0] = port.zones.len() as u32 | u32::from(all_audit) << 16;
        for (word, zone) in cell[1..].iter_mut().zip(&port.zones) {
            *word = u32::from(*zone);
        }
        cell
    };
    numbers.names.ports.iter().map(write).collect()
}
