//! The page of metrics, built anew for each scrape.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::counters::Counters;

/// What a page tells.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The kernel's counters.
    pub counters: Counters,
    /// Connections that are alive.
    pub connections: u64,
    /// The generation in force.
    pub generation: u32,
    /// Digest of its policy, in hexadecimal.
    pub digest: String,
    /// Reloads that were put in force.
    pub reloads: u64,
    /// Reloads that were refused.
    pub failed_reloads: u64,
    /// Interfaces with the mode of their entrance program.
    pub interfaces: Vec<(String, &'static str)>,
    /// Interfaces in use that nobody named.
    pub unnamed: Vec<String>,
}

type Labels<'a> = Vec<(&'static str, &'a str)>;

/// Writes families one after another.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn counter<'b>(&mut self, name: &str, help: &str, series: impl Iterator<Item = (Labels<'b>, u64)>) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in series {
            let counter = ConstCounter::new(value);
            if labels.is_empty() {
                return counter.encode(family);
            }
            counter.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn gauge<'b>(&mut self, name: &str, help: &str, series: impl Iterator<Item = (Labels<'b>, u64)>) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in series {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            let gauge = ConstGauge::new(value);
            if labels.is_empty() {
                return gauge.encode(family);
            }
            gauge.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn info<'b>(&mut self, name: &str, help: &str, series: impl Iterator<Item = Labels<'b>>) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Info)?;
        for labels in series {
            let labels: Vec<(String, String)> =
                labels.into_iter().map(|(label, value)| (label.to_owned(), value.to_owned())).collect();
            let none: [(String, String); 0] = [];
            Info::new(labels).encode(family.encode_family(&none)?)?;
        }
        Ok(())
    }
}

impl Page {
    fn traffic(&self, families: &mut Families<'_>) -> fmt::Result {
        let labels = |i: usize| -> Labels<'_> {
            let traffic = &self.counters.traffic[i];
            vec![("from", &traffic.from), ("to", &traffic.to), ("verdict", traffic.verdict), ("reason", traffic.reason)]
        };
        let traffic = || self.counters.traffic.iter().enumerate();
        families.counter(
            "packets",
            "Packets judged, by zones, verdict and reason.",
            traffic().map(|(i, traffic)| (labels(i), traffic.packets)),
        )?;
        families.counter(
            "bytes",
            "Bytes of the frames judged, by zones, verdict and reason.",
            traffic().map(|(i, traffic)| (labels(i), traffic.bytes)),
        )?;
        families.counter(
            "rule_packets",
            "Packets that an entry of the policy decided.",
            self.counters
                .rules
                .iter()
                .map(|(layer, rule, packets)| (vec![("layer", *layer), ("rule", rule.as_str())], *packets)),
        )?;
        families.counter(
            "drop_samples_lost",
            "Dropped packets that were counted but not sampled, over the rate limit or with the buffer full.",
            [(vec![], self.counters.lost)].into_iter(),
        )
    }

    fn policy(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge("connections", "Connections that are alive.", [(vec![], self.connections)].into_iter())?;
        families.gauge(
            "policy_generation",
            "The generation in force.",
            [(vec![], u64::from(self.generation))].into_iter(),
        )?;
        families.info("policy", "The policy in force.", [vec![("digest", self.digest.as_str())]].into_iter())?;
        families.counter(
            "policy_reloads",
            "Policies put in force after the first, or refused.",
            [(vec![("result", "success")], self.reloads), (vec![("result", "failure")], self.failed_reloads)]
                .into_iter(),
        )
    }

    fn system(&self, families: &mut Families<'_>) -> fmt::Result {
        families.info(
            "interface",
            "Interfaces on which the policy is enforced, with the mode of XDP.",
            self.interfaces.iter().map(|(interface, mode)| vec![("interface", interface.as_str()), ("mode", *mode)]),
        )?;
        families.gauge(
            "unnamed_interfaces",
            "Interfaces in use that the policy neither names nor ignores: what enters by them leaves by no port.",
            self.unnamed.iter().map(|interface| (vec![("interface", interface.as_str())], 1)),
        )?;
        families.info("build", "The running version.", [vec![("version", env!("CARGO_PKG_VERSION"))]].into_iter())
    }

    /// The page in the OpenMetrics form.
    pub fn open_metrics(self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("enforcer");
        registry.register_collector(Box::new(self));
        let mut out = String::new();
        text::encode(&mut out, &registry)?;
        Ok(out)
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut families = Families(encoder);
        self.traffic(&mut families)?;
        self.policy(&mut families)?;
        self.system(&mut families)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::observe::counters::Traffic;

    /// A page with something in every family.
    pub(in crate::observe) fn page() -> Page {
        Page {
            counters: Counters {
                traffic: vec![Traffic {
                    from: "iot".to_owned(),
                    to: "none".to_owned(),
                    verdict: "drop",
                    reason: "no-transition",
                    packets: 7,
                    bytes: 700,
                }],
                rules: vec![("guardrail", "cells \"never\"\nmeet".to_owned(), 3)],
                lost: 2,
            },
            connections: 5,
            generation: 4,
            digest: "c0ffee".to_owned(),
            reloads: 3,
            failed_reloads: 1,
            interfaces: vec![("wan0".to_owned(), "native"), ("lan0".to_owned(), "generic")],
            unnamed: vec!["docker0".to_owned()],
        }
    }

    #[test]
    fn every_family_is_there() {
        let page = page().open_metrics().unwrap();
        for line in [
            "# HELP enforcer_packets Packets judged, by zones, verdict and reason.",
            "# TYPE enforcer_packets counter",
            "enforcer_packets_total{from=\"iot\",to=\"none\",verdict=\"drop\",reason=\"no-transition\"} 7",
            "enforcer_bytes_total{from=\"iot\",to=\"none\",verdict=\"drop\",reason=\"no-transition\"} 700",
            "enforcer_rule_packets_total{layer=\"guardrail\",rule=\"cells \\\"never\\\"\\nmeet\"} 3",
            "enforcer_drop_samples_lost_total 2",
            "enforcer_connections 5",
            "enforcer_policy_generation 4",
            "# TYPE enforcer_policy info",
            "enforcer_policy_info{digest=\"c0ffee\"} 1",
            "enforcer_policy_reloads_total{result=\"success\"} 3",
            "enforcer_policy_reloads_total{result=\"failure\"} 1",
            "enforcer_interface_info{interface=\"wan0\",mode=\"native\"} 1",
            "enforcer_unnamed_interfaces{interface=\"docker0\"} 1",
            concat!("enforcer_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "# EOF",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
    }
}
