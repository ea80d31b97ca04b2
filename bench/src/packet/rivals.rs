//! What the product is compared with.

use enforcer_bench_ebpf::plan::flow;

/// A program of the bench's own, on the packets of an established connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rival {
    /// What is done, in results.
    pub case: &'static str,
    /// The name in results.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// One of [`flow`].
    pub flow: u32,
    /// The program that enters a key beforehand, and how many packets it takes for each key.
    pub fill: Option<(&'static str, u32)>,
}

/// One read or one lookup.
pub const LOOKUP: &str = "lookup";
/// One new entry in a full table.
pub const EVICT: &str = "insert and evict";
/// Nothing.
pub const NOTHING: &str = "nothing";

/// Does nothing; its cost is that of drawing and writing a key, and stands for itself.
pub const EMPTY: &str = "empty program";
/// The product's parser.
pub const PARSER: &str = "parse only";
/// See the name.
pub const HASH8: &str = "hash, 8-byte key";
/// See the name.
pub const HASH40: &str = "hash, 40-byte key";
/// See the name.
pub const LRU40: &str = "LRU hash, 40-byte key";
/// See the name.
pub const LPM: &str = "LPM trie";
/// Control F.
pub const CELLS_64K: &str = "one cell of 65,536 (F)";
/// Control F with as many cells as keys.
pub const CELLS_KEYS: &str = "one cell of as many as keys (F)";

/// All of them, but for the parser, which is measured with frames of every shape.
pub const RIVALS: [Rival; 7] = [
    lookup(HASH8, "hash8", Some(("fill_hash8", 1))),
    lookup(HASH40, "hash40", Some(("fill_hash40", 1))),
    lookup(LRU40, "lru40", Some(("fill_lru40", 1))),
    lookup(LPM, "lpm", Some(("fill_lpm", 1))),
    lookup(CELLS_64K, "cells_64k", None),
    lookup(CELLS_KEYS, "cells_keys", None),
    // Twice as many as there is room for: it is full, and every entry is of this kind.
    Rival { case: EVICT, name: LRU40, program: "lru40_evict", flow: flow::FRESH, fill: Some(("lru40_evict", 2)) },
];

const fn lookup(name: &'static str, program: &'static str, fill: Option<(&'static str, u32)>) -> Rival {
    Rival { case: LOOKUP, name, program, flow: flow::OF_KEY, fill }
}
