//! "Did you mean …?": the candidate that is closest to what was written.

/// A help text that names the candidate nearest to a misspelling, if one is near.
pub(super) fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let nearest = nearest(written, candidates)?;
    Some(format!("did you mean `{nearest}`?"))
}

/// The candidate nearest to what was written, if it is near enough to be what was meant.
fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.to_lowercase().chars().collect();
    let limit = (written.len() / 3).max(1);
    let near = candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(written.len()) <= limit + 2)
        .map(|candidate| (distance(&written, candidate), candidate));
    let (distance, candidate) = near.min()?;
    (distance <= limit).then_some(candidate)
}

/// How many characters must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// `a`, `b` and `c`, each in backquotes.
pub(super) fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_and_nothing_far() {
        assert_eq!(nearest("prefxies", ["ports", "prefixes"]), Some("prefixes"));
        assert_eq!(nearest("Office", ["office", "iot"]), Some("office"));
        assert_eq!(nearest("cell3", ["cell1", "cell2"]), Some("cell1"));
        assert_eq!(nearest("plc", ["office", "internet"]), None);
    }
}
