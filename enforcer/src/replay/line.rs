//! What is said of a frame: one JSON object, or one line for people.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::finding::Finding;

/// A judged frame of a capture.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Number in the capture, from 1.
    pub frame: u64,
    /// Seconds since the first frame.
    pub time: f64,
    /// What was found.
    pub finding: Finding<'a>,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Finding { port, from, to, device, peer, verdict, reason, rule, .. } = &self.finding;
        let mut object = serializer.serialize_struct("Line", 12)?;
        object.serialize_field("frame", &self.frame)?;
        object.serialize_field("time", &self.time)?;
        object.serialize_field("port", port)?;
        object.serialize_field("from", from)?;
        object.serialize_field("to", to)?;
        object.serialize_field("device", device)?;
        object.serialize_field("peer", peer)?;
        object.serialize_field("verdict", verdict.label())?;
        object.serialize_field("reason", reason.label())?;
        object.serialize_field("layer", self.finding.layer())?;
        object.serialize_field("rule", &rule.map(|rule| rule.name))?;
        object.serialize_field("at", &rule.and_then(|rule| rule.place).map(ToString::to_string))?;
        object.end()
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = |zone: Option<&str>, device: Option<&str>| match (zone, device) {
            (Some(zone), Some(device)) => format!("{zone}/{device}"),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            (None, None) => "?".to_owned(),
        };
        let Finding { port, from, to, device, peer, verdict, reason, rule, .. } = self.finding;
        let pair = format!("{} > {}", who(from, device), who(to, peer));
        write!(
            f,
            "{:>6} {:>12.6}  {:<5}  {:<15}  {:<10}  {pair}",
            self.frame,
            self.time,
            verdict.label(),
            reason.label(),
            port.unwrap_or("-"),
        )?;
        if let Some(rule) = rule {
            let padding = 32usize.saturating_sub(pair.len());
            write!(f, "{:padding$}  {}", "", rule.name)?;
            if let Some(place) = rule.place {
                write!(f, "  ({place})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::image::{Names, Rule};
    use crate::policy::model::Place;
    use crate::replay::Judgement;
    use enforcer_common::event::Outcome;
    use enforcer_common::reason::{Reason, Verdict};

    fn names() -> Names {
        let port = |name: &str| crate::compile::image::PortName { name: name.into(), ..Default::default() };
        Names {
            zones: ["", "router", "internet", "iot"].map(String::from).to_vec(),
            devices: ["", "lobby-camera"].map(String::from).to_vec(),
            ports: vec![port(""), port("lan0.30")],
            rules: vec![
                Rule::default(),
                Rule {
                    name: "camera.json#from4/web".into(),
                    layer: "mud",
                    place: Some(Place { file: "mud/camera.json".into(), line: 41 }),
                },
            ],
        }
    }

    fn line(frame: u64, time: f64, found: (Verdict, Reason, Outcome), names: &Names) -> Line<'_> {
        let (verdict, reason, outcome) = found;
        Line { frame, time, finding: Judgement { verdict, reason, outcome }.named(names) }
    }

    #[test]
    fn the_json_is_the_contract() {
        let outcome = Outcome { rule: 1, device: 1, port: 1, from: 3, to: 2, ..Outcome::default() };
        let names = names();
        let line = line(1, 0.0, (Verdict::Drop, Reason::MudFromDevice, outcome), &names);
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            concat!(
                r#"{"frame":1,"time":0.0,"port":"lan0.30","from":"iot","to":"internet","device":"lobby-camera","peer":null,"#,
                r#""verdict":"drop","reason":"mud-from-device","layer":"mud","rule":"camera.json#from4/web","at":"mud/camera.json:41"}"#
            )
        );
    }

    #[test]
    fn what_does_not_apply_is_null() {
        let line = Line { frame: 7, time: 1.5, finding: Finding::malformed(None) };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            concat!(
                r#"{"frame":7,"time":1.5,"port":null,"from":null,"to":null,"device":null,"peer":null,"#,
                r#""verdict":"drop","reason":"malformed","layer":"parse","rule":null,"at":null}"#
            )
        );
    }

    #[test]
    fn a_pass_belongs_to_the_layer_of_its_rule() {
        let names = names();
        let outcome = Outcome { rule: 1, ..Outcome::default() };
        let layer = |reason| line(1, 0.0, (Verdict::Pass, reason, outcome), &names).finding.layer();
        assert_eq!(layer(Reason::Allowed), "mud");
        assert_eq!(layer(Reason::Established), "connection");
        let line = line(1, 0.0, (Verdict::Audit, Reason::NoTransition, outcome), &names);
        assert_eq!(line.finding.layer(), "transition");
    }

    #[test]
    fn a_line_for_people_ends_with_the_rule() {
        let names = names();
        let outcome = Outcome { rule: 1, device: 1, port: 1, from: 3, ..Outcome::default() };
        let mut line = line(12, 1.25, (Verdict::Drop, Reason::MudFromDevice, outcome), &names);
        assert_eq!(
            line.to_string(),
            "    12     1.250000  drop   mud-from-device  lan0.30     iot/lobby-camera > ?              \
             camera.json#from4/web  (mud/camera.json:41)"
        );
        line.finding.rule = None;
        assert!(line.to_string().ends_with("iot/lobby-camera > ?"));
    }

    #[test]
    fn a_number_without_a_name_is_no_name() {
        let names = names();
        let outcome = Outcome { rule: 99, device: 99, ..Outcome::default() };
        let line = line(1, 0.0, (Verdict::Drop, Reason::Guardrail, outcome), &names);
        assert!(line.finding.rule.is_none() && line.finding.device.is_none());
    }
}
