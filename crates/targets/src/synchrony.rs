//! How much cells fire together.

use crate::histogram::Bins;
use crate::isi::has_enough_intervals;
use crate::presentations::Presentations;
use crate::{Missing, Value};

/// The width of the bins in which spikes count as synchronous.
pub const BIN_MS: f64 = 10.0;

/// Synchrony is measured between the cells of the square |x|, |y| ≤ 1.5° of visual field.
pub const HALF_SIDE_DEG: f64 = 1.5;

/// The Pearson correlation of the spike counts in bins, averaged over all pairs of trains. A train
/// whose counts are constant correlates with none (0). `None` for fewer than two trains.
///
/// With z-scored counts zᵢ of unit length, the sum over pairs i < j of zᵢ·zⱼ is (|Σ zᵢ|² − m)/2 for
/// m trains that are not constant, so that one histogram is held at a time and time grows with the
/// number of trains, not of pairs.
///
/// # Examples
///
/// ```
/// use targets::histogram::Bins;
/// use targets::synchrony::{BIN_MS, mean_correlation};
///
/// let bins = Bins::new(0.0, 40.0, BIN_MS).expect("they are not too many");
/// // One spike in each of the first two bins, and in each of the first and third.
/// let trains: [&[f64]; 2] = [&[3.0, 14.0], &[1.0, 25.0]];
/// let correlation = mean_correlation(trains, &bins).expect("there are two trains");
/// assert!(correlation.abs() < 1e-12);
/// assert_eq!(mean_correlation([trains[0], trains[0]], &bins), Some(1.0));
/// ```
pub fn mean_correlation<'a>(
    trains: impl IntoIterator<Item = &'a [f64]>,
    bins: &Bins,
) -> Option<f64> {
    let mut trains_seen = 0_u64;
    let mut trains_varying = 0_u64;
    let mut sum = vec![0.0; bins.count()];
    let mut counts = vec![0_u64; bins.count()];
    for times_ms in trains {
        trains_seen += 1;
        counts.fill(0);
        for index in times_ms.iter().filter_map(|&t_ms| bins.index(t_ms)) {
            counts[index] += 1;
        }
        // Whole numbers, so that "constant" is exact.
        let total: u64 = counts.iter().sum();
        let squares: u64 = counts.iter().map(|count| count * count).sum();
        let variance = u128::from(squares) * bins.count() as u128 - u128::from(total).pow(2);
        if variance == 0 {
            continue;
        }
        trains_varying += 1;
        let mean = total as f64 / bins.count() as f64;
        let length = (variance as f64 / bins.count() as f64).sqrt();
        for (sum, &count) in sum.iter_mut().zip(&counts) {
            *sum += (count as f64 - mean) / length;
        }
    }
    let pairs_twice = trains_seen * trains_seen.saturating_sub(1);
    let correlations_twice = sum.iter().map(|sum| sum * sum).sum::<f64>() - trains_varying as f64;
    (pairs_twice > 0).then(|| correlations_twice / pairs_twice as f64)
}

/// `Synchrony` at rest: between the recorded cells of the [square](HALF_SIDE_DEG) that have more
/// than five intervals.
pub(crate) fn synchrony(presentations: &mut Presentations<'_>) -> Value {
    let segment = presentations.spontaneous()?;
    let sheet = presentations.sheet;
    let positions_deg = presentations.positions_deg()?;
    let in_square = |cell: usize| {
        positions_deg
            .get(cell)
            .is_some_and(|[x, y]| x.abs() <= HALF_SIDE_DEG && y.abs() <= HALF_SIDE_DEG)
    };
    let near = || segment.spike_trains.iter().filter(|&(cell, _)| in_square(cell));
    let qualifying = near().map(|(_, times)| times).filter(|times| has_enough_intervals(times));
    let bins = Bins::new(segment.t_start_ms, segment.t_stop_ms, BIN_MS).ok_or_else(|| {
        let duration_ms = segment.duration_ms();
        Missing::new(format!("{duration_ms} ms cannot be divided into bins of {BIN_MS} ms"))
    })?;
    mean_correlation(qualifying, &bins).ok_or_else(|| {
        Missing::new(format!(
            "fewer than two of the {} recorded cells of {} within {HALF_SIDE_DEG} degrees of the \
             centre have more than 5 intervals",
            near().count(),
            sheet.name
        ))
    })
}
