//! What `/metrics` says, in Prometheus' text form.

use std::collections::BTreeMap;

/// A scrape.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    samples: Vec<Sample>,
}

/// One line of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
    /// The line as it stood there.
    pub line: String,
}

impl Metrics {
    /// Reads a scrape; lines that are no samples are skipped.
    pub fn parse(text: &str) -> Metrics {
        Metrics { samples: text.lines().filter_map(sample).collect() }
    }

    /// The samples of a metric that carry all of these labels.
    pub fn matching<'m>(&'m self, name: &'m str, labels: &'m [(&'m str, &'m str)]) -> impl Iterator<Item = &'m Sample> {
        self.samples.iter().filter(move |sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|own| own == value))
        })
    }

    /// The sum of the samples of a metric that carry all of these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }
}

fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (name, mut rest) = line.split_at(line.find(['{', ' '])?);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            labels.insert(label.trim_start_matches([',', ' ']).to_owned(), value);
            rest = after;
        }
        rest = rest.strip_prefix('}')?;
    }
    Some(Sample {
        name: name.to_owned(),
        labels,
        value: rest.split_whitespace().next()?.parse().ok()?,
        line: line.to_owned(),
    })
}

/// A label's value up to its closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match letters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRAPE: &str = "# TYPE enforcer_packets counter\n\
        enforcer_packets_total{from=\"iot\",verdict=\"drop\",rule=\"a \\\"b\\\" {c}, d=\\\\\"} 3\n\
        enforcer_packets_total{from=\"ot\",verdict=\"drop\"} 4\n\
        enforcer_up 1\n";

    #[test]
    fn labels_may_hold_anything() {
        let metrics = Metrics::parse(SCRAPE);
        let odd = metrics.matching("enforcer_packets_total", &[("from", "iot")]).next().unwrap();
        assert_eq!(odd.labels["rule"], "a \"b\" {c}, d=\\");
        assert_eq!(odd.value, 3.0);
    }

    #[test]
    fn sums_are_over_what_matches() {
        let metrics = Metrics::parse(SCRAPE);
        assert_eq!(metrics.sum("enforcer_packets_total", &[("verdict", "drop")]), 7.0);
        assert_eq!(metrics.sum("enforcer_up", &[]), 1.0);
        assert_eq!(metrics.sum("enforcer_up", &[("no", "such")]), 0.0);
    }
}
