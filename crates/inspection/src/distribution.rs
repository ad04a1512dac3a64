//! Many numbers, and what people say of them.

use std::collections::BTreeMap;

use serde::Serialize;

/// A distribution of finite values.
///
/// # Examples
///
/// ```
/// use inspection::Distribution;
///
/// let rates_hz = Distribution::of(vec![4.0, 1.0, 3.0, 2.0]);
/// assert_eq!((rates_hz.mean, rates_hz.median), (Some(2.5), Some(2.5)));
/// assert_eq!((rates_hz.lower_quartile, rates_hz.upper_quartile), (Some(1.75), Some(3.25)));
/// assert_eq!(Distribution::of(vec![7.0]).standard_deviation, None);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// How many values there are.
    pub n: usize,
    /// Their mean; `None` of nothing.
    pub mean: Option<f64>,
    /// Their standard deviation (of the sample, n − 1); `None` of fewer than two.
    pub standard_deviation: Option<f64>,
    /// The first quartile, interpolated linearly (type 7 of Hyndman & Fan 1996), as the next two.
    pub lower_quartile: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The third quartile.
    pub upper_quartile: Option<f64>,
    /// The values.
    pub values: Vec<f64>,
}

impl Distribution {
    /// The distribution of these values.
    pub fn of(values: Vec<f64>) -> Self {
        let n = values.len();
        let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64);
        let squares = |mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let standard_deviation =
            mean.filter(|_| n > 1).map(|mean| (squares(mean) / (n - 1) as f64).sqrt());
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        Self {
            n,
            mean,
            standard_deviation,
            lower_quartile: quantile(&sorted, 0.25),
            median: quantile(&sorted, 0.5),
            upper_quartile: quantile(&sorted, 0.75),
            values,
        }
    }

    /// The standard error of the mean; `None` of fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        self.standard_deviation.map(|deviation| deviation / (self.n as f64).sqrt())
    }
}

/// The quantile of sorted values.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// One value for each of some cells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerCell {
    /// The sheet index of each value's cell.
    pub neurons: Vec<usize>,
    /// The values.
    #[serde(flatten)]
    pub distribution: Distribution,
}

impl PerCell {
    /// The values by sheet index.
    pub fn by_neuron(&self) -> BTreeMap<usize, f64> {
        self.neurons.iter().copied().zip(self.distribution.values.iter().copied()).collect()
    }
}

impl FromIterator<(usize, f64)> for PerCell {
    fn from_iter<I: IntoIterator<Item = (usize, f64)>>(values: I) -> Self {
        let (neurons, values) = values.into_iter().unzip();
        Self { neurons, distribution: Distribution::of(values) }
    }
}
