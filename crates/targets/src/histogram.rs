//! Histograms of spike times in equal bins.

/// Equal bins over the time of a segment, both ends included.
///
/// Which bin a time on an edge belongs to follows NumPy (`numpy.histogram` with an integer number
/// of bins and a range): bins are closed on the left, the last one also on the right, and the edges
/// are those of `numpy.linspace`. Simulators put spikes on edges all the time.
///
/// # Examples
///
/// ```
/// use targets::histogram::Bins;
///
/// let bins = Bins::new(0.0, 4999.999_999, 10.0).expect("they are not too many");
/// assert_eq!(bins.count(), 500);
/// assert_eq!([9.9, 10.0, 5000.0].map(|t_ms| bins.index(t_ms)), [Some(0), Some(1), Some(499)]);
/// assert_eq!(bins.index(-0.1), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    t_start_ms: f64,
    t_stop_ms: f64,
    count: usize,
}

impl Bins {
    /// More bins, 10 000 s in steps of 10 ms, are a damaged recording.
    const MAX_COUNT: f64 = 1e6;

    /// As many bins as are closest to this width (half to even). The bounds are rounded to five
    /// decimals first, since recorders write 4999.999999 for 5000.
    ///
    /// `None` if that is no bin, or too many to be meant.
    pub fn new(t_start_ms: f64, t_stop_ms: f64, width_ms: f64) -> Option<Self> {
        let rounded = |t_ms: f64| (t_ms * 1e5).round_ties_even() / 1e5;
        let (t_start_ms, t_stop_ms) = (rounded(t_start_ms), rounded(t_stop_ms));
        let count = ((t_stop_ms - t_start_ms) / width_ms).round_ties_even();
        (1.0..=Self::MAX_COUNT).contains(&count).then_some(Self {
            t_start_ms,
            t_stop_ms,
            count: count as usize,
        })
    }

    /// How many bins there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bin of a time, `None` outside.
    pub fn index(&self, t_ms: f64) -> Option<usize> {
        if !(self.t_start_ms..=self.t_stop_ms).contains(&t_ms) {
            return None;
        }
        let position = (t_ms - self.t_start_ms) / (self.t_stop_ms - self.t_start_ms);
        let last = self.count - 1;
        let index = ((position * self.count as f64) as usize).min(last);
        // The division above can be off by one ulp and miss the edge by one bin.
        Some(if t_ms < self.edge_ms(index) {
            index.saturating_sub(1)
        } else if index < last && t_ms >= self.edge_ms(index + 1) {
            index + 1
        } else {
            index
        })
    }

    /// The left edge of a bin.
    fn edge_ms(&self, index: usize) -> f64 {
        let step = (self.t_stop_ms - self.t_start_ms) / self.count as f64;
        index as f64 * step + self.t_start_ms
    }
}
