//! The frame of an image file: header, parts, checksums.

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::image;
use sha2::{Digest, Sha256};

use super::Refusal;
use crate::compile::image::Image;

/// How the file starts. The first byte is no text, and the line end does not survive a transfer as text.
pub const MAGIC: [u8; 8] = *b"\x89ENFIMG\n";
/// Version of the file around the cells.
pub const VERSION: u32 = 1;

const HEADER: usize = 64;
const SUM: usize = 32;
const CELL: usize = size_of::<Cell>();

/// The parts of a file whose checksums are right.
pub(super) struct Parts<'a> {
    pub(super) digest: [u8; 32],
    pub(super) cells: Vec<Cell>,
    pub(super) names: &'a [u8],
    pub(super) places: &'a [u8],
}

/// Puts the parts together.
pub(super) fn write(image: &Image, names: &[u8], places: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + 2 * SUM + image.cells.len() * CELL + names.len() + places.len() + 4);
    file.extend(MAGIC);
    for number in [VERSION, image::VERSION, image.cells.len() as u32, names.len() as u32] {
        file.extend(number.to_le_bytes());
    }
    file.extend(image.digest);
    file.resize(HEADER + SUM, 0);
    file.extend(image.cells.iter().flatten().flat_map(|word| word.to_le_bytes()));
    file.extend(names);
    let sum = sum(&file);
    file[HEADER..HEADER + SUM].copy_from_slice(&sum);
    file.extend((places.len() as u32).to_le_bytes());
    file.extend(Sha256::digest(places));
    file.extend(places);
    file
}

/// SHA-256 of header, cells and names.
fn sum(file: &[u8]) -> [u8; SUM] {
    let mut hash = Sha256::new();
    hash.update(&file[..HEADER]);
    hash.update(&file[HEADER + SUM..]);
    hash.finalize().into()
}

/// Takes a file apart. Every byte of it is accounted for.
pub(super) fn read(file: &[u8]) -> Result<Parts<'_>, Refusal> {
    if !file.starts_with(&MAGIC) {
        return Err(Refusal::NoImage);
    }
    let mut rest = Rest(&file[MAGIC.len()..]);
    let versions = (rest.number()?, rest.number()?);
    if versions != (VERSION, image::VERSION) {
        let said = |(file, cells): (u32, u32)| format!("{file}.{cells}");
        return Err(Refusal::Version { found: said(versions), known: said((VERSION, image::VERSION)) });
    }
    let (cell_count, names_length) = (rest.number()? as usize, rest.number()? as usize);
    let digest = rest.array()?;
    if rest.array::<8>()? != [0; 8] {
        return Err(Refusal::Damaged("something stands where nothing should"));
    }
    let claimed: [u8; SUM] = rest.array()?;
    let cells = rest.take(cell_count.checked_mul(CELL).ok_or(CUT)?)?;
    let names = rest.take(names_length)?;
    let behind = rest.0.len();
    if sum(&file[..file.len() - behind]) != claimed {
        return Err(Refusal::Damaged("its checksum is wrong"));
    }
    let places_length = rest.number()? as usize;
    let claimed: [u8; SUM] = rest.array()?;
    let places = rest.take(places_length)?;
    if <[u8; SUM]>::from(Sha256::digest(places)) != claimed {
        return Err(Refusal::Damaged("the checksum of its appendix is wrong"));
    }
    if !rest.0.is_empty() {
        return Err(Refusal::Damaged("it goes on behind its end"));
    }
    Ok(Parts { digest, cells: cells.chunks_exact(CELL).map(cell).collect(), names, places })
}

fn cell(bytes: &[u8]) -> Cell {
    let mut cell = [0; WORDS];
    for (word, bytes) in cell.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    cell
}

/// Gives a file the checksums that its content should have, and its header the lengths, as far as they can be: for tests that
/// look behind them.
pub fn mend(file: &mut Vec<u8>) {
    if file.len() < HEADER + SUM {
        return;
    }
    let number = |file: &[u8], at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
    let room = file.len() - HEADER - SUM;
    let cells = (number(file, 16) as usize).min(room / CELL);
    let names = (number(file, 20) as usize).min(room - cells * CELL);
    file[..MAGIC.len()].copy_from_slice(&MAGIC);
    file[8..12].copy_from_slice(&VERSION.to_le_bytes());
    file[12..16].copy_from_slice(&image::VERSION.to_le_bytes());
    file[16..20].copy_from_slice(&(cells as u32).to_le_bytes());
    file[20..24].copy_from_slice(&(names as u32).to_le_bytes());
    file[56..HEADER].fill(0);
    let start = HEADER + SUM;
    if cells > 1 {
        let mut own: Vec<Cell> = file[start..start + cells * CELL].chunks_exact(CELL).map(cell).collect();
        own[0][image::head0::MAGIC] = image::MAGIC;
        own[0][image::head0::VERSION] = image::VERSION;
        own[0][image::head0::CELLS] = cells as u32;
        own[1][image::head1::CHECKSUM] = crate::compile::check_sum(&own);
        for (at, word) in own[..2].as_flattened().iter().enumerate() {
            file[start + at * 4..start + at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
    }
    let end = start + cells * CELL + names;
    let sum = sum(&file[..end]);
    file[HEADER..start].copy_from_slice(&sum);
    if file.len() < end + 4 + SUM {
        file.resize(end + 4 + SUM, 0);
    }
    let places = (file.len() - end - 4 - SUM) as u32;
    file[end..end + 4].copy_from_slice(&places.to_le_bytes());
    let sum = Sha256::digest(&file[end + 4 + SUM..]);
    file[end + 4..end + 4 + SUM].copy_from_slice(&sum);
}

const CUT: Refusal = Refusal::Damaged("it ends before its end");

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32, Refusal> {
        self.array().map(u32::from_le_bytes)
    }
}
