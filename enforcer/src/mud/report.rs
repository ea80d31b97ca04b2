//! What there is to say about a MUD file: problems, for which it is refused, and lints.

use std::ops::Range;

/// A remark about a place in a MUD file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One of [`code`]: `MUD0…` refuses the file, `MUD1…` does not.
    pub code: &'static str,
    /// What is the matter.
    pub message: String,
    /// What to write instead, or what follows from it.
    pub help: Option<String>,
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// Line where the span begins, counted from 1.
    pub line: u32,
}

/// A finding that leaves the file usable.
pub type Lint = Finding;

/// A finding for which the file is refused.
pub type Problem = Finding;

/// The codes of all findings.
pub mod code {
    /// The file cannot be read.
    pub const UNREADABLE: &str = "MUD001";
    /// The text is not JSON.
    pub const NOT_JSON: &str = "MUD002";
    /// No `ietf-mud:mud` container (RFC 8520, section 2.1).
    pub const NO_CONTAINER: &str = "MUD003";
    /// `mud-version` is absent or not 1 (RFC 8520, section 3.1).
    pub const VERSION: &str = "MUD004";
    /// `mud-url` is absent or no URL (RFC 8520, section 3.2).
    pub const URL: &str = "MUD005";
    /// No access list that a policy of the file refers to (RFC 8520, section 3.3).
    pub const NO_POLICY: &str = "MUD006";
    /// A key, an ACL or an ACE of the same name twice.
    pub const DUPLICATE: &str = "MUD007";
    /// A node that must be there is not.
    pub const MISSING: &str = "MUD008";
    /// A node of the wrong type, or a value out of its range.
    pub const VALUE: &str = "MUD009";
    /// Written for a draft before the RFCs, in a way that cannot be read safely.
    pub const DRAFT: &str = "MUD010";

    /// A policy of one direction is absent or empty (RFC 8520, section 3.3).
    pub const ONE_DIRECTION: &str = "MUD101";
    /// A policy refers to an ACL that is not in the file.
    pub const DANGLING: &str = "MUD102";
    /// No policy refers to an ACL, so it is not applied.
    pub const UNREFERENCED: &str = "MUD103";
    /// Not as the RFCs have it, but clear.
    pub const DIALECT: &str = "MUD104";
    /// An accepting ACE without a peer: any host.
    pub const ANY_HOST: &str = "MUD105";
    /// A match that is known but not evaluated, or one that is unknown (RFC 8519, section 4.2).
    pub const UNSUPPORTED: &str = "MUD106";
    /// Matches that no packet can satisfy together.
    pub const CONTRADICTION: &str = "MUD107";
    /// `direction-initiated` carried over from the mirrored ACE.
    pub const MIRRORED: &str = "MUD108";
    /// `direction-initiated` elsewhere than in `tcp` (RFC 8520, section 4.8).
    pub const DIRECTION: &str = "MUD109";
    /// A port range with an `operator` beside it.
    pub const RANGE_OPERATOR: &str = "MUD110";
    /// A private address, which means something else on every network (RFC 8520, section 2).
    pub const PRIVATE: &str = "MUD111";
    /// A controller class that is not registered, or no URI at all (RFC 8520, section 4.6).
    pub const CLASS: &str = "MUD112";
    /// A node that is not understood and says nothing about packets (RFC 8520, section 3.9).
    pub const EXTENSION: &str = "MUD113";
    /// Metadata that is absent or out of range (RFC 8520, section 3).
    pub const METADATA: &str = "MUD114";
    /// A name on the device's own side (RFC 8520, section 8.1).
    pub const OWN_NAME: &str = "MUD115";
    /// A prefix without length, or with host bits set.
    pub const PREFIX: &str = "MUD116";
    /// An IPv6 extension header where an upper-layer protocol belongs (RFC 8519, section 4.2).
    pub const EXTENSION_HEADER: &str = "MUD117";
    /// A host name that DNS cannot have.
    pub const HOST: &str = "MUD118";
}

/// Collects findings while a file is read.
#[derive(Debug)]
pub(super) struct Report {
    line_starts: Vec<usize>,
    lints: Vec<Lint>,
    pub(super) problems: Vec<Problem>,
}

impl Report {
    pub(super) fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            line_starts: std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect(),
            lints: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        u32::try_from(self.line_starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    pub(super) fn lint(&mut self, code: &'static str, span: Range<usize>, message: impl Into<String>) -> &mut Finding {
        let finding = self.finding(code, span, message.into());
        push(&mut self.lints, finding)
    }

    pub(super) fn problem(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Finding {
        let finding = self.finding(code, span, message.into());
        push(&mut self.problems, finding)
    }

    pub(super) fn sorted_lints(mut self) -> Vec<Lint> {
        self.lints.sort_by_key(|lint| lint.span.start);
        self.lints
    }

    pub(super) fn sorted_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.start);
        self.problems
    }

    fn finding(&self, code: &'static str, span: Range<usize>, message: String) -> Finding {
        Finding { code, message, help: None, line: self.line(span.start), span }
    }
}

impl Finding {
    pub(super) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}

fn push(findings: &mut Vec<Finding>, finding: Finding) -> &mut Finding {
    let at = findings.len();
    findings.push(finding);
    &mut findings[at]
}
