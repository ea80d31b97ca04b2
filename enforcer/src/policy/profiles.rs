//! The MUD files that devices name: each parsed once, each with a label that no other has.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use super::model::ProfileId;
use super::raw::Document;
use super::report::{Diagnostic, Findings};
use super::source::{Sources, Span};
use super::table::within;
use super::texts::Texts;
use crate::mud;
use crate::mud::profile::Profile;

/// Profiles in order of their files, and the number of each by its path as devices write it.
#[derive(Default)]
pub(super) struct Profiles {
    pub(super) list: Vec<Profile>,
    pub(super) by_path: HashMap<String, ProfileId>,
}

/// Reads every MUD file that a device names.
pub(super) fn read(document: &Document, sources: &mut Sources, texts: &Texts, findings: &mut Findings) -> Profiles {
    let mut first_named: BTreeMap<&str, Span> = BTreeMap::new();
    for path in document.devices.iter().flat_map(|device| device.entry.mud.iter()) {
        let first = first_named.entry(&path.value).or_insert(path.span);
        *first = path.span.min(*first);
    }
    let mut files: BTreeMap<String, (Span, Vec<&str>)> = BTreeMap::new();
    for (written, span) in first_named {
        if written.contains("://") {
            findings.error(span, format!("`{written}` is a URL, and only files are read")).help(
                "fetch the file, with `curl -LO` for one, and write its path as seen from the folder of the policy",
            );
            continue;
        }
        let file = files.entry(normal(written)).or_insert((span, Vec::new()));
        file.0 = span.min(file.0);
        file.1.push(written);
    }

    let mut profiles = Profiles::default();
    let mut shown_paths = Vec::new();
    for (shown, (span, written)) in files {
        let Some(profile) = parse(&shown, span, sources, texts, findings) else {
            continue;
        };
        let id = ProfileId(profiles.list.len());
        profiles.list.push(profile);
        let by_path = written.into_iter().map(|path| (path.to_owned(), id));
        profiles.by_path.extend(by_path);
        shown_paths.push(shown);
    }
    relabel(&mut profiles.list, &shown_paths);
    profiles
}

fn parse(shown: &str, span: Span, sources: &mut Sources, texts: &Texts, findings: &mut Findings) -> Option<Profile> {
    let path = sources.folder.join(shown);
    if let Some(text) = texts.get(shown) {
        return match mud::parse_text(text, shown) {
            Ok((profile, _)) => Some(profile),
            Err(problems) => {
                for problem in problems {
                    findings.error(span, format!("{shown}: {}", problem.message));
                }
                None
            }
        };
    }
    if let Err(error) = is_file(&path) {
        findings
            .error(span, format!("the MUD file `{shown}` cannot be read: {error}"))
            .help("write its path as seen from the folder of the policy");
        return None;
    }
    match mud::parse(&path, shown) {
        Ok((profile, lints)) => {
            let file = (!lints.is_empty()).then(|| add(&path, shown, sources));
            for lint in lints {
                let at = inside(file, sources, &lint.span).unwrap_or(span);
                let found = findings.warning(at, format!("{shown}: {}", lint.message));
                describe(found, lint.help, span);
            }
            Some(profile)
        }
        Err(problems) => {
            let file = Some(add(&path, shown, sources));
            for problem in problems {
                let at = inside(file, sources, &problem.span).unwrap_or(span);
                let found = findings.error(at, format!("{shown}: {}", problem.message));
                describe(found, problem.help, span);
            }
            None
        }
    }
}

/// Nothing is read of what a policy names before it is known to be a file: a pipe waits, and a device never ends.
fn is_file(path: &Path) -> io::Result<()> {
    let there = fs::metadata(path)?;
    if there.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if !there.is_file() {
        return Err(io::Error::other("it is neither a file nor a link to one"));
    }
    fs::File::open(path).map(drop)
}

fn add(path: &Path, shown: &str, sources: &mut Sources) -> u32 {
    sources.add(shown, mud::read(path).unwrap_or_default())
}

/// A span of a MUD file, if it lies within the file's text.
fn inside(file: Option<u32>, sources: &Sources, range: &std::ops::Range<usize>) -> Option<Span> {
    let file = file?;
    let length = sources.files[file as usize].text.len();
    (range.start <= range.end && range.end <= length).then(|| within(file, range.clone()))
}

fn describe(found: &mut Diagnostic, help: Option<String>, named: Span) {
    found.also(named, "named here");
    found.help = help;
}

/// Files that share their last component are labelled by their whole paths.
fn relabel(profiles: &mut [Profile], shown_paths: &[String]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for profile in &*profiles {
        *count.entry(profile.label.clone()).or_default() += 1;
    }
    for (profile, path) in profiles.iter_mut().zip(shown_paths) {
        if count[&profile.label] < 2 {
            continue;
        }
        let old = std::mem::replace(&mut profile.label, path.clone());
        for ace in profile.from_device.iter_mut().chain(&mut profile.to_device) {
            if let Some(rest) = ace.rule.strip_prefix(&old) {
                ace.rule = format!("{path}{rest}");
            }
        }
    }
}

/// The path without `.` and, as far as it goes, without `..`.
pub(super) fn normal(path: &str) -> String {
    let mut normal = PathBuf::new();
    for component in Path::new(path).components() {
        let named = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => (),
            Component::ParentDir if named => {
                normal.pop();
            }
            Component::ParentDir | Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                normal.push(component)
            }
        }
    }
    match normal.as_os_str().is_empty() {
        true => ".".into(),
        false => normal.to_string_lossy().into_owned(),
    }
}
