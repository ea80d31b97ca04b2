//! One packet explained: what each step decided and by which line, and for a drop the smallest change that would allow it.
//!
//! ```text
//! words     ends and a service -> a question: the frames that are judged, the last of which is asked about
//! capture   a frame of a capture -> a question
//! site      the policy, read and compiled; or as it would be with some of its texts changed
//! answer    the question before the reference -> what each step said
//! change    a drop -> edits, each tried on the policy in memory before it is shown
//! ```

mod ace;
mod answer;
mod candidates;
mod capture;
mod change;
mod devices;
mod edit;
mod ends;
mod explanation;
mod frame;
mod json;
mod lay;
mod nearest;
mod overlay;
mod question;
mod service;
mod site;
mod spoofed;
mod steps;
mod text;
mod words;

pub use answer::Answer;
pub use capture::from_capture;
pub use change::{Change, NoChange};
pub use edit::{Edit, How};
pub use explanation::{Explanation, explain};
pub use question::{Given, Question, Unasked};
pub use service::written;
pub use site::{Site, SiteError};
pub use steps::{Decided, Row};
pub use words::{Words, from_words};
