//! Axes whose ends and ticks are decided here, so that marks of several layers agree on them.

use serde_json::{Value, json};

use crate::figure::rounded;

/// The scale of a quantitative axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    /// From `low` to `high`.
    pub fn linear(low: f64, high: f64) -> Self {
        // An axis needs an extent.
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        Self { low, high, log: false }
    }

    /// From `low` to `high`, logarithmic, where these are positive.
    pub fn log(low: f64, high: f64) -> Self {
        if low > 0.0 && high > low {
            Self { low, high, log: true }
        } else {
            Self::linear(low, high)
        }
    }

    /// Around amounts that are not negative: logarithmic if they span more than a factor of four.
    pub fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().filter(|value| value.is_finite());
        let (low, high) =
            values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        if low > 0.0 && high > 4.0 * low {
            Self::log(low / 1.2, high * 1.2)
        } else {
            Self::linear(0.0, 1.05 * high)
        }
    }

    /// The smallest and the largest value.
    pub fn ends(self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The `scale` of an encoding. Values beyond the ends are drawn at the ends.
    pub fn scale(self) -> Value {
        let (low, high) = (rounded(self.low), rounded(self.high));
        let mut scale = json!({"type": "log", "domain": [low, high], "nice": false, "padding": 0, "clamp": true});
        if !self.log {
            scale["type"] = json!("linear");
            scale["zero"] = json!(false);
        }
        scale
    }

    /// Round numbers between the ends, in about `count` steps.
    pub fn ticks(self, count: usize) -> Vec<f64> {
        let within = |ticks: Vec<f64>| -> Vec<f64> {
            let slack = 1e-9 * (self.high - self.low);
            ticks.into_iter().filter(|&t| t >= self.low - slack && t <= self.high + slack).collect()
        };
        if !self.log {
            return within(steps(self.low, self.high, count));
        }
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let of_decades = |digits: &[f64]| {
            let decade = |e: i32| digits.iter().map(move |digit| digit * 10_f64.powi(e));
            within(decades.clone().flat_map(decade).collect())
        };
        let candidates = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]].map(of_decades);
        let fitting = candidates.iter().find(|ticks| (2..=count).contains(&ticks.len()));
        match fitting {
            Some(ticks) => ticks.clone(),
            // More decades than ticks: some of them. Hardly a factor of two: as on a linear axis.
            None if candidates[2].len() > count => {
                let step = candidates[2].len().div_ceil(count.max(1));
                candidates[2].iter().copied().step_by(step).collect()
            }
            None => within(steps(self.low, self.high, count)),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten from below `low` to above `high`.
fn steps(low: f64, high: f64, count: usize) -> Vec<f64> {
    let least = (high - low) / count.max(1) as f64;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = step.into_iter().find(|step| *step >= least).unwrap_or(10.0 * power);
    let (first, last) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn ticks_are_round_and_within_the_ends() {
        let shown = |axis: Axis, count| -> Vec<String> {
            axis.ticks(count).iter().map(|tick| format!("{tick:.4}")).collect()
        };
        assert_eq!(shown(Axis::linear(0.35, 0.9), 3), ["0.4000", "0.6000", "0.8000"]);
        assert_eq!(shown(Axis::log(7e-3, 0.3), 4), ["0.0100", "0.0300", "0.1000", "0.3000"]);
        assert_eq!(shown(Axis::log(60.0, 90.0), 3), ["60.0000", "70.0000", "80.0000", "90.0000"]);
        assert_eq!(Axis::log(1e-9, 1e9).ticks(4).len(), 4);
    }

    #[test]
    fn an_axis_without_extent_gets_one() {
        assert_eq!(Axis::linear(0.0, 0.0), Axis::linear(0.0, 1.0));
        assert_eq!(Axis::log(0.0, 10.0), Axis::linear(0.0, 10.0));
        assert_eq!(Axis::around([0.0; 3]), Axis::linear(0.0, 1.0));
    }
}
