//! The bench as a command: what it prints, and what it writes.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use enforcer_bench::group;
use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    // The groups that are run here do not need the programs.
    let mut bench = Command::new(env!("CARGO_BIN_EXE_enforcer-bench"));
    bench.args(["--programs", "none"]).args(arguments).output().expect("it starts")
}

#[test]
fn a_group_that_is_not_there_is_told_with_those_that_are() {
    let output = bench(&["--only", "pakcet"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for name in ["pakcet"].into_iter().chain(group::ALL.iter().map(|group| group.name)) {
        assert!(said.contains(name), "{said}");
    }
}

#[test]
#[ignore = "needs root"]
fn figures_are_printed_kept_and_drawn() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (json, plots, page) = (path("figures.json"), path("plots"), path("page.md"));
    let before =
        "# Speed\n\n<!-- figures: written by `cargo xtask bench --page` -->\n<!-- end of figures -->\n\nmore\n";
    fs::write(&page, before).expect("it can be written");
    let groups = ["--only", "lines", "--only", "control"];
    let output = bench(&[&["--quick", "--json", &json, "--plots", &plots, "--page", &page], &groups[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let figures: Value = serde_json::from_slice(&fs::read(&json).expect("it is there")).expect("it is JSON");
    let printed = String::from_utf8_lossy(&output.stdout);
    let page = fs::read_to_string(&page).expect("it is there");
    let results = figures["results"].as_array().expect("a list");
    let measured: BTreeSet<&str> = results.iter().filter_map(|result| result["group"].as_str()).collect();
    assert_eq!(measured, BTreeSet::from(["control", "lines"]));
    for result in results {
        let case = result["case"].as_str().expect("a name");
        assert!(printed.contains(case) && page.contains(case), "{case}");
        assert!(result["value"].as_f64().is_some_and(|value| value >= 0.0), "{result}");
    }
    let targets = figures["targets"].as_array().expect("a list");
    assert!(!targets.is_empty());
    for target in targets {
        let name = target["name"].as_str().expect("a name");
        assert!(printed.contains(name) && page.contains(name), "{name}");
        // Even in short, these groups have a figure for each of their targets.
        assert!(target["met"].is_boolean(), "{target}");
    }
    let processor = figures["machine"]["processor"].as_str().expect("a name");
    assert!(printed.contains(processor) && page.contains(processor));

    assert!(page.starts_with("# Speed\n") && page.ends_with("\n\nmore\n"), "what is not figures stays");
    assert!(page.contains("](page/control.svg)"), "the picture is shown");
    let drawn = fs::read(folder.path().join("page/control.svg")).expect("and is there");
    assert_eq!(drawn, fs::read(folder.path().join("plots/control.svg")).expect("here too"));
}
