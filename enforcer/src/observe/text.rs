//! The older form of a page of metrics, `text/plain; version=0.0.4`, out of the OpenMetrics form.

use std::fmt::Write;

/// The name and type of a family in the older form: counters carry `_total`, and what is an info there is a gauge here.
fn older(name: &str, kind: &str) -> (String, &'static str) {
    match kind {
        "counter" => (format!("{name}_total"), "counter"),
        "info" => (format!("{name}_info"), "gauge"),
        "gauge" => (name.to_owned(), "gauge"),
        "histogram" => (name.to_owned(), "histogram"),
        _ => (name.to_owned(), "untyped"),
    }
}

/// Rewrites a page. Samples are the same in both forms; what describes families is not.
pub fn from_open_metrics(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut help = None;
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "untyped"));
            let (older, kind) = older(name, kind);
            if let Some((_, text)) = help.take().filter(|(described, _)| *described == name) {
                // Writing to a string does not fail. Quotes are escaped in OpenMetrics' help texts only.
                let _ = writeln!(out, "# HELP {older} {}", text.replace("\\\"", "\""));
            }
            let _ = writeln!(out, "# TYPE {older} {kind}");
        } else if !line.starts_with('#') {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::observe::metrics::tests::page;

    #[test]
    fn families_have_the_names_of_their_samples() {
        let text = from_open_metrics(&page().open_metrics().unwrap());
        assert!(text.contains("# HELP enforcer_packets_total Packets judged"), "{text}");
        assert!(text.contains("# TYPE enforcer_packets_total counter"));
        assert!(text.contains("# TYPE enforcer_interface_info gauge"));
        assert!(text.contains("# TYPE enforcer_connections gauge"));
        assert!(!text.contains("EOF") && !text.contains("UNIT"));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
        }
    }

    #[test]
    fn promtool_accepts_it() {
        let tool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut tool) = tool else {
            eprintln!("no promtool here: not tried");
            return;
        };
        let text = from_open_metrics(&page().open_metrics().unwrap());
        tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = tool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}
