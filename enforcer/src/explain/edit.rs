//! Edits of a policy's files: thought out in terms of the policy, shown as text to paste, and pasted to be tried.

use std::ops::Range;

use toml_edit::{Document, DocumentMut, Item, Value};

use super::site::Site;

/// A change of one file, as text to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file, relative to the folder of the policy.
    pub file: String,
    /// Where the text goes.
    pub how: How,
    /// The text, whole lines.
    pub text: String,
}

/// Where the text of an edit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// At the end of the file.
    Append,
    /// In the place of these lines, the first of which has this number; with no lines, before it.
    Replace {
        /// Number of the first line, from 1.
        line: usize,
        /// The lines.
        old: String,
    },
    /// It is a file of its own.
    Create,
}

impl Edit {
    /// The file with the text pasted; none where it does not hold the lines that are replaced.
    pub fn paste(&self, current: &str) -> Option<String> {
        match &self.how {
            How::Create => Some(self.text.clone()),
            How::Append => {
                let gap = if current.is_empty() || current.ends_with('\n') { "" } else { "\n" };
                Some(format!("{current}{gap}\n{}", self.text))
            }
            How::Replace { line, old } => {
                let start: usize = current.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
                let rest = current.get(start..)?.strip_prefix(old.as_str())?;
                Some(format!("{}{}{rest}", current.get(..start)?, self.text))
            }
        }
    }
}

/// A table of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `[zones.NAME]`, `[devices.NAME]`.
    Named(&'static str, String),
    /// The entry of a list of tables (`[[transitions]]`) at this line.
    At(&'static str, u32),
    /// `[names]`, `[controllers]`.
    Table(&'static str),
}

/// What is to be done to a file.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// Something new at its end.
    Append { text: String },
    /// One more in a list; `implied` stands for what the key means where it is not written.
    Push { target: Target, key: String, item: Value, implied: Option<&'static str> },
    /// Another value.
    Set { target: Target, key: &'static str, item: Value },
    /// A file of its own.
    Create { text: String },
}

impl Op {
    /// The edit that does it to a file that reads so; none where the file is not written in a way that it can be done to.
    pub(super) fn edit(self, before: &str, file: &str) -> Option<Edit> {
        let file_name = file.to_owned();
        match self {
            Op::Append { text } => Some(Edit { file: file_name, how: How::Append, text }),
            Op::Create { text } => Some(Edit { file: file_name, how: How::Create, text }),
            Op::Push { target, key, item, implied } => {
                let after = changed(before, &target, |table| push(table, &key, item, implied))?;
                Some(difference(file_name, before, &after))
            }
            Op::Set { target, key, item } => {
                let after = changed(before, &target, |table| {
                    let value = table.get_mut(key)?.as_value_mut()?;
                    let decor = value.decor().clone();
                    *value = item;
                    *value.decor_mut() = decor;
                    Some(())
                })?;
                Some(difference(file_name, before, &after))
            }
        }
    }
}

/// The first file of the policy that has such a table, with such a key in it where one is asked for.
pub(super) fn file_with<'s>(site: &'s Site, table: &str, key: Option<&str>) -> Option<&'s str> {
    let holds = |text: &str| {
        let document = Document::parse(text).ok()?;
        let table = document.as_table().get(table)?;
        key.is_none_or(|key| table.get(key).is_some()).then_some(())
    };
    site.loaded.files().find(|file| site.loaded.text(file).and_then(holds).is_some())
}

fn changed(text: &str, target: &Target, change: impl FnOnce(&mut Item) -> Option<()>) -> Option<String> {
    let position = match target {
        Target::At(list, line) => Some(position(text, list, *line)?),
        Target::Named(..) | Target::Table(_) => None,
    };
    let mut document: DocumentMut = text.parse().ok()?;
    let root = document.as_table_mut();
    match (target, position) {
        (Target::At(list, _), Some(position)) => {
            // Changed as an item of its own, and put back.
            let tables = root.get_mut(list)?.as_array_of_tables_mut()?;
            let mut item = Item::Table(tables.get(position)?.clone());
            change(&mut item)?;
            *tables.get_mut(position)? = item.into_table().ok()?;
        }
        (Target::Named(kind, name), _) => change(root.get_mut(kind)?.get_mut(name.as_str())?)?,
        (Target::Table(name), _) => change(root.get_mut(name)?)?,
        (Target::At(..), None) => return None,
    }
    Some(document.to_string())
}

/// Which of the tables of a list has its heading at this line, counted from 1.
fn position(text: &str, list: &str, line: u32) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let tables = document.as_table().get(list)?.as_array_of_tables()?;
    let line_of = |span: Range<usize>| text.get(..span.start).map(|before| before.matches('\n').count() + 1);
    tables.iter().position(|table| table.span().and_then(line_of) == Some(line as usize))
}

