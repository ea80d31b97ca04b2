//! The demo on the screen.

use std::io::{IsTerminal, Write};

use anyhow::Result;

use super::{Outcome, PACKETS};
use crate::metrics::Metrics;

/// Words in colour, on a terminal only.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours where standard output is a terminal and nobody asked for none.
    pub fn detect() -> Paint {
        Paint { colours: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn coloured(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn good(self, text: &str) -> String {
        self.coloured("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.coloured("1;31", text)
    }

    fn faint(self, text: &str) -> String {
        self.coloured("2", text)
    }
}

/// Prints the heading of the table.
pub fn heading(out: &mut impl Write, paint: Paint) -> Result<()> {
    let heading = format!(
        "  {:<36} {:<8}    {:<26} {:<12} {:<8} {:<4} {:<15} decided by",
        "what", "from", "to", "service", "expected", "seen", "reason"
    );
    writeln!(out, "{}", paint.faint(&heading))?;
    Ok(())
}

/// Prints a flow: what was expected, what was seen, and which line of the policy decided.
pub fn outcome(out: &mut impl Write, paint: Paint, outcome: &Outcome) -> Result<()> {
    let flow = outcome.flow;
    let judged = &outcome.judged;
    let to = format!("{} {}", flow.to, flow.at);
    let seen = if outcome.passed { "pass" } else { "drop" };
    let seen = if outcome.passed { paint.good(seen) } else { paint.bad(seen) };
    let rule = judged.rule.as_deref().unwrap_or("no entry: silence means no");
    let at = judged.at.as_deref().unwrap_or_default();
    let mark = if outcome.as_expected() { " " } else { "!" };
    writeln!(
        out,
        "{mark} {:<36} {:<8} -> {to:<26} {:<12} {:<8} {seen} {:<15} {rule}  {}",
        flow.story,
        flow.from,
        flow.service,
        flow.verdict(),
        judged.reason,
        paint.faint(at),
    )?;
    if !outcome.as_expected() {
        let counted = if outcome.reasons.is_empty() { "nothing".to_owned() } else { outcome.reasons.join(", ") };
        writeln!(
            out,
            "  {}",
            paint.bad(&format!(
                "expected {} {}; on the wire {}, counted {counted}, replay says {} {}",
                flow.verdict(),
                flow.reason,
                if outcome.passed { "pass" } else { "drop" },
                judged.verdict,
                judged.reason,
            ))
        )?;
    }
    Ok(())
}

/// Prints the counters of drops that are not zero, as Prometheus reads them.
pub fn drops(out: &mut impl Write, paint: Paint, metrics: &Metrics) -> Result<()> {
    writeln!(out, "\nThe drops, as Prometheus reads them from /metrics:")?;
    for sample in metrics.matching(PACKETS, &[("verdict", "drop")]) {
        if sample.value > 0.0 {
            writeln!(out, "  {}", paint.faint(&sample.line))?;
        }
    }
    Ok(())
}

/// Prints whether all was as expected.
pub fn summary(out: &mut impl Write, paint: Paint, outcomes: &[Outcome]) -> Result<()> {
    let differ = outcomes.iter().filter(|outcome| !outcome.as_expected()).count();
    let total = outcomes.len();
    let line = if differ == 0 {
        paint.good(&format!("All {total} flows ended as the policy says."))
    } else {
        paint.bad(&format!("{differ} of {total} flows ended otherwise than expected."))
    };
    writeln!(out, "\n{line}")?;
    Ok(())
}
