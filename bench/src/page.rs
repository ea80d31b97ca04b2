//! The figures of `docs/performance.md`: everything between two marks is written anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::group::Group;
use crate::machine::Machine;
use crate::plot::Plot;
use crate::results::Results;
use crate::table::{figure, target_cells};
use crate::target::Target;

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --page` -->";
const END: &str = "<!-- end of figures -->";

/// All that a page shows.
#[derive(Debug)]
pub struct Content<'a> {
    /// What was measured on.
    pub machine: &'a Machine,
    /// The groups that ran.
    pub groups: &'a [&'a Group],
    /// What was measured.
    pub results: &'a Results,
    /// What was wanted.
    pub targets: &'a [Target],
    /// The pictures, which lie in a folder named like the page.
    pub plots: &'a [Plot],
}

/// Puts the figures into the page, and the pictures into a folder beside it.
pub fn write(page: &Path, content: &Content<'_>) -> Result<()> {
    let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let folder = page.with_extension("");
    let name = folder.file_name().context("the page has no name")?.to_string_lossy().into_owned();
    fs::create_dir_all(&folder)?;
    for plot in content.plots {
        plot.draw(&folder)?;
    }
    let text = replaced(&text, &figures(content, &name)).with_context(|| format!("{}", page.display()))?;
    fs::write(page, text).with_context(|| format!("cannot write {}", page.display()))
}

/// The page with these figures between its marks.
fn replaced(page: &str, figures: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no mark where figures begin")?;
    let (_, after) = rest.split_once(END).context("the page has no mark where figures end")?;
    Ok(format!("{before}{BEGIN}\n\n{figures}\n{END}{after}"))
}

fn figures(content: &Content<'_>, folder: &str) -> String {
    let mut text = format!("Measured on {}.\n\n### Targets\n\n", content.machine.describe());
    row(&mut text, &["target", "bound", "measured", ""]);
    row(&mut text, &["---", "---:", "---:", "---"]);
    for target in content.targets {
        row(&mut text, &target_cells(target));
    }
    for group in content.groups {
        // Writing to a string does not fail.
        let _ = write!(text, "\n### {}\n\n{}\n", group.name, group.about);
        for plot in (group.plots)(content.results) {
            if plot.lines.iter().any(|line| !line.points.is_empty()) {
                let _ = write!(text, "\n![{}]({folder}/{}.svg)\n", plot.title, plot.file);
            }
        }
        text.push('\n');
        row(&mut text, &["case", "contender", "endpoints", "rules", "median", "quartiles", "unit"]);
        row(&mut text, &["---", "---", "---:", "---:", "---:", "---:", "---"]);
        for measured in content.results.of(group.name) {
            let size = |size: Option<u64>| size.map_or_else(String::new, |size| figure(size as f64));
            let spread =
                measured.spread.map_or_else(String::new, |[low, high]| format!("{}–{}", figure(low), figure(high)));
            row(
                &mut text,
                &[
                    &measured.case,
                    &measured.contender,
                    &size(measured.keys),
                    &size(measured.rules),
                    &figure(measured.value),
                    &spread,
                    &measured.unit,
                ],
            );
        }
    }
    text
}

fn row(text: &mut String, cells: &[impl AsRef<str>]) {
    for cell in cells {
        let _ = write!(text, "| {} ", cell.as_ref());
    }
    text.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("# Speed\n\nwords\n\n{BEGIN}\nold\n{END}\n\nmore words\n");
        let new = replaced(&page, "new\n").expect("it has both marks");
        assert_eq!(new, format!("# Speed\n\nwords\n\n{BEGIN}\n\nnew\n\n{END}\n\nmore words\n"));
        assert_eq!(replaced(&new, "new\n").expect("still"), new);
        for broken in ["no marks", BEGIN, END] {
            assert!(replaced(broken, "new").is_err(), "{broken}");
        }
    }
}
