use enforcer_tests::verify::{prepared::*, site::Site};
fn main() {
    let mut counts: std::collections::BTreeMap<String, (u32, u64)> = Default::default();
    let mut cells = 0;
    let t = std::time::Instant::now();
    let mut ok = 0;
    for seed in 0..1000u64 {
        let site = Site::generate(seed);
        match Prepared::of(&site) {
            Err(e) => {
                println!("{seed}: {e:#}");
            }
            Ok(Ok(p)) => {
                ok += 1;
                cells = cells.max(p.image.cells.len());
            }
            Ok(Err(Unusable::TooLarge(e))) => {
                counts.entry(e).or_default().0 += 1;
            }
            Ok(Err(Unusable::Refused(e))) => {
                let first = e.lines().find(|l| l.trim_start().starts_with('×')).unwrap_or("?").trim().to_owned();
                let words: Vec<&str> = first
                    .split(' ')
                    .filter(|w| !w.contains(|c: char| c.is_ascii_digit()) && !w.contains('`'))
                    .collect();
                let x = counts.entry(words.join(" ")).or_default();
                x.0 += 1;
                x.1 = seed;
            }
        }
    }
    println!("ok {ok} max cells {cells} {:?}", t.elapsed());
    let mut v: Vec<_> = counts.into_iter().collect();
    v.sort_by_key(|x| std::cmp::Reverse(x.1.0));
    for x in v {
        println!("{:?}", x);
    }
}
