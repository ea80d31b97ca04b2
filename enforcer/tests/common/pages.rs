//! The pages for operators, and the policies on them.
//!
//! A block that opens with "```toml policy" is a whole policy. One that opens with "```toml part" is a file beside the first
//! whole policy of its page.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn repository() -> PathBuf {
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

/// Every policy: its place, and a folder with its files.
pub(crate) fn policies() -> Vec<(String, tempfile::TempDir)> {
    let mut policies = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(&path).expect("the page can be read");
        let blocks = blocks(&text);
        let base = blocks.iter().find(|block| block.kind == "policy");
        for block in &blocks {
            let place = format!("{}:{}", path.display(), block.line);
            let folder = match (block.kind.as_str(), base) {
                ("policy", _) => folder(&[&block.text]),
                ("part", Some(base)) => folder(&[&base.text, &block.text]),
                (other, _) => panic!("{place}: what is a block of `{other}`?"),
            };
            policies.push((place, folder));
        }
    }
    policies
}
