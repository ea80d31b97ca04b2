//! Cost against endpoints and against rules, with everyone in the picture.

use super::cases::CASES;
use super::frame::Shape;
use super::rivals::{NOTHING, PARSER, RIVALS};
use super::site::Site;
use super::{BASE, cost, own_cost, sites};
use crate::plot::{Line, Plot};
use crate::results::Results;

/// One picture for each family and size.
pub(super) fn plots(results: &Results) -> Vec<Plot> {
    let mut plots = Vec::new();
    for shape in Shape::ALL.into_iter().filter(|shape| !shape.tagged) {
        let family = shape.label();
        let file = family.to_lowercase();
        plots.push(Plot {
            file: format!("packet-endpoints-{file}"),
            title: format!("Cost of a packet, {family}, {} rules", BASE.rules),
            x: "endpoints and connections".to_owned(),
            y: "ns over an empty program".to_owned(),
            lines: lines(results, shape, |site| (site.rules == BASE.rules).then_some(site.devices)),
        });
        plots.push(Plot {
            file: format!("packet-rules-{file}"),
            title: format!("Cost of a packet, {family}, {} endpoints", crate::table::figure(BASE.devices.into())),
            x: "rules of the policy".to_owned(),
            y: "ns over an empty program".to_owned(),
            lines: lines(results, shape, |site| (site.devices == BASE.devices).then_some(site.rules)),
        });
    }
    plots
}

/// A line for everyone, over the sites that `x` gives a place.
fn lines(results: &Results, shape: Shape, x: impl Fn(&Site) -> Option<u32>) -> Vec<Line> {
    let points = |cost: &dyn Fn(Site) -> Option<f64>| {
        let mut points: Vec<(f64, f64)> = sites(false)
            .into_iter()
            .filter_map(|site| Some((f64::from(x(&site)?), cost(site)?)))
            // Below one nanosecond is noise, and has no place on a logarithmic scale.
            .map(|(x, cost)| (x, cost.max(1.0)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let mut lines = Vec::new();
    for case in CASES {
        let points = points(&|site| own_cost(results, case.name, shape, site));
        lines.push(Line { name: case.name.to_owned(), ours: true, points });
    }
    let parse = format!("parse, {}", shape.label());
    lines.push(Line {
        name: PARSER.to_owned(),
        ours: false,
        points: points(&|site| cost(results, &parse, PARSER, site)),
    });
    for rival in RIVALS.iter().filter(|rival| rival.case != NOTHING) {
        lines.push(Line {
            name: format!("{}: {}", rival.case, rival.name),
            ours: false,
            points: points(&|site| cost(results, rival.case, rival.name, site)),
        });
    }
    lines
}
