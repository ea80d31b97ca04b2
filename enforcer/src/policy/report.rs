//! What is wrong with a policy, or would surprise: collected, then shown.

use std::fmt;
use std::io::IsTerminal;
use std::sync::Arc;

use super::model::Place;
use super::render;
use super::source::{Sources, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// It can, but would surprise.
    Warning,
}

/// A place in a file, with a word on what it has to do with the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What about it.
    pub text: String,
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where; the first is the main one. Empty where no file is to blame.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Adds another place.
    pub(super) fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to write instead.
    pub(super) fn help(&mut self, text: impl Into<String>) -> &mut Diagnostic {
        self.help = Some(text.into());
        self
    }
}

/// Where the steps from files to model put what they find.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Diagnostic>,
}

impl Findings {
    /// An error at a place.
    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, Some(span), message.into())
    }

    /// A warning at a place.
    pub(super) fn warning(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Warning, Some(span), message.into())
    }

    /// An error or warning about no place in particular.
    pub(super) fn general(&mut self, severity: Severity, message: impl Into<String>) -> &mut Diagnostic {
        self.add(severity, None, message.into())
    }

    /// Whether the policy can be used.
    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|found| found.severity == Severity::Error)
    }

    fn add(&mut self, severity: Severity, span: Option<Span>, message: String) -> &mut Diagnostic {
        let label = span.map(|span| Label { span, text: String::new() });
        self.list.push(Diagnostic { severity, message, labels: label.into_iter().collect(), help: None });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// The report: errors first, each kind in order of place.
    pub(super) fn into_report(self, sources: Sources) -> Report {
        let mut diagnostics = self.list;
        diagnostics.sort_by_key(|found| {
            let first = found.labels.first().map(|label| label.span);
            (found.severity, first)
        });
        diagnostics.dedup();
        Report { sources: Arc::new(sources), diagnostics }
    }
}

/// Everything that was found in one run, with the files that it speaks of.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(super) sources: Arc<Sources>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// All errors and warnings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many of one severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        let same = |found: &&Diagnostic| found.severity == severity;
        self.diagnostics.iter().filter(same).count()
    }

    /// Nothing was found.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// File and line of a place in the report.
    pub fn place(&self, span: Span) -> Place {
        self.sources.place(span)
    }

    /// The report for standard error: underlined and coloured on a terminal, without colours elsewhere or with `NO_COLOR`.
    pub fn rendered(&self) -> String {
        let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        render::graphical(self, coloured)
    }
}

impl fmt::Display for Report {
    /// Plain lines: `error: message`, `  at file:line:column: label`, `  help: what to write instead`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for found in &self.diagnostics {
            let severity = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(f, "{severity}: {}", found.message)?;
            for Label { span, text } in &found.labels {
                let source = &self.sources.files[span.file as usize];
                let (line, column) = source.line_and_column(span.start);
                write!(f, "  at {}:{}:{}", source.shown, line + 1, column + 1)?;
                let colon = if text.is_empty() { "" } else { ": " };
                writeln!(f, "{colon}{text}")?;
            }
            if let Some(help) = &found.help {
                writeln!(f, "  help: {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
