//! Captures: pcap and pcapng, frame by frame, with what the file says of each frame.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pcap_file::PcapError;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::PcapNgReader;
use thiserror::Error;

use super::pcapng;

/// One frame as it was captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Number in the capture, from 1.
    pub number: u64,
    /// Nanoseconds since 1970, or since whatever the writer counted from.
    pub time: u64,
    /// Number of the link type: 1 is Ethernet.
    pub link: u32,
    /// Name of the interface that it was captured on, where the file tells.
    pub interface: Option<Arc<str>>,
    /// The file says that it was leaving by that interface.
    pub outgoing: bool,
    /// Bytes that it had on the wire.
    pub length: u32,
    /// Bytes that were captured.
    pub bytes: Vec<u8>,
}

/// Why a capture cannot be read on.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is neither pcap nor pcapng.
    #[error("{} is no capture: it starts neither as pcap nor as pcapng", .0.display())]
    NoCapture(PathBuf),
    /// The file is damaged.
    #[error("the capture is broken at frame {frame}: {what}")]
    Broken {
        /// Number of the frame that could not be read.
        frame: u64,
        /// What is wrong.
        what: String,
    },
}

/// A capture that can be read more than once.
#[derive(Debug)]
pub struct Capture {
    path: PathBuf,
    /// The content, where the file itself can be read only once: a pipe.
    content: Option<Arc<[u8]>>,
}

impl Capture {
    /// Opens a capture. What is no regular file is read into memory.
    pub fn open(path: &Path) -> Result<Capture, CaptureError> {
        let unreadable = |source| CaptureError::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let kind = file.metadata().map_err(unreadable)?.file_type();
        let content = if kind.is_file() {
            None
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(unreadable)?;
            Some(bytes.into())
        };
        Ok(Capture { path: path.to_owned(), content })
    }

    /// A capture in memory, called by a name in messages.
    pub fn of(name: &str, content: impl Into<Arc<[u8]>>) -> Capture {
        Capture { path: name.into(), content: Some(content.into()) }
    }

    /// The frames, from the first.
    pub fn frames(&self) -> Result<Frames, CaptureError> {
        let mut source = self.source()?;
        let mut magic = [0; 4];
        let format = match source.read_exact(&mut magic) {
            Ok(()) => Format::of(magic),
            Err(_) => None,
        };
        let no_capture = |_| CaptureError::NoCapture(self.path.clone());
        let whole = Box::new(Cursor::new(magic).chain(source)) as Box<dyn Read>;
        let reader = match format {
            None => return Err(CaptureError::NoCapture(self.path.clone())),
            Some(Format::Pcap { fraction }) => {
                Reader::Pcap { reader: PcapReader::new(whole).map_err(no_capture)?, fraction }
            }
            Some(Format::PcapNg) => Reader::PcapNg(PcapNgReader::new(whole).map_err(no_capture)?),
        };
        Ok(Frames { reader, number: 0, ended: false })
    }

    fn source(&self) -> Result<Box<dyn Read>, CaptureError> {
        if let Some(content) = &self.content {
            return Ok(Box::new(Cursor::new(Arc::clone(content))));
        }
        match File::open(&self.path) {
            Ok(file) => Ok(Box::new(file)),
            Err(source) => Err(CaptureError::Unreadable { path: self.path.clone(), source }),
        }
    }
}

/// What the first four bytes tell.
#[derive(Debug, Clone, Copy)]
enum Format {
    /// pcap; the fraction of a second counts so many nanoseconds.
    Pcap {
        fraction: u64,
    },
    PcapNg,
}

impl Format {
    fn of(magic: [u8; 4]) -> Option<Format> {
        match u32::from_be_bytes(magic) {
            0xa1b2_c3d4 | 0xd4c3_b2a1 => Some(Format::Pcap { fraction: 1000 }),
            0xa1b2_3c4d | 0x4d3c_b2a1 => Some(Format::Pcap { fraction: 1 }),
            0x0a0d_0d0a => Some(Format::PcapNg),
            _ => None,
        }
    }
}

enum Reader {
    Pcap { reader: PcapReader<Box<dyn Read>>, fraction: u64 },
    PcapNg(PcapNgReader<Box<dyn Read>>),
}

/// The frames of a capture, in order. After an error there is nothing more.
pub struct Frames {
    reader: Reader,
    number: u64,
    ended: bool,
}

impl Iterator for Frames {
    type Item = Result<Frame, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.number += 1;
        let frame = match &mut self.reader {
            Reader::Pcap { reader, fraction } => next_of_pcap(reader, *fraction, self.number),
            Reader::PcapNg(reader) => pcapng::next(reader, self.number),
        };
        self.ended = !matches!(frame, Some(Ok(_)));
        let number = self.number;
        frame.map(|frame| frame.map_err(|error| CaptureError::Broken { frame: number, what: describe(&error) }))
    }
}

/// The record as it stands: the crate's own check refuses frames that were longer on the wire than what is captured of each.
fn next_of_pcap(
    reader: &mut PcapReader<Box<dyn Read>>,
    fraction: u64,
    number: u64,
) -> Option<Result<Frame, PcapError>> {
    // The upper half says whether a checksum follows the frame.
    let link = u32::from(reader.header().datalink) & 0xffff;
    let record = reader.next_raw_packet()?;
    Some(record.map(|record| Frame {
        number,
        time: u64::from(record.ts_sec) * 1_000_000_000 + u64::from(record.ts_frac) * fraction,
        link,
        interface: None,
        outgoing: false,
        length: record.orig_len.max(record.incl_len),
        bytes: record.data.into_owned(),
    }))
}

fn describe(error: &PcapError) -> String {
    match error {
        PcapError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the file ends in the middle of it, or its length is wrong".into()
        }
        PcapError::IoError(error) => error.to_string(),
        PcapError::IncompleteBuffer
        | PcapError::InvalidField(_)
        | PcapError::Utf8Error(_)
        | PcapError::FromUtf8Error(_)
        | PcapError::InvalidInterfaceId(_) => error.to_string(),
    }
}
