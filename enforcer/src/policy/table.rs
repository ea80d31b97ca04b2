//! A TOML table read key by key: every key is known or reported, every value has the right type or is reported.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::nearest::{did_you_mean, quoted};
use super::report::Findings;
use super::source::{At, List, Span, offset};

/// What a value of the document is read from.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// A table of the document under the eyes of a reader.
pub(super) struct Table<'a, 'i> {
    /// Where it was opened: its heading, or the key that it stands behind.
    pub(super) span: Span,
    entries: &'a DeTable<'i>,
    /// What the table is, for messages: "a zone".
    what: &'static str,
}

impl<'a, 'i> Table<'a, 'i> {
    /// Reads a value as a table with these keys.
    pub(super) fn read(
        value: &'a Value<'i>,
        span: Span,
        what: &'static str,
        keys: &[&str],
        findings: &mut Findings,
    ) -> Option<Table<'a, 'i>> {
        let DeValue::Table(entries) = value.get_ref() else {
            let found = value.get_ref().type_str();
            findings.error(
                within(span.file, value.span()),
                format!("{what} is a table, not a {found}"),
            );
            return None;
        };
        Some(Table::new(entries, span, what, keys, findings))
    }

    /// Reads a table with these keys.
    pub(super) fn new(
        entries: &'a DeTable<'i>,
        span: Span,
        what: &'static str,
        keys: &[&str],
        findings: &mut Findings,
    ) -> Table<'a, 'i> {
        for key in entries.keys() {
            let name: &str = key.get_ref();
            if keys.contains(&name) {
                continue;
            }
            let help = did_you_mean(name, keys.iter().copied())
                .unwrap_or_else(|| format!("the keys of {what} are {}", quoted(keys)));
            findings
                .error(
                    within(span.file, key.span()),
                    format!("{what} has no key `{name}`"),
                )
                .help(help);
        }
        Table {
            span,
            entries,
            what,
        }
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<(&'a Value<'i>, Span)> {
        let value = self.entries.get(key)?;
        Some((value, within(self.span.file, value.span())))
    }

    /// The place of the key itself, where it is written.
    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        let (key, _) = self.entries.get_key_value(key)?;
        Some(within(self.span.file, key.span()))
    }

    /// Says that a key must be written, when it is not.
    pub(super) fn demand(&self, key: &str, example: &str, findings: &mut Findings) {
        if !self.entries.contains_key(key) {
            let message = format!("{} needs `{key}`", self.what);
            findings
                .error(self.span, message)
                .help(format!("write `{key} = {example}`"));
        }
    }

    pub(super) fn string(&self, key: &str, findings: &mut Findings) -> Option<At<String>> {
        let (value, span) = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At {
                value: text.to_string(),
                span,
            }),
            other => self.mismatch(key, "a string", other, span, findings),
        }
    }

    /// A list of strings, or one string, which is a list of one.
    pub(super) fn strings(&self, key: &str, findings: &mut Findings) -> List<String> {
        let Some((value, span)) = self.value(key) else {
            return List::default();
        };
        strings(value, span, key, findings)
    }

    pub(super) fn boolean(&self, key: &str, findings: &mut Findings) -> Option<bool> {
        let (value, span) = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            other => self.mismatch(key, "true or false", other, span, findings),
        }
    }

    pub(super) fn integer(&self, key: &str, findings: &mut Findings) -> Option<At<i64>> {
        let (value, span) = self.value(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(value) => Some(At { value, span }),
                    Err(_) => {
                        findings.error(span, format!("`{key}` is too large a number"));
                        None
                    }
                }
            }
            other => self.mismatch(key, "a number", other, span, findings),
        }
    }

    pub(super) fn datetime(&self, key: &str, findings: &mut Findings) -> Option<At<Datetime>> {
        let (value, span) = self.value(key)?;
        match value.get_ref() {
            DeValue::Datetime(value) => Some(At {
                value: *value,
                span,
            }),
            DeValue::String(text) => {
                findings
                    .error(span, format!("`{key}` is a string, not a time"))
                    .help(format!("write it without quotes: `{key} = {text}`"));
                None
            }
            other => self.mismatch(
                key,
                "a time, such as 2026-12-01T17:00:00Z",
                other,
                span,
                findings,
            ),
        }
    }

    /// The tables of a `[[key]]`, each with the place of its heading.
    pub(super) fn tables(&self, key: &str, findings: &mut Findings) -> Vec<(&'a Value<'i>, Span)> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| (item, within(self.span.file, item.span())))
                .collect(),
            _ => {
                findings
                    .error(span, format!("`{key}` is a list of tables"))
                    .help(format!("write `[[{key}]]` above each entry"));
                Vec::new()
            }
        }
    }

    /// The named entries of a `[key.NAME]` or `[key]` table: name, place of the name, value.
    pub(super) fn named(
        &self,
        key: &str,
        findings: &mut Findings,
    ) -> Vec<(At<String>, &'a Value<'i>)> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Table(entries) = value.get_ref() else {
            let found = value.get_ref().type_str();
            findings.error(span, format!("`{key}` is a table of names, not a {found}"));
            return Vec::new();
        };
        let named = entries.iter().map(|(name, value)| {
            let at = At {
                value: name.get_ref().to_string(),
                span: within(self.span.file, name.span()),
            };
            (at, value)
        });
        named.collect()
    }

    fn mismatch<T>(
        &self,
        key: &str,
        wanted: &str,
        found: &DeValue<'_>,
        span: Span,
        findings: &mut Findings,
    ) -> Option<T> {
        let found = found.type_str();
        findings.error(
            span,
            format!("`{key}` of {} is {wanted}, not a {found}", self.what),
        );
        None
    }
}

/// A list of strings, or one string, which is a list of one.
pub(super) fn strings(
    value: &Value<'_>,
    span: Span,
    key: &str,
    findings: &mut Findings,
) -> List<String> {
    let items = match value.get_ref() {
        DeValue::Array(items) => &items[..],
        _ => std::slice::from_ref(value),
    };
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let span = within(span.file, item.span());
        match item.get_ref() {
            DeValue::String(text) => list.push(At {
                value: text.to_string(),
                span,
            }),
            other => {
                let found = other.type_str();
                findings
                    .error(
                        span,
                        format!("`{key}` holds strings, and this is a {found}"),
                    )
                    .help(format!("write `{key} = [\"…\"]`"));
            }
        }
    }
    List(list)
}

/// A span of the TOML parser as one of ours.
pub(super) fn within(file: u32, range: std::ops::Range<usize>) -> Span {
    Span {
        file,
        start: offset(range.start),
        end: offset(range.end),
    }
}
