//! The figures for machines.

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::results::{Measured, Results};
use crate::target::Target;

/// Everything that a run brought to light.
pub fn of(machine: &Machine, results: &Results, targets: &[Target]) -> Value {
    let results: Vec<&Measured> = results.iter().collect();
    json!({ "machine": machine, "results": results, "targets": targets })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Id;
    use crate::stats::Summary;
    use crate::target::Sense;

    #[test]
    fn the_form_is_the_one_that_was_promised() {
        let mut results = Results::default();
        let id = Id { group: "packet", case: "established", contender: "enforcer", keys: Some(1000), rules: Some(10) };
        results.add(Measured::timed(id, Summary { low: 80.0, median: 90.0, high: 95.0 }, "ns"));
        results.add(Measured::counted(Id { keys: None, rules: None, ..id }, 2.0, "cells"));
        let targets = [
            Target::new("cost: ns", Sense::AtMost, 100.0, Some(90.0)),
            Target::new("speed", Sense::AtLeast, 2.0, None),
        ];
        let machine = Machine::here();
        let json = of(&machine, &results, &targets);
        assert_eq!(
            json["results"],
            json!([
                { "group": "packet", "case": "established", "contender": "enforcer", "keys": 1000, "rules": 10,
                  "value": 90.0, "unit": "ns", "spread": [80.0, 95.0] },
                { "group": "packet", "case": "established", "contender": "enforcer", "keys": null, "rules": null,
                  "value": 2.0, "unit": "cells", "spread": null },
            ])
        );
        assert_eq!(
            json["targets"],
            json!([
                { "name": "cost: ns, at most", "measured": 90.0, "bound": 100.0, "met": true },
                { "name": "speed, at least", "measured": null, "bound": 2.0, "met": null },
            ])
        );
        assert_eq!(json["machine"]["kernel"], machine.kernel);
        assert_eq!(json.as_object().map(|parts| parts.len()), Some(3));
        // What one process writes, another reads.
        let read: Vec<Measured> = serde_json::from_value(json["results"].clone()).expect("it is the same form");
        assert_eq!(read.iter().collect::<Vec<_>>(), results.iter().collect::<Vec<_>>());
    }
}
