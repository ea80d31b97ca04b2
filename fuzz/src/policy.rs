//! Policy files: what cannot be used is said with its place, and what can be used compiles to one image.

use enforcer::compile::image::Image;
use enforcer::compile::{compile, verify};
use enforcer::policy::report::{Report, Severity};
use enforcer::policy::{Loaded, load_texts};

use crate::demo;

/// A byte that no policy holds: it ends a file, so that one input can be several.
const END_OF_FILE: char = '\0';

/// Loads the bytes as policy files, in the order given and in the reverse.
pub fn check(content: &[u8]) {
    let Ok(text) = std::str::from_utf8(content) else { return };
    let names: Vec<(String, String)> =
        (0..).map(|i| (format!("{i}.toml"), format!("{}.toml", 9 - i))).take(4).collect();
    let parts: Vec<&str> = text.splitn(names.len(), END_OF_FILE).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| name.0.as_str()).zip(parts.iter().copied()).collect();
    let loaded = match load_texts(demo(), &files, None) {
        Ok(loaded) => loaded,
        Err(report) => {
            assert!(report.count(Severity::Error) > 0, "refused without an error");
            told(&report);
            return;
        }
    };
    assert_eq!(loaded.warnings.count(Severity::Error), 0);
    told(&loaded.warnings);
    let image = image(&loaded);
    assert_eq!(image, self::image(&load_again(&files)), "loaded twice");
    let reversed: Vec<(&str, &str)> =
        names.iter().map(|name| name.1.as_str()).zip(parts.iter().copied()).rev().collect();
    let other = self::image(&load_again(&reversed));
    assert_eq!(image.map(|image| image.cells), other.map(|image| image.cells), "the files in another order");
}

fn load_again(files: &[(&str, &str)]) -> Loaded {
    load_texts(demo(), files, None).unwrap_or_else(|report| panic!("loaded before, and now not:\n{report}"))
}

/// Compiles; an image that comes out is sound.
pub(crate) fn image(loaded: &Loaded) -> Option<Image> {
    match compile(&loaded.policy, &loaded.facts) {
        Ok(image) => {
            assert!(verify(&image.cells));
            Some(image)
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}

/// A report can be shown in every form, and each finding says something, of a place in a file.
fn told(report: &Report) {
    for found in report.diagnostics() {
        assert!(!found.message.is_empty());
        for label in &found.labels {
            let place = report.place(label.span);
            assert!(place.line > 0 && !place.file.is_empty());
        }
    }
    assert_eq!(report.to_string().is_empty(), report.is_empty());
    // Drawing is slow: not all of the long reports.
    if report.diagnostics().len() <= 8 || report.to_string().len().is_multiple_of(8) {
        assert_eq!(report.rendered().is_empty(), report.is_empty());
    }
}
