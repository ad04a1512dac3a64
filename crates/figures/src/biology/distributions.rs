//! `distributions`: rates, irregularity, synchrony and intervals of each sheet's cells.

use inspection::{Intervals, SheetInspection};
use serde_json::Value;

use super::layout::{Histogram, left_out, nothing, number, panel, quantile, rows};
use crate::axis::Axis;
use crate::{Figure, NotEnough};

pub fn distributions(sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
    let mut panels: Vec<Value> = vec![];
    let mut bin_ms = 10.0;
    for sheet in sheets {
        let Some(resting) = &sheet.spontaneous else { continue };
        let name = sheet.sheet.as_str();
        let rates = &resting.rate_hz.distribution;
        let most = 1.05 * quantile(rates.values.iter().copied(), 0.995);
        let rate = Histogram {
            axis: Axis::linear(0.0, most.max(1.0)),
            bins: 24,
            title: "Firing rate (Hz)",
            counted: "Cells",
            unit: " Hz",
        };
        panels.push(rate.panel(name, rates));
        let irregularity = Histogram {
            axis: Axis::linear(0.0, 2.0),
            bins: 20,
            title: "CV of the intervals",
            counted: "Cells",
            unit: "",
        };
        panels.push(irregularity.panel(name, &resting.irregularity.distribution));
        panels.push(match &resting.correlation {
            None => nothing(name, "fewer than two cells fire enough"),
            Some(correlation) => {
                bin_ms = correlation.bin_ms;
                let values = || correlation.pairs.values.iter().copied();
                let (low, high) = (quantile(values(), 0.01), quantile(values(), 0.99));
                let end = low.abs().max(high.abs()).max(0.05);
                let histogram = Histogram {
                    axis: Axis::linear(-end, end),
                    bins: 25,
                    title: "Correlation of spike counts",
                    counted: "Pairs of cells",
                    unit: "",
                };
                histogram.panel(name, &correlation.pairs)
            }
        });
        panels.push(intervals(name, &resting.intervals));
    }
    if panels.is_empty() {
        return Err(NotEnough { needed: "spontaneous activity" });
    }
    let caption = format!(
        "Of the recorded cells of each sheet, while nothing is shown: mean firing rate; coefficient of \
         variation of the inter-spike intervals, of cells with more than five (a Poisson process has 1); \
         Pearson correlation of the spike counts in bins of {bin_ms} ms, of the pairs of at most 200 such \
         cells; and all intervals. Line: median. Values beyond an axis are in its last bin.{}",
        left_out(sheets, |sheet| sheet.spontaneous.is_some())
    );
    Ok(Figure::new("distributions", "Rates and intervals", caption, rows(&panels, 4)))
}

fn intervals(sheet: &str, intervals: &Intervals) -> Value {
    let (Some(median), Some(&low), Some(&high)) =
        (intervals.median_ms, intervals.edges_ms.first(), intervals.edges_ms.last())
    else {
        return nothing(sheet, "no cell fires twice");
    };
    let histogram = Histogram {
        axis: Axis::log(low, high),
        bins: intervals.counts.len(),
        title: "Inter-spike interval (ms)",
        counted: "Intervals",
        unit: " ms",
    };
    let counts: Vec<u32> = intervals.counts.iter().map(|&n| n as u32).collect();
    let subtitle = format!("n = {}, median {} ms", intervals.n, number(median));
    panel(sheet, &subtitle, &histogram.layers(&intervals.edges_ms, &counts, median))
}
