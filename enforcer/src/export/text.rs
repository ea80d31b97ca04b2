//! nftables as text: tables of counters, sets and chains, and what may stand in quotes and comments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The longest comment of a rule that nft takes, in bytes.
const COMMENT: usize = 128;

/// Elements of a set or map on one line of the output.
const A_LINE: usize = 6;

/// A table: counters, sets and chains, in the order in which they were added.
#[derive(Debug)]
pub(super) struct Table {
    /// Family and name.
    pub(super) name: String,
    /// What it is for: comment lines before it.
    pub(super) about: Vec<String>,
    counters: BTreeSet<String>,
    sets: Vec<Set>,
    chains: Vec<Chain>,
}

/// A named set, or a map from keys to verdicts.
#[derive(Debug)]
pub(super) struct Set {
    /// Its name.
    pub(super) name: String,
    /// What is in it: `type ipv4_addr`.
    pub(super) of: String,
    /// Its other properties: `flags interval`.
    pub(super) properties: Vec<&'static str>,
    /// Its elements.
    pub(super) elements: Vec<String>,
}

/// A chain.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Its name.
    pub(super) name: String,
    /// Hook, priority and policy; nothing for a chain that others jump to.
    pub(super) hook: Option<String>,
    lines: Vec<String>,
}

impl Chain {
    /// A chain that others jump to.
    pub(super) fn new(name: impl Into<String>) -> Chain {
        Chain { name: name.into(), ..Chain::default() }
    }

    /// A chain of the kernel's own way of packets.
    pub(super) fn on_hook(name: impl Into<String>, hook: impl Into<String>) -> Chain {
        Chain { hook: Some(hook.into()), ..Chain::new(name) }
    }

    /// Adds a rule.
    pub(super) fn rule(&mut self, rule: impl Into<String>) {
        self.lines.push(rule.into());
    }

    /// Adds rules.
    pub(super) fn rules(&mut self, rules: impl IntoIterator<Item = String>) {
        self.lines.extend(rules);
    }

    /// Adds a line of comment.
    pub(super) fn note(&mut self, text: &str) {
        self.lines.push(remark(text));
    }

    /// Whether it holds no rule.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.starts_with('#'))
    }
}

impl Table {
    /// An empty table, such as `inet enforcer`.
    pub(super) fn new(name: impl Into<String>) -> Table {
        Table { name: name.into(), about: Vec::new(), counters: BTreeSet::new(), sets: Vec::new(), chains: Vec::new() }
    }

    /// The statement that counts with a named counter, which is made where it is not there yet.
    pub(super) fn count(&mut self, name: &str) -> String {
        self.counters.insert(name.to_owned());
        format!("counter name \"{name}\"")
    }

