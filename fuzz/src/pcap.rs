//! Captures: pcap and pcapng, as far as `replay` reads them before a frame is judged.

use enforcer::replay::{Capture, CaptureError, arrival};

/// Reads the bytes as a capture.
pub fn check(content: &[u8]) {
    let capture = Capture::of("capture", content);
    let mut frames = match capture.frames() {
        Ok(frames) => frames,
        Err(CaptureError::NoCapture(_)) => return,
        Err(error) => panic!("{error}"),
    };
    let (mut number, mut captured) = (0, 0);
    while let Some(frame) = frames.next() {
        number += 1;
        let frame = match frame {
            Ok(frame) => frame,
            Err(CaptureError::Broken { frame, what }) => {
                assert_eq!(frame, number, "the number of the frame that cannot be read");
                assert!(!what.is_empty());
                assert!(frames.next().is_none(), "nothing comes behind an error");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert_eq!(frame.number, number);
        assert!(frame.length as usize >= frame.bytes.len());
        captured += frame.bytes.len();
        assert!(captured <= content.len(), "more bytes in frames than in the file");
        if let Ok(arrival) = arrival(frame) {
            assert!(arrival.bytes.len() <= content.len().max(65_536));
        }
    }
}
