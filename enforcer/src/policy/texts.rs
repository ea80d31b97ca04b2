//! Files as they would be: texts that stand in the place of files on disk, or beside them.

use std::collections::BTreeMap;

/// Texts by the path that places have for the file, relative to the folder of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    /// Puts a text in the place of a file.
    pub fn put(&mut self, shown: &str, text: String) {
        self.0.insert(shown.to_owned(), text);
    }

    /// The text that stands in the place of a file.
    pub fn get(&self, shown: &str) -> Option<&str> {
        self.0.get(shown).map(String::as_str)
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(shown, text)| (shown.as_str(), text.as_str()))
    }
}
