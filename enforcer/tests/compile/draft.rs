//! A policy as a list of tables, which can be written in any order and spread over any files.

use std::fmt;

use crate::site::Site;

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// As it stands in the file.
    Plain(String),
    /// Strings whose order means nothing.
    List(Vec<String>),
    /// Tables whose order means nothing.
    Tables(Vec<Vec<Key>>),
}

/// A key and its value.
pub(crate) type Key = (String, Value);

/// A table; entries of `[[…]]` are one each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// `[zones.iot]`, `[[transitions]]`, or nothing for the keys at the top.
    pub(crate) head: String,
    pub(crate) keys: Vec<Key>,
}

impl Table {
    pub(crate) fn new(head: &str) -> Table {
        Table { head: head.to_owned(), keys: Vec::new() }
    }

    /// The same with a string.
    pub(crate) fn word(self, key: &str, value: &str) -> Table {
        self.with(key, Value::Plain(format!("{value:?}")))
    }

    /// The same with a list of strings.
    pub(crate) fn list<T: ToString>(self, key: &str, list: &[T]) -> Table {
        self.with(key, Value::List(list.iter().map(ToString::to_string).collect()))
    }

    pub(crate) fn with(mut self, key: &str, value: Value) -> Table {
        self.keys.push((key.to_owned(), value));
        self
    }

    /// What the string under this key says.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.keys.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn is_one_of_many(&self) -> bool {
        self.head.starts_with("[[")
    }
}

/// A policy and the MUD files beside it.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) tables: Vec<Table>,
    pub(crate) profiles: Vec<(String, String)>,
}

impl Draft {
    /// The same with one table more.
    pub(crate) fn and(&self, table: Table) -> Draft {
        let mut draft = self.clone();
        draft.tables.push(table);
        draft
    }

    /// The same without one of the tables.
    pub(crate) fn without(&self, index: usize) -> Draft {
        let mut draft = self.clone();
        draft.tables.remove(index);
        draft
    }

    /// Where the tables of this kind are.
    pub(crate) fn places(&self, fits: impl Fn(&Table) -> bool) -> Vec<usize> {
        (0..self.tables.len()).filter(|index| fits(&self.tables[*index])).collect()
    }

    /// The policy in one file.
    pub(crate) fn site(&self) -> Site {
        self.site_of(&[written(&self.tables)])
    }

    /// The policy as these files, and the MUD files.
    pub(crate) fn site_of(&self, texts: &[String]) -> Site {
        let names: Vec<String> = (0..texts.len()).map(|number| format!("{number}.toml")).collect();
        let texts = names.iter().zip(texts).map(|(name, text)| (name.as_str(), text.as_str()));
        let profiles = self.profiles.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Site::with(&texts.chain(profiles).collect::<Vec<_>>())
    }
}

/// As a person needs it to see what fails.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", written(&self.tables))?;
        self.profiles.iter().try_for_each(|(name, profile)| writeln!(f, "# {name}: {profile}"))
    }
}

/// Tables as a file. Those with one head become one table, with each key once.
pub(crate) fn written(tables: &[Table]) -> String {
    let mut text = "version = 1\n".to_owned();
    let mut heads: Vec<&str> = Vec::new();
    let (top, below): (Vec<&Table>, Vec<&Table>) = tables.iter().partition(|table| table.head.is_empty());
    for table in top {
        text += &lines(&table.keys);
    }
    for table in &below {
        if table.is_one_of_many() {
            text += &format!("{}\n{}", table.head, lines(&table.keys));
        } else if !heads.contains(&table.head.as_str()) {
            heads.push(&table.head);
            let mut keys: Vec<Key> = Vec::new();
            for key in below.iter().filter(|other| other.head == table.head).flat_map(|table| &table.keys) {
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            text += &format!("{}\n{}", table.head, lines(&keys));
        }
    }
    text
}

fn lines(keys: &[Key]) -> String {
    keys.iter().map(|(key, value)| format!("{key} = {}\n", text(value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Plain(text) => text.clone(),
        Value::List(list) => format!("{list:?}"),
        Value::Tables(tables) => {
            let inline = |keys: &Vec<Key>| {
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect();
                format!("{{ {} }}", keys.join(", "))
            };
            format!("[{}]", tables.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Puts tables, their keys and what their lists hold into another order, which `seed` chooses.
pub(crate) fn shuffled(tables: &[Table], seed: u64) -> Vec<Table> {
    let mut dice = Dice(seed);
    let mut tables = tables.to_vec();
    dice.shuffle(&mut tables);
    for table in &mut tables {
        turn(&mut table.keys, &mut dice);
    }
    tables
}

/// The same with an element of each list written twice.
pub(crate) fn repeated(tables: &[Table], seed: u64) -> Vec<Table> {
    let mut dice = Dice(seed);
    let mut tables = tables.to_vec();
    tables.iter_mut().for_each(|table| repeat(&mut table.keys, &mut dice));
    tables
}

fn repeat(keys: &mut [Key], dice: &mut Dice) {
    for (_, value) in keys {
        match value {
            Value::Plain(_) => {}
            Value::List(list) => dice.repeat(list),
            Value::Tables(tables) => {
                tables.iter_mut().for_each(|keys| repeat(keys, dice));
                dice.repeat(tables);
            }
        }
    }
}

fn turn(keys: &mut [Key], dice: &mut Dice) {
    dice.shuffle(keys);
    for (_, value) in keys {
        match value {
            Value::Plain(_) => {}
            Value::List(list) => dice.shuffle(list),
            Value::Tables(tables) => {
                dice.shuffle(tables);
                tables.iter_mut().for_each(|keys| turn(keys, dice));
            }
        }
    }
}

/// Numbers that look drawn, the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    fn repeat<T: Clone>(&mut self, items: &mut Vec<T>) {
        if !items.is_empty() {
            let again = items[self.below(items.len())].clone();
            items.insert(self.below(items.len() + 1), again);
        }
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
