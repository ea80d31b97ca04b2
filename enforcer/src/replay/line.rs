//! What is said of a frame: one JSON object, or one line for people.

use std::fmt;

use enforcer_common::reason::{Reason, Verdict};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::engine::Judgement;
use crate::compile::image::{Names, Rule};

/// A judged frame with the names behind its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Number in the capture, from 1.
    pub frame: u64,
    /// Seconds since the first frame.
    pub time: f64,
    /// The port by which it entered.
    pub port: Option<&'a str>,
    /// The sender's zone.
    pub from: Option<&'a str>,
    /// The receiver's zone.
    pub to: Option<&'a str>,
    /// The sender, where it is a device.
    pub device: Option<&'a str>,
    /// The receiver, where it is a device.
    pub peer: Option<&'a str>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The entry of the policy that decided.
    pub rule: Option<&'a Rule>,
}

impl<'a> Line<'a> {
    /// Puts names to a judgement.
    pub fn new(frame: u64, time: f64, judgement: &Judgement, names: &'a Names) -> Line<'a> {
        let outcome = &judgement.outcome;
        Line {
            frame,
            time,
            port: entry(&names.ports, outcome.port).map(|port| port.name.as_str()),
            from: entry(&names.zones, u32::from(outcome.from)).map(String::as_str),
            to: entry(&names.zones, u32::from(outcome.to)).map(String::as_str),
            device: entry(&names.devices, outcome.device).map(String::as_str),
            peer: entry(&names.devices, outcome.peer).map(String::as_str),
            verdict: judgement.verdict,
            reason: judgement.reason,
            rule: entry(&names.rules, outcome.rule),
        }
    }

    /// The layer that decided: where every layer agreed, that of the rule that stands for them.
    pub fn layer(&self) -> &'a str {
        match (self.reason, self.rule) {
            (Reason::Allowed, Some(rule)) => rule.layer,
            (reason, _) => reason.layer(),
        }
    }
}

/// The entry with this number; 0 is none.
fn entry<T>(list: &[T], number: u32) -> Option<&T> {
    if number == 0 { None } else { list.get(number as usize) }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.rule.and_then(|rule| rule.place.as_ref());
        let mut object = serializer.serialize_struct("Line", 12)?;
        object.serialize_field("frame", &self.frame)?;
        object.serialize_field("time", &self.time)?;
        object.serialize_field("port", &self.port)?;
        object.serialize_field("from", &self.from)?;
        object.serialize_field("to", &self.to)?;
        object.serialize_field("device", &self.device)?;
        object.serialize_field("peer", &self.peer)?;
        object.serialize_field("verdict", self.verdict.label())?;
        object.serialize_field("reason", self.reason.label())?;
        object.serialize_field("layer", self.layer())?;
        object.serialize_field("rule", &self.rule.map(|rule| rule.name.as_str()))?;
        object.serialize_field("at", &place.map(ToString::to_string))?;
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
        let pair = format!("{} > {}", who(self.from, self.device), who(self.to, self.peer));
        write!(
            f,
            "{:>6} {:>12.6}  {:<5}  {:<15}  {:<10}  {pair}",
            self.frame,
            self.time,
            self.verdict.label(),
            self.reason.label(),
            self.port.unwrap_or("-"),
        )?;
        if let Some(rule) = self.rule {
            let padding = 32usize.saturating_sub(pair.len());
            write!(f, "{:padding$}  {}", "", rule.name)?;
            if let Some(place) = &rule.place {
                write!(f, "  ({place})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::model::Place;
    use enforcer_common::event::Outcome;

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

    fn judgement(verdict: Verdict, reason: Reason, outcome: Outcome) -> Judgement {
        Judgement { verdict, reason, outcome }
    }

    #[test]
    fn the_json_is_the_contract() {
        let outcome = Outcome { rule: 1, device: 1, port: 1, from: 3, to: 2, ..Outcome::default() };
        let names = names();
        let line = Line::new(1, 0.0, &judgement(Verdict::Drop, Reason::MudFromDevice, outcome), &names);
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
        let names = names();
        let line = Line::new(7, 1.5, &Judgement::malformed(0), &names);
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
        let layer = |reason| Line::new(1, 0.0, &judgement(Verdict::Pass, reason, outcome), &names).layer();
        assert_eq!(layer(Reason::Allowed), "mud");
        assert_eq!(layer(Reason::Established), "connection");
        let line = Line::new(1, 0.0, &judgement(Verdict::Audit, Reason::NoTransition, outcome), &names);
        assert_eq!(line.layer(), "transition");
    }

    #[test]
    fn a_line_for_people_ends_with_the_rule() {
        let names = names();
        let outcome = Outcome { rule: 1, device: 1, port: 1, from: 3, ..Outcome::default() };
        let mut line = Line::new(12, 1.25, &judgement(Verdict::Drop, Reason::MudFromDevice, outcome), &names);
        assert_eq!(
            line.to_string(),
            "    12     1.250000  drop   mud-from-device  lan0.30     iot/lobby-camera > ?              \
             camera.json#from4/web  (mud/camera.json:41)"
        );
        line.rule = None;
        assert!(line.to_string().ends_with("iot/lobby-camera > ?"));
    }

    #[test]
    fn a_number_without_a_name_is_no_name() {
        let names = names();
        let outcome = Outcome { rule: 99, device: 99, ..Outcome::default() };
        let line = Line::new(1, 0.0, &judgement(Verdict::Drop, Reason::Guardrail, outcome), &names);
        assert!(line.rule.is_none() && line.device.is_none());
    }
}