fn push(table: &mut Item, key: &str, item: Value, implied: Option<&'static str>) -> Option<()> {
    let table = table.as_table_like_mut()?;
    match table.get_mut(key) {
        None => {
            let mut list = toml_edit::Array::new();
            list.extend(implied.map(Value::from));
            list.push(item);
            table.insert(key, Item::Value(Value::Array(list)));
        }
        Some(Item::Value(Value::Array(list))) => list.push(item),
        Some(Item::ArrayOfTables(tables)) => tables.push(item.as_inline_table()?.clone().into_table()),
        Some(Item::Value(value @ Value::String(_))) => {
            let decor = value.decor().clone();
            let mut list = toml_edit::Array::new();
            list.push(value.as_str()?);
            list.push(item);
            *value = Value::Array(list);
            *value.decor_mut() = decor;
        }
        Some(_) => return None,
    }
    Some(())
}

/// The lines in which two texts differ, as an edit that makes one of the other.
fn difference(file: String, before: &str, after: &str) -> Edit {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let longest = old.len().min(new.len()) - same;
    let same_behind = old.iter().rev().zip(new.iter().rev()).take(longest).take_while(|(old, new)| old == new).count();
    Edit {
        file,
        how: How::Replace { line: same + 1, old: old[same..old.len() - same_behind].concat() },
        text: new[same..new.len() - same_behind].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
version = 1

[zones.office]
ports = ['lan0']   # the first floor

[[transitions]]
from = \"office\"
to = \"router\"
allow = \"tcp/22\"

[[transitions]]
name = \"b\"
from = \"office\"
to = \"router\"
allow = [
    \"tcp/53\",
    \"udp/53\", # names
]
";

    #[test]
    fn an_item_goes_into_a_list_and_nothing_else_changes() {
        let item = || Value::from("tcp/80");
        let transition = |line| Target::At("transitions", line);
        let zone = || Target::Named("zones", "office".into());
        for (target, key, implied, old, new) in [
            (transition(6), "allow", None, "allow = \"tcp/22\"\n", "allow = [\"tcp/22\", \"tcp/80\"]\n"),
            (
                zone(),
                "ports",
                None,
                "ports = ['lan0']   # the first floor\n",
                "ports = ['lan0', \"tcp/80\"]   # the first floor\n",
            ),
            (zone(), "prefixes", Some("connected"), "", "prefixes = [\"connected\", \"tcp/80\"]\n"),
        ] {
            let after = changed(TEXT, &target, |table| push(table, key, item(), implied)).unwrap();
            let edit = difference("a".into(), TEXT, &after);
            let How::Replace { old: replaced, .. } = &edit.how else { panic!("{edit:?}") };
            assert_eq!((replaced.as_str(), edit.text.as_str()), (old, new));
            assert_eq!(edit.paste(TEXT).unwrap(), after);
        }
        let long = changed(TEXT, &transition(11), |table| push(table, "allow", item(), None)).unwrap();
        let edit = difference("a".into(), TEXT, &long);
        assert!(edit.text.contains("tcp/80") && long.contains("# names"), "{long}");
        assert_eq!(edit.paste(TEXT).unwrap(), long);
        assert!(changed(TEXT, &transition(7), |_| Some(())).is_none(), "no table begins there");
    }

    #[test]
    fn what_is_not_there_is_not_replaced() {
        let edit = Edit { file: "a".into(), how: How::Replace { line: 2, old: "b\n".into() }, text: "c\n".into() };
        assert_eq!(edit.paste("a\nb\nd\n").as_deref(), Some("a\nc\nd\n"));
        assert_eq!(edit.paste("a\nd\n"), None);
        assert_eq!(edit.paste(""), None);
    }
}
