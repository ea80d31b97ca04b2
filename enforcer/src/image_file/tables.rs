//! The hash tables of an image: inside it, and every entry where a lookup finds it.

use enforcer_common::cell::Cell;
use enforcer_common::table::{Table, buckets2, buckets4};

/// Gives every entry of a table of `PER` entries a bucket, with `KEY` words of key and `VALUE` of value, to `each`.
pub(super) fn check<const PER: usize, const KEY: usize, const VALUE: usize>(
    cells: &[Cell],
    table: Table,
    mut each: impl FnMut(&[u32; KEY], &[u32; VALUE]) -> Result<(), String>,
) -> Result<(), String> {
    if table.seed == 0 {
        // Nothing is looked up in it.
        return Ok(());
    }
    let buckets = table.mask as usize + 1;
    let end = (table.start as usize).checked_add(buckets);
    if !buckets.is_power_of_two() || table.start < 2 || end.is_none_or(|end| end > cells.len()) {
        return Err("a table goes past the end".into());
    }
    for (number, bucket) in (0..).zip(&cells[table.start as usize..][..buckets]) {
        for entry in bucket.chunks_exact(KEY + VALUE).take(PER) {
            let Some((key, rest)) = entry.split_first_chunk::<KEY>() else { continue };
            let Some(value) = rest.first_chunk::<VALUE>().filter(|value| value[0] != 0) else { continue };
            let (first, second) = match *key.as_slice() {
                [a] => buckets2(table, a, 0),
                [a, b] => buckets2(table, a, b),
                [a, b, c, d] => buckets4(table, &[a, b, c, d]),
                _ => return Err("a key of no known width".into()),
            };
            if number != first && number != second {
                return Err("an entry in a bucket where nobody looks for it".into());
            }
            each(key, value)?;
        }
    }
    Ok(())
}
