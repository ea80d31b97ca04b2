//! Strict JSON (RFC 8259) with the place of every value, and the YANG encodings that MUD files use (RFC 7951).

use std::collections::BTreeSet;
use std::ops::Range;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::report::{Report, code};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse<'t>(text: &'t str, report: &mut Report) -> Option<Value<'t>> {
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) if parsed.value.is_some() => parsed.value.inspect(|value| duplicate_keys(value, report)),
        Ok(_) => {
            report.problem(code::NOT_JSON, 0..0, "the file is empty");
            None
        }
        Err(error) => {
            let message =
                format!("not JSON: {}, column {}", lower_first(&error.kind().to_string()), error.column_display());
            report.problem(code::NOT_JSON, span(&error.range()), message);
            None
        }
    }
}

pub(super) fn span(node: &impl Ranged) -> Range<usize> {
    node.start()..node.end()
}

pub(super) fn object<'v, 't>(value: &'v Value<'t>, what: &str, report: &mut Report) -> Option<&'v Object<'t>> {
    value.as_object().or_else(|| mistyped(value, what, "an object", report))
}

pub(super) fn list<'v, 't>(value: &'v Value<'t>, what: &str, report: &mut Report) -> Option<&'v [Value<'t>]> {
    let elements = value.as_array().map(|array| array.elements.as_slice());
    elements.or_else(|| mistyped(value, what, "a list", report))
}

pub(super) fn string<'v>(value: &'v Value<'_>, what: &str, report: &mut Report) -> Option<&'v str> {
    let text = value.as_string_lit().map(|literal| literal.value.as_ref());
    text.or_else(|| mistyped(value, what, "a string", report))
}

pub(super) fn boolean(value: &Value<'_>, what: &str, report: &mut Report) -> Option<bool> {
    value.as_boolean_lit().map(|literal| literal.value).or_else(|| mistyped(value, what, "true or false", report))
}

pub(super) fn byte(value: &Value<'_>, what: &str, report: &mut Report) -> Option<u8> {
    integer(value)
        .and_then(|number| u8::try_from(number).ok())
        .or_else(|| mistyped(value, what, "a number from 0 to 255", report))
}

pub(super) fn port(value: &Value<'_>, what: &str, report: &mut Report) -> Option<u16> {
    integer(value)
        .and_then(|number| u16::try_from(number).ok())
        .or_else(|| mistyped(value, what, "a port from 0 to 65535", report))
}

/// A plain non-negative integer; `None` for anything else.
pub(super) fn integer(value: &Value<'_>) -> Option<u64> {
    let digits = value.as_number_lit()?.value;
    if digits.len() > 1 && digits.starts_with('0') { None } else { digits.parse().ok() }
}

/// How well a leaf of YANG type `empty` is written (RFC 7951, section 6.9).
pub(super) enum Empty {
    /// `[null]`
    Exact,
    /// `null` or `[]`, which public files have too.
    Dialect,
    /// Anything else.
    Other,
}

pub(super) fn empty(value: &Value<'_>) -> Empty {
    match value {
        Value::Array(array) => match array.elements.as_slice() {
            [Value::NullKeyword(_)] => Empty::Exact,
            [] => Empty::Dialect,
            _ => Empty::Other,
        },
        Value::NullKeyword(_) => Empty::Dialect,
        Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) | Value::Object(_) => Empty::Other,
    }
}

/// An identity without the prefix of its module, which RFC 7951, section 6.8, lets files write or leave out.
pub(super) fn identity(text: &str) -> &str {
    text.strip_prefix("ietf-access-control-list:").unwrap_or(text)
}

/// A required property; its absence is a problem.
pub(super) fn required<'v, 't>(
    object: &'v Object<'t>,
    name: &str,
    what: &str,
    report: &mut Report,
) -> Option<&'v ObjectProp<'t>> {
    let found = object.get(name);
    if found.is_none() {
        report.problem(code::MISSING, first_byte(object), format!("{what} has no `{name}`"));
    }
    found
}

/// The opening brace: enough to point at an object that lacks something.
pub(super) fn first_byte(object: &Object<'_>) -> Range<usize> {
    object.start()..object.start() + 1
}

fn mistyped<T>(value: &Value<'_>, what: &str, wanted: &str, report: &mut Report) -> Option<T> {
    report.problem(code::VALUE, span(value), format!("`{what}` must be {wanted}"));
    None
}

fn duplicate_keys(value: &Value<'_>, report: &mut Report) {
    match value {
        Value::Object(object) => {
            let mut seen = BTreeSet::new();
            for property in &object.properties {
                if !seen.insert(property.name.as_str()) {
                    let message = format!("`{}` stands twice in one object", property.name.as_str());
                    report
                        .problem(code::DUPLICATE, span(&property.name), message)
                        .help("readers differ in which of the two they take");
                }
                duplicate_keys(&property.value, report);
            }
        }
        Value::Array(array) => array.elements.iter().for_each(|element| duplicate_keys(element, report)),
        Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => {}
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
