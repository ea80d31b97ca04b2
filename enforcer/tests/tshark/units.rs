//! The unit of fragment offsets, which differs by the version of tshark: asked for with two fragments that start at byte 1480.

use enforcer::replay::Frame;

use super::corpus::Captured;
use super::rows::Row;

/// Where the fragments of [`known`] start.
const START: u32 = 1480;

/// How many bytes an offset of 1 stands for, in IPv4 and in IPv6.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units {
    pub(crate) four: u32,
    pub(crate) six: u32,
}

impl Units {
    /// The units that tshark's rows for [`known`] show.
    pub(crate) fn of(rows: &[Row]) -> Units {
        let unit = |row: &Row, field| {
            let told: u32 = row.first(field).and_then(|told| told.parse().ok()).expect("tshark tells an offset");
            START / told
        };
        Units { four: unit(&rows[0], "ip.frag_offset"), six: unit(&rows[1], "ipv6.fraghdr.offset") }
    }
}

/// A later fragment of each family, without Ethernet.
pub(crate) fn known() -> [Captured; 2] {
    let word = (START / 8) as u16;
    let [high, low] = word.to_be_bytes();
    let mut four = vec![0x45, 0, 0, 28, 0, 1, high, low, 64, 17, 0, 0];
    four.extend([192, 0, 2, 1, 192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    let [high, low] = (word << 3).to_be_bytes();
    let mut six = vec![0x60, 0, 0, 0, 0, 16, 44, 64];
    six.extend([0xfd; 32]);
    six.extend([17, 0, high, low, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    [four, six].map(|bytes| Captured {
        place: "known".to_owned(),
        frame: Frame {
            number: 0,
            time: 0,
            link: 101,
            interface: None,
            outgoing: false,
            length: bytes.len() as u32,
            bytes,
        },
    })
}
