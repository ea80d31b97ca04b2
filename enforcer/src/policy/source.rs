//! The files that a policy is written in, and places in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::Place;
use super::texts::Texts;

/// A stretch of bytes in one of the [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Index into [`Sources::files`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

/// One file, read.
#[derive(Debug)]
pub(super) struct Source {
    /// The path as an operator would write it, relative to the folder of the policy.
    pub shown: Arc<str>,
    /// What it holds.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    fn new(shown: &str, text: String) -> Source {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(index, _)| offset(index + 1))).collect();
        Source { shown: shown.into(), text, line_starts }
    }

    /// Line and column of a byte, both counted from 0; columns count characters.
    pub(super) fn line_and_column(&self, byte: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= byte) - 1;
        let before = self.text.get(self.line_starts[line] as usize..byte as usize);
        (line, before.map_or(0, |text| text.chars().count()))
    }

    /// Where a line (counted from 0) starts; past the last line, the end of the file.
    pub(super) fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).map_or(self.text.len(), |start| *start as usize)
    }
}

/// All files that a policy was read from, in order of their names.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The files; a [`Span`] names one by its index.
    pub files: Vec<Source>,
    /// The folder that paths in the policy are relative to.
    pub folder: PathBuf,
    /// How many of the files are the policy's own; behind them stand MUD files.
    own: usize,
}

/// A file or folder that could not be read, and why.
pub(super) type Unread = (PathBuf, io::Error);

/// Files larger than this are refused: spans are 32 bits, and no policy is that long.
const LONGEST: u64 = 1 << 30;

impl Sources {
    /// Reads a file, or every `*.toml` of a folder; and what could not be read. A text counts in the place of its file.
    pub(super) fn read(path: &Path, texts: &Texts) -> (Sources, Vec<Unread>) {
        let mut sources = Sources::default();
        let mut unread = Vec::new();
        let mut read = |folder: PathBuf, names: Vec<PathBuf>| {
            for name in names {
                let file = folder.join(&name);
                let shown = name.to_string_lossy();
                let text = texts.get(&shown).map(str::to_owned).map_or_else(|| read_text(&file), Ok);
                match text {
                    Ok(text) => {
                        sources.add(&shown, text);
                    }
                    Err(error) => unread.push((file, error)),
                }
            }
            sources.folder = folder;
        };
        if path.is_dir() {
            match policy_files(path) {
                Ok(names) => read(path.to_owned(), names),
                Err(error) => unread.push((path.to_owned(), error)),
            }
        } else {
            let folder = path.parent().map(Path::to_owned).unwrap_or_default();
            let name = path.file_name().unwrap_or(path.as_os_str());
            read(folder, vec![PathBuf::from(name)]);
        }
        sources.own = sources.files.len();
        (sources, unread)
    }

    /// Files in memory, as those of a folder.
    pub(super) fn of(folder: &Path, texts: &[(&str, &str)]) -> Sources {
        let mut sources = Sources { folder: folder.to_owned(), ..Sources::default() };
        for (name, text) in texts {
            sources.add(name, (*text).to_owned());
        }
        sources.own = sources.files.len();
        sources
    }

    /// Adds a file and returns its number.
    pub(super) fn add(&mut self, shown: &str, text: String) -> u32 {
        let file = offset(self.files.len());
        self.files.push(Source::new(shown, text));
        file
    }

    /// The policy's own files.
    pub(super) fn policy_files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().take(self.own).map(|file| &*file.shown)
    }

    /// The text of a file.
    pub(super) fn text(&self, shown: &str) -> Option<&str> {
        self.files.iter().find(|file| *file.shown == *shown).map(|file| file.text.as_str())
    }

    /// File and line of a span.
    pub(super) fn place(&self, span: Span) -> Place {
        let source = &self.files[span.file as usize];
        let (line, _) = source.line_and_column(span.start);
        Place { file: Arc::clone(&source.shown), line: offset(line + 1) }
    }
}

/// The names of the policy files in a folder, sorted.
fn policy_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = PathBuf::from(entry?.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if !hidden && name.extension().is_some_and(|extension| extension == "toml") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read_text(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::other("longer than 1 GiB"));
    }
    fs::read_to_string(path)
}

/// Byte offsets and counts fit, because [`LONGEST`] does.
pub(super) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// A value and where it was written. Comparing compares values only.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &At<T>) -> bool {
        self.value == other.value
    }
}

/// A list in the order in which it was written. Comparing compares sets: order and repetition say nothing.
#[derive(Debug, Clone)]
pub(super) struct List<T>(pub(super) Vec<At<T>>);

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List(Vec::new())
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [At<T>];

    fn deref(&self) -> &[At<T>] {
        &self.0
    }
}

impl<T: Ord> PartialEq for List<T> {
    fn eq(&self, other: &List<T>) -> bool {
        sorted_set(&self.0) == sorted_set(&other.0)
    }
}

fn sorted_set<T: Ord>(list: &[At<T>]) -> Vec<&T> {
    let mut values: Vec<&T> = list.iter().map(|item| &item.value).collect();
    values.sort();
    values.dedup();
    values
}
