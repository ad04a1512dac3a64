//! Activity without a stimulus.

use std::sync::Arc;

use recording::{Recording, Segment, Sheet};
use serde::Serialize;
use targets::histogram::Bins;
use targets::isi::{coefficient_of_variation, has_enough_intervals};
use targets::synchrony::BIN_MS;
use targets::{is_spontaneous, spontaneous_duration, spontaneous_durations};

use crate::{Distribution, PerCell};

/// Pairs are counted among at most this many cells: their number grows with the square.
const MOST_CORRELATED: usize = 200;
/// As many spike trains are enough for a raster.
const MOST_SHOWN: usize = 50;
/// Shorter intervals are counted in the first bin: simulators have no shorter steps, but rounding
/// has.
const SHORTEST_MS: f64 = 0.1;
/// Bins of the histogram of intervals for each factor of ten.
const BINS_PER_DECADE: i32 = 10;

/// Activity without a stimulus.
#[derive(Debug, Clone, Serialize)]
pub struct Spontaneous {
    /// How long it was recorded.
    pub duration_ms: f64,
    /// The mean firing rate of each recorded cell.
    pub rate_hz: PerCell,
    /// How many of the recorded cells do not fire.
    pub silent_cells: usize,
    /// The coefficient of variation of the inter-spike intervals of each cell with more than five.
    pub irregularity: PerCell,
    /// The inter-spike intervals of all cells.
    pub intervals: Intervals,
    /// How much cells fire together; `None` with fewer than two that have more than five intervals.
    pub correlation: Option<Correlation>,
    /// The rate of the whole sheet over time.
    pub population_rate: PopulationRate,
    /// Spike times of some cells, evenly spread over the sheet. They are for a picture:
    /// `mozopt datastore --export` has all.
    #[serde(skip)]
    pub raster_ms: Vec<Vec<f64>>,
}

/// Inter-spike intervals in bins that are equal on a logarithmic scale, ten for a factor of ten.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Intervals {
    /// How many intervals there are.
    pub n: usize,
    /// Their mean.
    pub mean_ms: Option<f64>,
    /// Their median.
    pub median_ms: Option<f64>,
    /// The edges of the bins, one more than counts; bins are closed on the left.
    pub edges_ms: Vec<f64>,
    /// How many intervals are in each bin.
    pub counts: Vec<usize>,
}

/// Pearson's correlation of the spike counts of pairs of cells. A cell with constant counts
/// correlates with none (0).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Correlation {
    /// The width of the bins in which spikes are counted.
    pub bin_ms: f64,
    /// How many cells have more than five intervals.
    pub qualifying_cells: usize,
    /// Those of them that are compared, at most 200, evenly spread over them.
    pub neurons: Vec<usize>,
    /// The correlations of all pairs (0, 1), (0, 2), …, (1, 2), …. of these cells.
    #[serde(flatten)]
    pub pairs: Distribution,
}

/// The mean firing rate of the recorded cells in equal bins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationRate {
    /// The beginning of the first bin.
    pub t_start_ms: f64,
    /// The width of a bin.
    pub bin_ms: f64,
    /// The rate in each.
    pub rate_hz: Vec<f64>,
}

/// The segment that targets are measured on, or, where the protocol has none, the longest without a
/// stimulus.
pub fn load(
    recording: &dyn Recording,
    sheet: &Sheet,
    missing: &mut Vec<String>,
) -> Option<Arc<Segment>> {
    let headers = recording.segments().iter().enumerate();
    let resting = headers.filter(|(_, header)| {
        header.sheet == sheet.name && !header.null && is_spontaneous(&header.stimulus)
    });
    let resting: Vec<_> = resting
        .map(|(number, header)| (number, header.stimulus.number("duration").unwrap_or(0.0)))
        .collect();
    let wanted_ms = spontaneous_duration(spontaneous_durations(recording));
    let wanted = |ms: f64| Some(ms) == wanted_ms;
    // Of equals the first one.
    let chosen = resting
        .iter()
        .rev()
        .max_by(|(_, a), (_, b)| wanted(*a).cmp(&wanted(*b)).then(a.total_cmp(b)));
    let segment = chosen.and_then(|&(number, _)| match recording.load(number) {
        Ok(segment) if segment.duration_ms() > 0.0 && segment.duration_ms().is_finite() => {
            Some(segment)
        }
        Ok(segment) => {
            missing.push(format!("segment {number} lasts {} ms", segment.duration_ms()));
            None
        }
        Err(error) => {
            missing.push(error.to_string());
            None
        }
    });
    let segment = segment.filter(|segment| !segment.spike_trains.is_empty());
    if segment.is_none() {
        missing.push("spontaneous activity was not recorded".to_owned());
    }
    segment
}

