//! An image as a file: compiled on one machine, put in force on another, or kept.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0–7 | [`MAGIC`] |
//! | 8–11 | version of the file, [`VERSION`] |
//! | 12–15 | version of the cells' layout, [`enforcer_common::image::VERSION`] |
//! | 16–19 | number of cells |
//! | 20–23 | bytes of the names |
//! | 24–55 | digest of the policy that it was compiled from |
//! | 56–63 | zero |
//! | 64–95 | SHA-256 of everything but itself and the appendix |
//! | … | the cells, 64 bytes each |
//! | … | the names, as JSON |
//! | then | the appendix: its length (4 bytes), its SHA-256, and the places of the rules, as JSON |
//!
//! Numbers are little-endian. Two policies that differ only in where things are written differ only in the appendix.
//!
//! The checksums are against damage, not against an enemy: who can write the file decides what is in force, as with a policy.
//! Yet what a file says is not believed: cells that a lookup could follow out of the image, or round in it, are refused even
//! where the checksum is right.

mod follow;
mod format;
mod names;
mod sound;
mod tables;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::compile::image::Image;
use crate::compile::verify;
use crate::policy::facts::Facts;

pub use format::{MAGIC, VERSION, mend};

/// No image is longer: cells are counted in 25 bits.
const LONGEST: u64 = 1 << 32;

/// What an image file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    /// The generation.
    pub image: Image,
    /// The router's addresses that it was compiled for.
    pub facts: Facts,
    /// Interfaces left alone on purpose.
    pub ignore: Vec<String>,
}

/// Why a file is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file cannot be read at all.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It does not start as images do.
    #[error("is no image of a policy")]
    NoImage,
    /// It was written by another version of the program.
    #[error("is an image of version {found}, and this program reads version {known}: compile the policy again")]
    Version {
        /// What the file says: version of the file, and of the layout of cells.
        found: String,
        /// What would be read.
        known: String,
    },
    /// It is cut, or a byte of it has changed.
    #[error("is damaged: {0}")]
    Damaged(&'static str),
    /// It is whole, and yet no image that the compiler writes.
    #[error("is no image that can be put in force: {0}")]
    Unsound(String),
}

impl ImageFile {
    /// The bytes of the file. The same image gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let names = names::write(self);
        let places = names::write_places(&self.image.names);
        format::write(&self.image, &names, &places)
    }

    /// Reads a file from memory. What comes back can be put in force as it is.
    pub fn from_bytes(bytes: &[u8]) -> Result<ImageFile, Refusal> {
        let parts = format::read(bytes)?;
        let mut file = names::read(parts.names).map_err(Refusal::Unsound)?;
        names::read_places(parts.places, &mut file.image.names).map_err(Refusal::Unsound)?;
        file.image.cells = parts.cells;
        file.image.digest = parts.digest;
        if !verify(&file.image.cells) {
            return Err(Refusal::Unsound("its cells have a checksum of their own that is wrong".into()));
        }
        sound::check(&file.image).map_err(Refusal::Unsound)?;
        Ok(file)
    }

    /// Reads a file.
    pub fn open(path: &Path) -> Result<ImageFile, Refusal> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
        ImageFile::from_bytes(&bytes)
    }
}

/// True for a file that starts as images do. False for one that cannot be read: whoever reads it as a policy says why.
pub fn is_image(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == MAGIC
}
