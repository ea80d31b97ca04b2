//! How many instructions the verifier follows, held against the table of a page that is reviewed with every change.

use std::fs;

use anyhow::{Context, Result};

use crate::paths::Paths;

/// The page, beside the other documents.
const PAGE: &str = "docs/verifier.md";

/// How the table's first line begins; what follows are the names of the programs.
const HEAD: &str = "| kernel | version |";

/// Growth by more than this many percent has to be accepted.
const TOLERANCE: u64 = 2;

/// No program may come nearer to the 1,000,000 at which the kernel gives up.
const LIMIT: u64 = 500_000;

/// The counts of one kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The kernel, by the first two numbers of its version.
    series: String,
    /// Its whole version.
    version: String,
    /// Programs and counts.
    programs: Vec<(String, u64)>,
}

/// What is to be said about the counts of a kernel.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Good to know.
    pub(crate) notes: Vec<String>,
    /// Why the check fails, unless it is accepted.
    pub(crate) growth: Vec<String>,
    /// Why the check fails in any case.
    pub(crate) failures: Vec<String>,
}

impl Counts {
    /// Reads what `enforcer kernel-check` printed; none where it did not get so far.
    pub(crate) fn read(lines: &[String]) -> Option<Counts> {
        let mut counts: Option<Counts> = None;
        for line in lines {
            let mut words = line.split_whitespace();
            let (Some(release), Some(program), Some(count)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            if words.ne(["verified", "instructions"]) {
                continue;
            }
            let counts = counts.get_or_insert_with(|| Counts {
                series: release.split(['.', '-']).take(2).collect::<Vec<_>>().join("."),
                version: release.to_owned(),
                programs: Vec::new(),
            });
            counts.programs.push((program.to_owned(), count.parse().ok()?));
        }
        counts
    }

    /// The same without what only this machine's builder put behind the numbers of the version.
    pub(crate) fn anywhere(mut self) -> Counts {
        self.version.truncate(
            self.version.find(|letter: char| letter != '.' && !letter.is_ascii_digit()).unwrap_or(self.version.len()),
        );
        self
    }

    /// Holds the counts against those that are kept. Where nothing is kept and nothing has to be, that is no failure.
    pub(crate) fn against(&self, kept: &Table, has_to_be_kept: bool) -> Findings {
        let mut findings = Findings::default();
        for (program, count) in &self.programs {
            if *count > LIMIT {
                let text = format!("the verifier follows {count} instructions of {program}; the limit is {LIMIT}");
                findings.failures.push(text);
            }
        }
        let row = kept.rows.iter().find(|row| row.series == self.series);
        for (program, count) in &self.programs {
            let before = row.and_then(|row| row.programs.iter().find(|(name, _)| name == program));
            let Some((_, before)) = before else {
                let text = format!(
                    "{PAGE} keeps no count of {program}; `cargo xtask kernels --load --accept` writes it there"
                );
                if has_to_be_kept {
                    findings.growth.push(text)
                } else {
                    findings.notes.push(text)
                }
                continue;
            };
            let text = format!("{program} {count} instructions, {before} in {PAGE}");
            let accept = "`cargo xtask kernels --load --accept` writes it there";
            if count * 100 > before * (100 + TOLERANCE) {
                let grown = format!("{text}: grown by more than {TOLERANCE} %");
                match row {
                    Some(row) if row.version != self.version => {
                        findings.notes.push(format!("{grown}, but that was counted on {}; {accept}", row.version));
                    }
                    _ => findings.growth.push(format!("{grown}; if that must be, {accept}, for review")),
                }
            } else if count * 100 < before * (100 - TOLERANCE) {
                findings.notes.push(format!("{text}: less than before; {accept}"));
            }
        }
        if let Some(row) = row
            && row.version != self.version
        {
            findings.notes.push(format!("this is {}, the counts in {PAGE} are of {}", self.version, row.version));
        }
        findings
    }
}

/// The table of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    programs: Vec<String>,
    rows: Vec<Counts>,
}

impl Table {
    /// The table that is kept.
    pub(crate) fn kept(paths: &Paths) -> Result<Table> {
        let page = paths.repo.join(PAGE);
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        Table::read(&text).with_context(|| format!("{PAGE} has no table of kernels that can be read"))
    }

    /// Writes these counts into the page, in the place of what it had for the same kernels.
    pub(crate) fn accept(mut self, paths: &Paths, counts: Vec<Counts>) -> Result<()> {
        let page = paths.repo.join(PAGE);
        let text = fs::read_to_string(&page)?;
        self.put(counts);
        fs::write(&page, self.written_into(&text))?;
        println!("written: {PAGE}");
        Ok(())
    }

    fn put(&mut self, counts: Vec<Counts>) {
        for new in counts {
            self.programs = new.programs.iter().map(|(name, _)| name.clone()).collect();
            self.rows.retain(|row| row.series != new.series);
            self.rows.push(new);
        }
        let number = |part: &str| part.parse().unwrap_or(0);
        self.rows.sort_by_key(|row| row.series.split('.').map(number).collect::<Vec<u32>>());
    }