    /// Adds a set, and says how rules call it.
    pub(super) fn set(
        &mut self,
        name: impl Into<String>,
        of: &str,
        properties: &[&'static str],
        elements: Vec<String>,
    ) -> String {
        let name = name.into();
        let reference = format!("@{name}");
        self.sets.push(Set { name, of: format!("type {of}"), properties: properties.to_vec(), elements });
        reference
    }

    /// Adds a chain.
    pub(super) fn chain(&mut self, chain: Chain) {
        self.chains.push(chain);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.about {
            writeln!(f, "{}", remark(line))?;
        }
        // Whatever was loaded before is replaced, in one step.
        writeln!(f, "table {0}\ndelete table {0}\ntable {0} {{", self.name)?;
        for counter in &self.counters {
            writeln!(f, "    counter {counter} {{ }}")?;
        }
        for set in &self.sets {
            let keyword = if set.of.contains(" : ") { "map" } else { "set" };
            writeln!(f, "\n    {keyword} {} {{\n        {}", set.name, set.of)?;
            for property in &set.properties {
                writeln!(f, "        {property}")?;
            }
            if !set.elements.is_empty() {
                writeln!(f, "        elements = {}", braces(&set.elements, "        "))?;
            }
            writeln!(f, "    }}")?;
        }
        for chain in &self.chains {
            writeln!(f, "\n    chain {} {{", chain.name)?;
            for line in chain.hook.iter().chain(&chain.lines) {
                writeln!(f, "        {line}")?;
            }
            writeln!(f, "    }}")?;
        }
        writeln!(f, "}}")
    }
}

/// Elements in braces: on one line where they are few.
fn braces(elements: &[String], indent: &str) -> String {
    if elements.len() <= A_LINE {
        return format!("{{ {} }}", elements.join(", "));
    }
    let lines: Vec<String> = elements.chunks(A_LINE).map(|line| line.join(", ")).collect();
    let between = format!(",\n{indent}    ");
    format!("{{\n{indent}    {}\n{indent}}}", lines.join(&between))
}

/// Elements as the right side of a match: one as it is, several in braces.
pub(super) fn among(elements: &[String]) -> String {
    match elements {
        [one] => one.clone(),
        several => braces(several, "        "),
    }
}

/// A map from keys to verdicts within a rule; keys that lead to the same place stay in the order of their addition.
pub(super) fn verdict_map(key: &str, elements: &[(String, String)]) -> String {
    let elements: Vec<String> = elements.iter().map(|(key, verdict)| format!("{key} : {verdict}")).collect();
    format!("{key} vmap {}", braces(&elements, "        "))
}

/// A line of comment. Nothing in a name ends it.
pub(super) fn remark(text: &str) -> String {
    format!("# {}", plain(text)).trim_end().to_owned()
}

/// The comment of a rule: the name of the policy's entry, as far as nft takes it.
pub(super) fn comment(name: &str) -> String {
    let plain = plain(name).replace('"', "'");
    let mut end = plain.len().min(COMMENT);
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    format!("comment \"{}\"", &plain[..end])
}

/// A log statement. Prefixes are at most 127 bytes long, and a dollar sign in them would be a variable of nft's.
pub(super) fn log(what: &str) -> String {
    let plain: String = plain(what).chars().filter(|c| !matches!(c, '"' | '\\' | '$')).take(40).collect();
    format!("log prefix \"enforcer {plain}: \"")
}

/// Without control characters, line ends among them.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// The longest name that an interface can have.
const NAME: usize = 15;

/// An interface in quotes; nothing where nft cannot write its name.
pub(super) fn interface(name: &str) -> Option<String> {
    // A star would stand for every name that begins so.
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'*');
    (name.len() <= NAME && name.bytes().all(legal)).then(|| format!("\"{name}\""))
}

/// Names of chains, sets and counters: each once, of letters that nft takes.
#[derive(Debug, Default)]
pub(super) struct Identifiers {
    taken: BTreeMap<String, u32>,
}

/// Longer names are cut; the kernel takes 255 bytes.
const IDENTIFIER: usize = 100;

impl Identifiers {
    /// A name like `wanted` that nobody has yet.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
        let name: String = wanted.chars().map(legal).take(IDENTIFIER).collect();
        let mut candidate = name.clone();
        loop {
            if !self.taken.contains_key(&candidate) {
                self.taken.insert(candidate.clone(), 1);
                return candidate;
            }
            let count = self.taken.entry(name.clone()).or_insert(1);
            *count += 1;
            candidate = format!("{name}.{count}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_quotes() {
        assert_eq!(comment("say \"hi\"\n    accept"), "comment \"say 'hi'     accept\"");
        assert_eq!(remark("a\nflush ruleset\u{2028}x"), "# a flush ruleset x");
        let long = comment(&"ü".repeat(100));
        assert_eq!(long.len(), "comment \"\"".len() + 128);
        assert!(log(&"\"ä\n".repeat(100)).len() < 127);
        assert_eq!(log("$x"), "log prefix \"enforcer x: \"");
    }

    #[test]
    fn an_interface_is_itself_and_no_pattern() {
        assert_eq!(interface("lan0.30").as_deref(), Some("\"lan0.30\""));
        for odd in ["trunk0.4094.4094", "lan*", "a\"b", "a\\", "ä"] {
            assert_eq!(interface(odd), None, "{odd}");
        }
    }

    #[test]
    fn identifiers_are_distinct_and_legal() {
        let mut names = Identifiers::default();
        let given = ["from_a", "from_a", "from_a.2", "from_a", "from_ü x"].map(|name| names.unique(name));
        assert_eq!(given, ["from_a", "from_a.2", "from_a.2.2", "from_a.3", "from___x"]);
    }
}
