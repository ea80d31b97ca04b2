//! Files: broken ones, missing ones, and everything in one run.

use super::{BASE, load_files};
use crate::policy::load;

#[test]
fn all_errors_come_in_one_run() {
    let broken = "[zones.broken\nports = [\"x0\"]\n";
    let wrong = "[zones.wrong]\nprefixes = [\"10.1.1.1/8\"]\nprefxes = []\n\n[[transitions]]\nfrom = \"nobody\"\nto = \"iot\"\nallow = [\"tcp/0\"]\n";
    let report = load_files(&[("a.toml", broken), ("b.toml", BASE), ("c.toml", wrong)]).unwrap_err();
    let places: Vec<String> =
        report.diagnostics().iter().map(|found| report.place(found.labels[0].span).to_string()).collect();
    // `nobody` may be defined in the file that could not be read.
    assert_eq!(places, ["a.toml:1", "c.toml:2", "c.toml:3", "c.toml:8"], "{report}");
}

#[test]
fn every_syntax_error_of_a_file_is_shown() {
    let report = load_files(&[("a.toml", "version = 1\nmode = \nversion = 1\n")]).unwrap_err();
    assert_eq!(report.diagnostics().len(), 2, "{report}");
}

#[test]
fn a_folder_without_policy_and_a_missing_file() {
    let report = load_files(&[("README", "no policy")]).unwrap_err();
    assert!(report.to_string().contains("holds no *.toml file"), "{report}");
    let folder = super::folder(&[]);
    let report = load(&folder.path().join("none.toml"), None).unwrap_err();
    assert!(report.to_string().contains("none.toml cannot be read"), "{report}");
}

#[test]
fn the_version_is_needed() {
    let report = load_files(&[("a.toml", "[zones.x]\nports = [\"x0\"]")]).unwrap_err();
    assert!(report.to_string().contains("`version = 1`"), "{report}");
}

#[test]
fn plain_lines_name_file_line_and_column() {
    let report = load_files(&[("a.toml", "version = 1\n[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.0.0.1/8\"]")]);
    assert_eq!(
        report.unwrap_err().to_string(),
        "error: `10.0.0.1/8` has host bits set\n  at a.toml:4:13\n  help: the network is `10.0.0.0/8`\n"
    );
}

#[test]
fn drawn_reports_underline_the_text() {
    let one = "version = 1\n[services]\nweb = [\"tcp/80\"]\n";
    let two = "[services]\nweb = [\"tcp/443\"]\n";
    let report = load_files(&[("a.toml", one), ("b.toml", two)]).unwrap_err();
    let drawn = crate::policy::render::graphical(&report, false);
    for part in ["a.toml:3:1", "b.toml:2:1", "web = [\"tcp/80\"]", "web = [\"tcp/443\"]", "───"] {
        assert!(drawn.contains(part), "no {part} in\n{drawn}");
    }
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_others() {
    let folder = super::folder(&[("base.toml", BASE), ("more.toml", "modee = 1")]);
    std::fs::write(folder.path().join("odd.toml"), b"why = \"\xff\"").unwrap();
    let report = load(folder.path(), None).unwrap_err().to_string();
    assert!(report.contains("odd.toml cannot be read"), "{report}");
    assert!(report.contains("no key `modee`"), "{report}");
}
