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
            findings.error(within(span.file, value.span()), format!("{what} is a table, not a {found}"));
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
            findings.error(within(span.file, key.span()), format!("{what} has no key `{name}`")).help(help);
        }
        Table { span, entries, what }
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

    /// Says that a key must be written and must not be an empty list, when it is not or is one.
    pub(super) fn demand(&self, key: &str, example: &str, findings: &mut Findings) {
        let (span, message) = match self.value(key) {
            None => (self.span, format!("{} needs `{key}`", self.what)),
            Some((value, span)) if value.get_ref().as_array().is_some_and(|list| list.is_empty()) => {
                (span, format!("`{key}` of {} is empty", self.what))
            }
            Some(_) => return,
        };
        let found = findings.error(span, message);
        found.help(format!("write `{key} = {example}`"));
    }

    pub(super) fn string(&self, key: &str, findings: &mut Findings) -> Option<At<String>> {
        let (value, span) = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            return self.mismatch(key, "a string", value, span, findings);
        };
        Some(At { value: text.to_owned(), span })
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
        let boolean = value.get_ref().as_bool();
        boolean.or_else(|| self.mismatch(key, "true or false", value, span, findings))
    }

    pub(super) fn integer(&self, key: &str, findings: &mut Findings) -> Option<At<i64>> {
        let (value, span) = self.value(key)?;
        let Some(number) = value.get_ref().as_integer() else {
            return self.mismatch(key, "a number", value, span, findings);
        };
        let number = i64::from_str_radix(number.as_str(), number.radix());
        if number.is_err() {
            findings.error(span, format!("`{key}` is too large a number"));
        }
        let value = number.ok()?;
        Some(At { value, span })
    }

    pub(super) fn datetime(&self, key: &str, findings: &mut Findings) -> Option<At<Datetime>> {
        let (value, span) = self.value(key)?;
        if let Some(time) = value.get_ref().as_datetime() {
            let value = *time;
            return Some(At { value, span });
        }
        if let Some(text) = value.get_ref().as_str() {
            findings
                .error(span, format!("`{key}` is a string, not a time"))
                .help(format!("write it without quotes: `{key} = {text}`"));
            return None;
        }
        self.mismatch(key, "a time, such as 2026-12-01T17:00:00Z", value, span, findings)
    }

    /// The tables of a `[[key]]`, each with the place of its heading.
    pub(super) fn tables(&self, key: &str, findings: &mut Findings) -> Vec<(&'a Value<'i>, Span)> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            findings
                .error(span, format!("`{key}` is a list of tables"))
                .help(format!("write `[[{key}]]` above each entry"));
            return Vec::new();
        };
        let at = |item: &'a Value<'i>| (item, within(self.span.file, item.span()));
        items.iter().map(at).collect()
    }

    /// The named entries of a `[key.NAME]` or `[key]` table: name, place of the name, value.
    pub(super) fn named(&self, key: &str, findings: &mut Findings) -> Vec<(At<String>, &'a Value<'i>)> {
        let Some((value, span)) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Table(entries) = value.get_ref() else {
            let found = value.get_ref().type_str();
            findings.error(span, format!("`{key}` is a table of names, not a {found}"));
            return Vec::new();
        };
        let named = entries.iter().map(|(name, value)| {
            let at = At { value: name.get_ref().to_string(), span: within(self.span.file, name.span()) };
            (at, value)
        });
        named.collect()
    }

    fn mismatch<T>(
        &self,
        key: &str,
        wanted: &str,
        found: &Value<'_>,
        span: Span,
        findings: &mut Findings,
    ) -> Option<T> {
        let found = found.get_ref().type_str();
        findings.error(span, format!("`{key}` of {} is {wanted}, not a {found}", self.what));
        None
    }
}

/// A list of strings, or one string, which is a list of one.
pub(super) fn strings(value: &Value<'_>, span: Span, key: &str, findings: &mut Findings) -> List<String> {
    let items = match value.get_ref().as_array() {
        Some(items) => &items[..],
        None => std::slice::from_ref(value),
    };
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let span = within(span.file, item.span());
        let Some(text) = item.get_ref().as_str() else {
            let found = item.get_ref().type_str();
            findings
                .error(span, format!("`{key}` holds strings, and this is a {found}"))
                .help(format!("write `{key} = [\"…\"]`"));
            continue;
        };
        list.push(At { value: text.to_owned(), span });
    }
    List(list)
}

/// A span of the TOML parser as one of ours.
pub(super) fn within(file: u32, range: std::ops::Range<usize>) -> Span {
    Span { file, start: offset(range.start), end: offset(range.end) }
}
