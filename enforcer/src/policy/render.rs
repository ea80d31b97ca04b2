//! A report drawn by `miette`: the lines in question, underlined.

use std::fmt;

use miette::{
    Diagnostic as Drawn, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::report::{Diagnostic, Label, Report, Severity};
use super::source::Source;

/// More than this many are not drawn, only counted: nobody reads them, and each costs a screen.
const DRAWN_AT_MOST: usize = 100;

/// The whole report.
pub(super) fn graphical(report: &Report, coloured: bool) -> String {
    let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110);
    let mut text = String::new();
    for found in report.diagnostics.iter().take(DRAWN_AT_MOST) {
        // Writing to a string does not fail.
        let _ = handler.render_report(&mut text, &Shown::new(report, found));
        text.push('\n');
    }
    if report.diagnostics.len() > DRAWN_AT_MOST {
        let more = report.diagnostics.len() - DRAWN_AT_MOST;
        text.push_str(&format!("… and {more} more\n"));
    }
    text
}

/// A diagnostic with the text of one file, and as relations those of the other files that it speaks of.
#[derive(Debug)]
struct Shown<'a> {
    message: String,
    severity: miette::Severity,
    help: Option<String>,
    file: Option<Numbered<'a>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(report: &'a Report, found: &Diagnostic) -> Shown<'a> {
        let first = found.labels.first().map(|label| label.span.file);
        let (here, there): (Vec<&Label>, Vec<&Label>) =
            found.labels.iter().partition(|label| Some(label.span.file) == first);
        let elsewhere = there.into_iter().map(|label| Shown {
            message: label.text.clone(),
            severity: miette::Severity::Advice,
            help: None,
            file: Some(Numbered::new(report, label.span.file)),
            labels: vec![underlined(&Label { span: label.span, text: "here".to_owned() })],
            elsewhere: Vec::new(),
        });
        Shown {
            message: found.message.clone(),
            severity: match found.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            help: found.help.clone(),
            file: first.map(|file| Numbered::new(report, file)),
            labels: here.into_iter().map(underlined).collect(),
            elsewhere: elsewhere.collect(),
        }
    }
}

fn underlined(label: &Label) -> LabeledSpan {
    let text = (!label.text.is_empty()).then(|| label.text.clone());
    let (start, end) = (label.span.start as usize, label.span.end as usize);
    LabeledSpan::new(text, start, end - start)
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Drawn for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Drawn> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|shown| shown as &dyn Drawn)))
    }
}

/// A file whose lines are found by its table of lines: `miette` itself would count them from the start each time.
#[derive(Debug)]
struct Numbered<'a>(&'a Source);

impl<'a> Numbered<'a> {
    fn new(report: &'a Report, file: u32) -> Numbered<'a> {
        Numbered(&report.sources.files[file as usize])
    }
}

impl SourceCode for Numbered<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.0.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let place_of = |byte: usize| self.0.line_and_column(super::source::offset(byte));
        let (line, column) = place_of(span.offset());
        let last = place_of(end).0 + after;
        // Without context, `miette` asks for line and column of the span itself.
        let (first, column, start) = match before {
            0 => (line, column, span.offset()),
            _ => {
                let first = line.saturating_sub(before);
                (first, 0, self.0.line_start(first))
            }
        };
        let bytes = start..self.0.line_start(last + 1).max(start);
        let covered = SourceSpan::from((bytes.start, bytes.end - bytes.start));
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.shown.to_string(),
            &self.0.text.as_bytes()[bytes],
            covered,
            first,
            column,
            last - first + 1,
        )))
    }
}
