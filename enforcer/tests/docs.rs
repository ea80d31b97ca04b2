//! The pages for operators say what the code does: their policies can be used, and their tables leave nothing out.
//!
//! A block that opens with "```toml policy" is a whole policy. One that opens with "```toml part" is a file beside the first
//! whole policy of its page.

use std::fs;
use std::path::{Path, PathBuf};

use enforcer::{compile, policy};
use enforcer_common::reason::Reason;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages that may hold policies: the README, and every page of `docs`.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(repository().join("docs")).expect("there is a folder `docs`");
    let mut pages: Vec<PathBuf> = docs.flatten().map(|entry| entry.path()).collect();
    pages.push(repository().join("README.md"));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

fn page(name: &str) -> String {
    fs::read_to_string(repository().join(name)).expect("there is such a page")
}

/// A block of policy and the line where it opens.
struct Block {
    kind: String,
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        if let Some(block) = &mut open {
            if line == "```" {
                blocks.extend(open.take());
            } else {
                block.text += line;
                block.text.push('\n');
            }
        } else if let Some(kind) = line.strip_prefix("```toml ") {
            open = Some(Block { kind: kind.to_owned(), line: number + 1, text: String::new() });
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// A folder with these files and the MUD file of the demo.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (number, text) in files.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.toml")), text).expect("it can be written to");
    }
    fs::create_dir(folder.path().join("mud")).expect("it can hold a folder");
    let camera = repository().join("examples/demo/mud/camera.json");
    fs::copy(camera, folder.path().join("mud/camera.json")).expect("the demo has a MUD file");
    folder
}

#[test]
fn the_policies_can_be_used() {
    let mut tried = 0;
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        let blocks = blocks(&text);
        let base = blocks.iter().find(|block| block.kind == "policy");
        for block in &blocks {
            let place = format!("{}:{}", path.display(), block.line);
            let folder = match (block.kind.as_str(), base) {
                ("policy", _) => folder(&[&block.text]),
                ("part", Some(base)) => folder(&[&base.text, &block.text]),
                (other, _) => panic!("{place}: what is a block of `{other}`?"),
            };
            let loaded = match policy::load(folder.path(), None) {
                Ok(loaded) => loaded,
                Err(report) => panic!("{place}:\n{}", report.rendered()),
            };
            if let Err(error) = compile::compile(&loaded.policy, &loaded.facts) {
                panic!("{place}: {error}");
            }
            tried += 1;
        }
    }
    assert!(tried > 10, "only {tried} policies were found");
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
    let path = repository().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
