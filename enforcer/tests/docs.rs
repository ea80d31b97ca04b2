//! The pages for operators say what the code does: their policies can be used, and their tables leave nothing out.

#[path = "common/pages.rs"]
mod pages;

use std::fs;

use enforcer::{compile, policy};
use enforcer_common::reason::Reason;

fn page(name: &str) -> String {
    fs::read_to_string(pages::repository().join(name)).expect("there is such a page")
}

#[test]
fn the_policies_can_be_used() {
    let policies = pages::policies();
    assert!(policies.len() > 10, "only {} policies were found", policies.len());
    for (place, folder) in policies {
        let loaded = match policy::load(folder.path(), None) {
            Ok(loaded) => loaded,
            Err(report) => panic!("{place}:\n{}", report.rendered()),
        };
        if let Err(error) = compile::compile(&loaded.policy, &loaded.facts) {
            panic!("{place}: {error}");
        }
    }
}

#[test]
fn every_reason_is_explained() {
    let verdicts = page("docs/verdicts.md");
    for reason in Reason::ALL {
        let row = format!("| `{}` | {} |", reason.label(), reason.layer());
        assert!(verdicts.contains(&row), "docs/verdicts.md has no row {row}");
    }
}

#[test]
fn every_finding_about_mud_files_is_explained() {
    let mud = page("docs/mud.md");
    let source = include_str!("../src/mud/report.rs");
    let codes = source.split('"').filter(|text| {
        let digits = text.strip_prefix("MUD").unwrap_or_default();
        digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit())
    });
    let codes: Vec<&str> = codes.collect();
    assert!(codes.len() > 20, "only {codes:?}");
    for code in codes {
        assert!(mud.contains(&format!("| {code} |")), "docs/mud.md has no row {code}");
    }
}

/// Every test that the page on failing closed names is there, in the file that it names.
#[test]
fn the_page_on_failing_closed_names_tests_that_exist() {
    let page = page("docs/fail-closed.md");
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [_, tests, place] = cells[..] else { panic!("a row without three cells: {row}") };
        let (tests, place) = (quoted(tests), quoted(place));
        if tests.is_empty() {
            continue;
        }
        let file = page_of_code(place.first().unwrap_or_else(|| panic!("no file: {row}")));
        for test in tests {
            assert!(file.contains(&format!("fn {test}(")), "there is no test `{test}`: {row}");
            named += 1;
        }
    }
    assert!(named > 50, "the page names {named} tests only");
}

fn page_of_code(name: &str) -> String {
    let path = pages::repository().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
