//! Nothing has an order: how files merge, and what the order within them changes, which is nothing.

use enforcer::compile::compile;
use enforcer::compile::image::Image;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::draft::{Dice, Draft, Table, repeated, shuffled, written};
use crate::generate::{cases, draft};
use crate::site::load;

/// The image of a policy in these files, without the places, which are those of the files.
fn image(draft: &Draft, files: &[Vec<Table>]) -> Image {
    let texts: Vec<String> = files.iter().map(|tables| written(tables)).collect();
    let mut image = draft.site_of(&texts).image;
    image.names.rules.iter_mut().for_each(|rule| rule.place = None);
    image
}

/// Deals tables to files.
fn dealt(tables: &[Table], files: usize, seed: u64) -> Vec<Vec<Table>> {
    let mut dice = Dice(seed);
    let mut dealt = vec![Vec::new(); files];
    for table in tables {
        dealt[dice.below(files)].push(table.clone());
    }
    dealt
}

fn join(one: &[Table], other: &[Table]) -> Vec<Table> {
    let mut tables = one.to_vec();
    tables.extend(other.iter().filter(|table| !one.contains(table)).cloned());
    tables
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn merging_is_commutative(draft in draft(true), seed in any::<u64>()) {
        let [a, b, c] = three(&draft, seed);
        let one = image(&draft, &[a.clone(), b.clone(), c.clone()]);
        prop_assert!(one == image(&draft, &[c.clone(), b.clone(), a.clone()]));
        prop_assert!(one == image(&draft, &[b, c, a]));
    }

    #[test]
    fn merging_is_associative(draft in draft(true), seed in any::<u64>()) {
        let [a, b, c] = three(&draft, seed);
        let one = image(&draft, &[join(&a, &b), c.clone()]);
        prop_assert!(one == image(&draft, &[a.clone(), join(&b, &c)]));
        prop_assert!(one == image(&draft, &[join(&join(&a, &b), &c)]));
    }

    #[test]
    fn merging_is_idempotent(draft in draft(true), seed in any::<u64>()) {
        let [a, b, c] = three(&draft, seed);
        let one = image(&draft, &[a.clone(), b.clone(), c.clone()]);
        let whole = join(&join(&a, &b), &c);
        prop_assert!(one == image(&draft, &[whole.clone(), whole.clone()]));
        prop_assert!(one == image(&draft, &[whole.clone(), shuffled(&b, seed), a]));
        prop_assert!(one == image(&draft, &[repeated(&whole, seed), whole]));
    }

    #[test]
    fn reordering_files_tables_and_keys_changes_nothing_but_places(
        draft in draft(true), seed in any::<u64>(), files in 1usize..5,
    ) {
        let one = image(&draft, std::slice::from_ref(&draft.tables));
        let other = image(&draft, &dealt(&shuffled(&draft.tables, seed), files, seed));
        prop_assert!(one == other);
    }

    #[test]
    fn compiling_is_deterministic(draft in draft(true)) {
        let site = draft.site();
        let again = compile(&site.loaded.policy, &site.loaded.facts).unwrap();
        prop_assert!(site.image == again);
        prop_assert!(site.image == draft.site().image);
    }

    #[test]
    fn a_contradiction_is_refused_in_any_order(draft in draft(true), which in any::<Index>(), seed in any::<u64>()) {
        let has_a_mode = |table: &Table| {
            ["[[transitions]]", "[[guardrails]]"].contains(&table.head.as_str())
                || ["[zones.", "[devices."].iter().any(|kind| table.head.starts_with(kind))
        };
        let mut tables = draft.tables.clone();
        let table = &mut tables[*which.get(&draft.places(has_a_mode))];
        table.keys.retain(|(key, _)| key != "mode");
        let says = [table.clone().word("mode", "audit"), table.clone().word("mode", "enforce")];
        *table = says[0].clone();
        let texts = [written(&shuffled(&tables, seed)), written(&says[1..])];
        for order in [[0, 1], [1, 0]] {
            let policy = [("first.toml", texts[order[0]].as_str()), ("second.toml", &texts[order[1]])];
            let profiles = draft.profiles.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            let files: Vec<(&str, &str)> = policy.into_iter().chain(profiles).collect();
            let report = load(&files).err().map(|report| report.to_string()).unwrap_or_default();
            let named = ["says two things", "first.toml:", "second.toml:"].iter().all(|part| report.contains(part));
            prop_assert!(named, "{report}");
        }
    }
}

fn three(draft: &Draft, seed: u64) -> [Vec<Table>; 3] {
    dealt(&draft.tables, 3, seed).try_into().unwrap()
}
