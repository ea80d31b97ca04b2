//! What every input must hold to, by kind of input. The fuzz targets hand their bytes to these; what they assert is what
//! users rely on, not only that nothing panics.

pub mod image;
mod judge;
pub mod mud;
pub mod packet;
pub mod pcap;
pub mod policy;

use std::path::Path;
use std::sync::OnceLock;

/// The folder of the demo's policy, with its one MUD file `mud/camera.json`.
fn demo() -> &'static Path {
    static FOLDER: OnceLock<std::path::PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo"))
}