    fn read(page: &str) -> Option<Table> {
        let mut lines = page.lines().skip_while(|line| !line.starts_with(HEAD));
        let programs: Vec<String> = cells(lines.next()?.strip_prefix(HEAD)?).map(str::to_owned).collect();
        let rows = lines.skip(1).take_while(|line| line.starts_with('|')).map(|line| {
            let mut cells = cells(line.trim_start_matches('|'));
            let (series, version) = (cells.next()?.to_owned(), cells.next()?.to_owned());
            let counts = cells.map(|cell| cell.replace(',', "").parse().ok());
            let programs = programs.iter().cloned().zip(counts).map(|(name, count)| Some((name, count?)));
            Some(Counts { series, version, programs: programs.collect::<Option<_>>()? })
        });
        Some(Table { rows: rows.collect::<Option<_>>()?, programs })
    }

    /// The page with this table.
    fn written_into(&self, page: &str) -> String {
        let mut lines = page.lines();
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| !line.starts_with(HEAD)) {
            text += &format!("{line}\n");
        }
        text += &format!("{HEAD} {} |\n", self.programs.join(" | "));
        text += &format!("| --- | --- |{}\n", " ---: |".repeat(self.programs.len()));
        for row in &self.rows {
            let count =
                |name: &String| row.programs.iter().find(|(program, _)| program == name).map(|(_, count)| *count);
            let counts: Vec<String> = self.programs.iter().filter_map(count).map(grouped).collect();
            text += &format!("| {} | {} | {} |\n", row.series, row.version, counts.join(" | "));
        }
        for line in lines.skip_while(|line| line.starts_with('|')) {
            text += &format!("{line}\n");
        }
        text
    }
}

/// The cells of a line of a table.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.trim().trim_end_matches('|').split('|').map(str::trim)
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    parts.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Page\n\n| kernel | version | a | b |\n| --- | --- | ---: | ---: |\n\
                        | 6.1 | 6.1.0-9 | 100,000 | 100 |\n| 6.18 | 6.18.4 | 200,000 | 100 |\n\nMore.\n";

    fn counts(release: &str, a: u64, b: u64) -> Counts {
        let lines = [
            format!("kernel {release}"),
            format!("{release} a {a} verified instructions"),
            format!("{release} b {b} verified instructions"),
            format!("{release} veth0 attached, XDP native"),
        ];
        Counts::read(&lines).expect("counts")
    }

    #[test]
    fn growth_fails_on_the_same_kernel_and_is_told_on_another() {
        let table = Table::read(TEXT).expect("a table");
        for (release, a, b, has_to_be_kept, notes, growth) in [
            ("6.1.0-9", 100_000, 100, true, &[][..], &[][..]),
            ("6.1.0-9", 102_000, 102, true, &[], &[]),
            ("6.1.0-9", 102_001, 100, true, &[], &["a 102001 instructions, 100000"]),
            ("6.1.0-9", 102_001, 103, true, &[], &["a 102001", "b 103"]),
            ("6.1.0-9", 97_999, 100, true, &["less than before"], &[]),
            ("6.1.0-10", 102_001, 100, true, &["counted on 6.1.0-9", "this is 6.1.0-10"], &[]),
            ("6.12.5", 1, 1, true, &[], &["keeps no count of a", "keeps no count of b"]),
            ("6.13.5-mine", 1, 1, false, &["keeps no count of a", "keeps no count of b"], &[]),
            ("6.18.4-mine", 200_000, 100, false, &[], &[]),
            ("6.18.4-mine", 204_001, 100, false, &[], &["grown"]),
        ] {
            let counts = counts(release, a, b);
            let counts = if has_to_be_kept { counts } else { counts.anywhere() };
            let findings = counts.against(&table, has_to_be_kept);
            for (found, expected) in [(&findings.notes, notes), (&findings.growth, growth)] {
                let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| a.contains(b));
                assert!(fits, "{release} {a} {b}: {found:?} where {expected:?} was to be");
            }
            assert!(findings.failures.is_empty());
        }
    }

    #[test]
    fn the_limit_cannot_be_accepted() {
        let mut table = Table::read(TEXT).expect("a table");
        let counts = counts("6.1.0-9", 500_001, 100);
        table.put(vec![counts.clone()]);
        let findings = counts.against(&table, true);
        assert_eq!(findings.growth, [""; 0]);
        assert!(matches!(&findings.failures[..], [failure] if failure.contains("the limit is 500000")));
    }

    #[test]
    fn what_is_accepted_is_in_the_page_and_nothing_else_changes() {
        let mut table = Table::read(TEXT).expect("a table");
        assert_eq!(table.written_into(TEXT), TEXT);
        table.put(vec![counts("6.12.5", 7, 1_234_567), counts("6.1.0-10", 150_000, 99)]);
        let text = table.written_into(TEXT);
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(
            rows,
            [
                "| 6.1 | 6.1.0-10 | 150,000 | 99 |",
                "| 6.12 | 6.12.5 | 7 | 1,234,567 |",
                "| 6.18 | 6.18.4 | 200,000 | 100 |",
                "",
                "More.",
            ]
        );
        assert_eq!(Table::read(&text).expect("a table"), table);
    }

    #[test]
    fn a_check_that_ended_early_has_no_counts() {
        assert_eq!(Counts::read(&["6.1.0-9 failed: no".to_owned()]), None);
        assert_eq!(Counts::read(&["6.1.0-9 a ? verified instructions".to_owned()]), None);
    }
}
