//! What the model of a search knows of parameters and targets, and how well it knows it.

/// What a model knows. Nothing in it is used by the search itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// What the effects are of: 0, full simulations, unless there are too few of them and cheaper
    /// ones stand for them.
    pub fidelity: usize,
    /// How many points the model of these is made of: those nearest to the best.
    pub points: usize,
    /// How many simulations of all fidelities were known.
    pub simulations: usize,
    /// The searched parameters.
    pub parameters: Vec<Extent>,
    /// The sum of the scores.
    pub total: Knowledge,
    /// Every target; `None` where it has never been measured.
    pub targets: Vec<Option<Knowledge>>,
}

/// A searched parameter, and where its effects are looked at: among the middle four fifths of the
/// points that the model is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Which dimension of the space it is.
    pub dimension: usize,
    /// From here, as a place in its range on the scale that is searched: 0 to 1.
    pub low: f64,
    /// To here.
    pub high: f64,
}

/// What is known of one quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Knowledge {
    /// What everything here is measured in.
    pub coordinate: Coordinate,
    /// How well it is predicted, for every fidelity that has a model, the full one first.
    pub predictions: Vec<Predictions>,
    /// What every searched parameter does to it.
    pub effects: Vec<Effect>,
}

/// The coordinate u that the model knows a value v in: v itself, or v = a exp(u) + b exp(-u) + c,
/// which is logarithmic far from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Coordinate {
    /// u = v
    Value,
    /// a > 0, b ≤ 0 and c.
    Warped([f64; 3]),
}

/// What was seen, and what the model expects where it is not told: every point is left out once,
/// with all simulations of it. The covariance, the noise and the coordinate remain those of all
/// points, and so do cheaper simulations of the point that is left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Which simulations these are of.
    pub fidelity: usize,
    /// The share of the variance that is predicted, each point by its weight; less than 0 where the
    /// mean would be the better prediction. `None` where values do not differ.
    pub r_squared: Option<f64>,
    /// The share of the points that are within 1.64 standard deviations of their prediction, which
    /// are 90 % of a normal distribution.
    pub within: f64,
    /// Every point that has a value.
    pub points: Vec<Prediction>,
}

/// One point that was left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The first candidate that was simulated here, unless that was for some targets only.
    pub candidate: Option<u64>,
    /// What was seen: the mean of all simulations here.
    pub seen: f64,
    /// What the other points let expect.
    pub expected: f64,
    /// The standard deviation of what was to be seen, with the noise of as many simulations.
    pub deviation: f64,
    /// How much the point counts, up to 1: wild values far from all good ones count less.
    pub weight: f64,
}

/// What one parameter does, by the mean of the model, while all others vary uniformly and
/// independently over their extents.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The first-order Sobol index: the share of the variance that the parameter has by itself
    /// (Sobol 1993), from 0 to 1.
    pub alone: f64,
    /// The total Sobol index: the share that would vanish if the parameter were fixed, with all its
    /// interactions (Homma & Saltelli 1996), from 0 to 1.
    pub overall: f64,
    /// The mean over the others, at several values of the parameter.
    pub curve: Vec<CurvePoint>,
}

/// A point of a main effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The parameter, as a place in its range: 0 to 1.
    pub place: f64,
    /// What is to be expected there on average.
    pub mean: f64,
    /// The standard deviation of this average by what the model does not know; that of the total to
    /// first order.
    pub deviation: f64,
}

impl Insight {
    /// A target whose R² is less is not explained by the model: what it says of effects on it means
    /// nothing.
    pub const LEAST_R_SQUARED: f64 = 0.25;
}

impl Knowledge {
    /// R² of the simulations that the effects are of.
    pub fn r_squared(&self) -> Option<f64> {
        self.predictions.first().and_then(|predictions| predictions.r_squared)
    }

    /// Whether the model explains enough of it for the effects to mean something.
    pub fn is_explained(&self) -> bool {
        self.r_squared().is_some_and(|r_squared| r_squared >= Insight::LEAST_R_SQUARED)
    }
}

impl Predictions {
    /// The same in the coordinate of another model; deviations to first order.
    pub(crate) fn expressed_in(mut self, own: Coordinate, other: Coordinate) -> Predictions {
        if own != other {
            for point in &mut self.points {
                let expected = other.of(own.value(point.expected));
                let above = other.of(own.value(point.expected + point.deviation));
                *point = Prediction {
                    seen: other.of(own.value(point.seen)),
                    expected,
                    deviation: above - expected,
                    ..*point
                };
            }
        }
        self
    }
}

impl Coordinate {
    /// The value at u.
    pub fn value(self, u: f64) -> f64 {
        match self {
            Self::Value => u,
            Self::Warped([a, b, c]) => a * libm::exp(u) + b * libm::exp(-u) + c,
        }
    }

    /// The coordinate of a value; -∞ where it has none.
    pub fn of(self, value: f64) -> f64 {
        let Self::Warped([a, b, c]) = self else { return value };
        // exp(u) solves a quadratic equation; of its two forms the one without cancellation.
        let rest = value - c;
        let root = (rest * rest - 4.0 * a * b).max(0.0).sqrt();
        let exponential =
            if rest >= 0.0 { (rest + root) / (2.0 * a) } else { -2.0 * b / (root - rest) };
        libm::log(exponential.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_values_belong_to_each_other() {
        // asinh and the logarithm, as the standard library has them
        let asinh = Coordinate::Warped([1.25, -1.25, 4.0]);
        let logarithm = Coordinate::Warped([4.05, 0.0, -0.05]);
        for value in [-30.0, 0.0, 0.01, 3.9, 300.0] {
            assert!((asinh.of(value) - ((value - 4.0) / 2.5f64).asinh()).abs() < 1e-12);
            assert!((asinh.value(asinh.of(value)) - value).abs() < 1e-9);
            let u = logarithm.of(value);
            let expected = ((value + 0.05) / 4.05f64).max(0.0).ln();
            assert!(u == expected || (u - expected).abs() < 1e-12, "{u}, {expected}");
        }
        assert_eq!((Coordinate::Value.of(3.0), Coordinate::Value.value(3.0)), (3.0, 3.0));
    }
}
