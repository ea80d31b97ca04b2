//! Pictures of the results, as SVG.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

/// A picture: several lines over one scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Name of the file, without ending.
    pub file: String,
    /// What is to be seen.
    pub title: String,
    /// What is to the right.
    pub x: String,
    /// What is upwards.
    pub y: String,
    /// What is compared.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it stands for.
    pub name: String,
    /// It is ours, and drawn to be seen; what it is compared with is dashed.
    pub ours: bool,
    /// Its points, from left to right; both above 0.
    pub points: Vec<(f64, f64)>,
}

const SIZE: (u32, u32) = (1000, 560);
const LEGEND: u32 = 300;
const FONT: &str = "sans-serif";

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Plot {
    /// Draws it into a file of the folder. A picture without points is not drawn.
    pub fn draw(&self, folder: &Path) -> Result<()> {
        if self.lines.iter().all(|line| line.points.is_empty()) {
            return Ok(());
        }
        let file = folder.join(format!("{}.svg", self.file));
        let root = SVGBackend::new(&file, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        let (left, right) = root.split_horizontally((SIZE.0 - LEGEND) as i32);
        self.chart(&left)?;
        self.legend(&right)?;
        root.present().map_err(|error| failed(&error))
    }

    fn chart(&self, area: &Area<'_>) -> Result<()> {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().copied());
        let (x, y) = (span(points().map(|point| point.0)), span(points().map(|point| point.1)));
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, (FONT, 18))
            .margin(10)
            .x_label_area_size(45)
            .y_label_area_size(70)
            .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())
            .map_err(|error| failed(&error))?;
        chart
            .configure_mesh()
            .x_desc(&self.x)
            .y_desc(&self.y)
            .label_style((FONT, 13))
            .axis_desc_style((FONT, 14))
            .light_line_style(WHITE)
            .x_label_formatter(&|value| crate::table::figure(*value))
            .y_label_formatter(&|value| crate::table::figure(*value))
            .draw()
            .map_err(|error| failed(&error))?;
        for (number, line) in self.lines.iter().enumerate() {
            let colour = colour(number);
            let points = line.points.iter().copied();
            let drawn = if line.ours {
                chart.draw_series(LineSeries::new(points, colour.stroke_width(2))).map(drop)
            } else {
                chart.draw_series(DashedLineSeries::new(points, 6, 4, colour.stroke_width(1))).map(drop)
            };
            drawn.map_err(|error| failed(&error))?;
            let dots = line.points.iter().map(|point| Circle::new(*point, 3, colour.filled()));
            chart.draw_series(dots).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn legend(&self, area: &Area<'_>) -> Result<()> {
        for (number, line) in self.lines.iter().enumerate() {
            let y = 50 + 24 * number as i32;
            let width = if line.ours { 3 } else { 1 };
            let stroke = PathElement::new(vec![(5, y), (35, y)], colour(number).stroke_width(width));
            area.draw(&stroke).map_err(|error| failed(&error))?;
            let text = Text::new(line.name.clone(), (42, y - 7), (FONT, 14));
            area.draw(&text).map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

/// A colour of its own for each line, dark enough to be seen on white.
fn colour(number: usize) -> RGBColor {
    // Steps of the golden section around the circle lie far from each other, however many there are.
    let hue = (number as f64 * 0.618_034).fract();
    let (red, green, blue) = HSLColor(hue, 0.85, [0.42, 0.28][number % 2]).rgb();
    RGBColor(red, green, blue)
}

/// The range that holds the values, with a little room.
fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    (low / 1.2, high * 1.2)
}

fn failed(error: &dyn Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_seen_and_told_from_the_others() {
        let colours: Vec<[u8; 3]> = (0..24).map(|number| colour(number).rgb()).map(|(r, g, b)| [r, g, b]).collect();
        for (number, [red, green, blue]) in colours.iter().enumerate() {
            let light = (2 * u32::from(*red) + 5 * u32::from(*green) + u32::from(*blue)) / 8;
            assert!(light < 180, "{number} is as light as {light}");
            let near = colours[..number]
                .iter()
                .map(|other| [red, green, blue].iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>());
            assert!(near.min().is_none_or(|near| near > 24), "{number} looks like one before it");
        }
    }

    #[test]
    fn every_contender_is_in_the_picture() {
        let line =
            |name: &str, ours, points: &[(f64, f64)]| Line { name: name.to_owned(), ours, points: points.to_vec() };
        let plot = Plot {
            file: "cost".to_owned(),
            title: "Cost".to_owned(),
            x: "endpoints".to_owned(),
            y: "ns".to_owned(),
            lines: vec![
                line("established", true, &[(1e3, 80.0), (1e6, 160.0)]),
                line("LRU hash", false, &[(1e3, 90.0), (1e6, 600.0)]),
                line("one point", false, &[(1e3, 1.0)]),
                line("no point", false, &[]),
            ],
        };
        let folder = tempfile::tempdir().expect("a folder can be made");
        plot.draw(folder.path()).expect("it can be drawn");
        let svg = std::fs::read_to_string(folder.path().join("cost.svg")).expect("it is there");
        for text in ["Cost", "endpoints", "established", "LRU hash", "one point"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("NaN"));

        let empty = Plot { file: "empty".to_owned(), lines: vec![line("no point", true, &[])], ..plot };
        empty.draw(folder.path()).expect("nothing to draw is no failure");
        assert!(!folder.path().join("empty.svg").exists());
    }
}