impl Spontaneous {
    /// The activity in this segment.
    pub fn of(segment: &Segment) -> Self {
        let duration_ms = segment.duration_ms();
        let trains = || segment.spike_trains.iter();
        let long = || trains().filter(|(_, times)| has_enough_intervals(times));
        Self {
            duration_ms,
            rate_hz: trains()
                .map(|(cell, times)| (cell, 1000.0 * times.len() as f64 / duration_ms))
                .collect(),
            silent_cells: trains().filter(|(_, times)| times.is_empty()).count(),
            irregularity: long()
                .map(|(cell, times)| (cell, coefficient_of_variation(times)))
                .collect(),
            intervals: Intervals::of(trains().map(|(_, times)| times)),
            correlation: Correlation::of(segment, &long().collect::<Vec<_>>()),
            population_rate: PopulationRate::of(segment),
            raster_ms: spread(segment.spike_trains.len(), MOST_SHOWN)
                .map(|train| segment.spike_trains.train(train).to_vec())
                .collect(),
        }
    }
}

/// At most `most` of the numbers below `count`, evenly spread.
fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(most);
    (0..taken).map(move |i| i * count / taken)
}

impl Intervals {
    fn of<'a>(trains: impl Iterator<Item = &'a [f64]>) -> Self {
        let intervals = |times: &'a [f64]| times.windows(2).map(|pair| pair[1] - pair[0]);
        let mut all: Vec<f64> = trains.flat_map(intervals).collect();
        all.sort_by(f64::total_cmp);
        let Distribution { n, mean: mean_ms, median: median_ms, .. } =
            Distribution::of(all.clone());
        let step = f64::from(BINS_PER_DECADE);
        let edge = |i: i32| 10_f64.powf(f64::from(i) / step);
        let (Some(least), Some(greatest)) = (all.first(), all.last()) else {
            return Self { n, mean_ms, median_ms, edges_ms: vec![], counts: vec![] };
        };
        let bin = |interval_ms: f64| (step * interval_ms.max(SHORTEST_MS).log10()).floor() as i32;
        let (first, last) = (bin(*least), bin(*greatest) + 1);
        let edges_ms: Vec<f64> = (first..=last).map(edge).collect();
        let mut counts = vec![0; edges_ms.len() - 1];
        for interval in all {
            let above = edges_ms.partition_point(|&edge| edge <= interval);
            let bin = above.saturating_sub(1).min(counts.len() - 1);
            counts[bin] += 1;
        }
        Self { n, mean_ms, median_ms, edges_ms, counts }
    }
}

impl Correlation {
    fn of(segment: &Segment, qualifying: &[(usize, &[f64])]) -> Option<Self> {
        let bins = Bins::new(segment.t_start_ms, segment.t_stop_ms, BIN_MS)?;
        let compared: Vec<_> =
            spread(qualifying.len(), MOST_CORRELATED).map(|i| qualifying[i]).collect();
        let normed: Vec<_> =
            compared.iter().map(|(_, times)| normed_counts(times, &bins)).collect();
        let mut pairs = Vec::with_capacity(normed.len() * normed.len() / 2);
        for (i, one) in normed.iter().enumerate() {
            for other in &normed[i + 1..] {
                pairs.push(one.iter().zip(other).map(|(a, b)| a * b).sum());
            }
        }
        (compared.len() > 1).then(|| Self {
            bin_ms: BIN_MS,
            qualifying_cells: qualifying.len(),
            neurons: compared.iter().map(|&(cell, _)| cell).collect(),
            pairs: Distribution::of(pairs),
        })
    }
}

/// Spike counts without their mean, of length 1; zeros where they are constant.
fn normed_counts(times_ms: &[f64], bins: &Bins) -> Vec<f64> {
    let mut counts = vec![0.0; bins.count()];
    for bin in times_ms.iter().filter_map(|&t_ms| bins.index(t_ms)) {
        counts[bin] += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    if counts.iter().all(|&count| count == counts[0]) {
        return vec![0.0; counts.len()];
    }
    let length = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>().sqrt();
    counts.iter().map(|count| (count - mean) / length).collect()
}

impl PopulationRate {
    fn of(segment: &Segment) -> Self {
        let trains = &segment.spike_trains;
        let bins = Bins::new(segment.t_start_ms, segment.t_stop_ms, BIN_MS);
        let mut rate_hz = vec![0.0; bins.as_ref().map_or(0, Bins::count)];
        let bin_ms = segment.duration_ms() / rate_hz.len().max(1) as f64;
        let of_one_spike = 1000.0 / bin_ms / trains.len() as f64;
        for bin in trains.times_ms().iter().filter_map(|&t_ms| bins?.index(t_ms)) {
            rate_hz[bin] += of_one_spike;
        }
        Self { t_start_ms: segment.t_start_ms, bin_ms, rate_hz }
    }
}
