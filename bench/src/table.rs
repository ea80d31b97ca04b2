//! Tables to read.

use comfy_table::{CellAlignment, LineStyle, Table, presets};

use crate::results::{Measured, Results};
use crate::target::Target;

/// A figure with as many digits as mean something.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        let digits = format!("{value:.0}");
        return thousands(&digits);
    }
    if size >= 10.0 || value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    if size >= 1.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

/// Digits in groups of three.
fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len() - place;
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The figures of one group.
pub fn of_group(results: &Results, group: &str) -> String {
    let mut table = new(&["case", "contender", "endpoints", "rules", "median", "quartiles", "unit"]);
    for measured in results.of(group) {
        table.add_row(cells(measured));
    }
    align(&mut table, &[2, 3, 4, 5]);
    table.to_string()
}

/// One figure as a row.
fn cells(measured: &Measured) -> [String; 7] {
    let size = |size: Option<u64>| size.map_or_else(String::new, |size| thousands(&size.to_string()));
    [
        measured.case.clone(),
        measured.contender.clone(),
        size(measured.keys),
        size(measured.rules),
        figure(measured.value),
        measured.spread.map_or_else(String::new, |[low, high]| format!("{}–{}", figure(low), figure(high))),
        measured.unit.clone(),
    ]
}

/// The targets.
pub fn of_targets(targets: &[Target]) -> String {
    let mut table = new(&["target", "bound", "measured", ""]);
    for target in targets {
        table.add_row(target_cells(target));
    }
    align(&mut table, &[1, 2]);
    table.to_string()
}

/// One target as a row.
pub fn target_cells(target: &Target) -> [String; 4] {
    let met = match target.met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "not measured",
    };
    [
        target.name.clone(),
        figure(target.bound),
        target.measured.map_or_else(String::new, |measured| format!("{measured:.2}")),
        met.to_owned(),
    ]
}

fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(header);
    table
}

fn align(table: &mut Table, numbers: &[usize]) {
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_mean_something() {
        let cases = [
            (0.0, "0"),
            (0.354, "0.35"),
            (4.0, "4"),
            (4.26, "4.3"),
            (97.4, "97"),
            (-12.6, "-13"),
            (999.6, "1000"),
            (1234.5, "1,234"),
            (-123_456.0, "-123,456"),
            (1e6, "1,000,000"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }
}
