//! The coordinates u that a target's values v are modelled in. Both warps are logarithmic far above
//! what is wanted, so that a rate of 300 /s does not outweigh everything else:
//!
//! ```text
//! v = middle + scale sinh(u)      linear near the middle, and the same on either side of it
//! v = floor + scale exp(u)        logarithmic all the way down to a floor just below zero
//! ```
//!
//! The second is for what cannot be negative. Drive changes a rate by a factor; so a rate of 0.01
//! /s has a slope to be seen where its score has none, which is what a search that begins in
//! silence needs.

/// A warp of a target's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Warp {
    Asinh { middle: f64, scale: f64 },
    Logarithm { floor: f64, scale: f64 },
}

impl Warp {
    /// Linear over about `scale` around `middle`.
    pub fn asinh(middle: f64, scale: f64) -> Warp {
        Warp::Asinh { middle, scale }
    }

    /// With its floor `offset` below zero; `middle`, at least 0, becomes u = 0.
    pub fn logarithm(middle: f64, offset: f64) -> Warp {
        Warp::Logarithm { floor: -offset, scale: middle + offset }
    }

    /// Whether a value can be warped. Those that noise takes nearly to the floor would become
    /// outliers.
    pub fn reaches(&self, value: f64) -> bool {
        match *self {
            Warp::Asinh { .. } => true,
            Warp::Logarithm { floor, .. } => value >= floor / 2.0,
        }
    }

    /// The value in warped coordinates; -∞ at the floor and below.
    pub fn warp(&self, value: f64) -> f64 {
        match *self {
            Warp::Asinh { middle, scale } => libm::asinh((value - middle) / scale),
            Warp::Logarithm { floor, scale } => libm::log(((value - floor) / scale).max(0.0)),
        }
    }

    /// The logarithm of du/dv: what the warp adds to the logarithm of a density.
    pub fn log_slope(&self, value: f64) -> f64 {
        match *self {
            Warp::Asinh { middle, scale } => -libm::log(libm::hypot(scale, value - middle)),
            Warp::Logarithm { floor, .. } => -libm::log(value - floor),
        }
    }

    /// a, b and c of v = a exp(u) + b exp(-u) + c.
    pub fn exponentials(&self) -> [f64; 3] {
        match *self {
            Warp::Asinh { middle, scale } => [scale / 2.0, -scale / 2.0, middle],
            Warp::Logarithm { floor, scale } => [scale, 0.0, floor],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warps_are_undone_by_their_exponentials_and_have_the_slope_they_say() {
        for warp in [Warp::asinh(4.0, 2.5), Warp::logarithm(4.0, 0.05), Warp::logarithm(0.0, 0.1)] {
            for value in [0.0, 0.01, 3.9, 4.0, 300.0] {
                let [a, b, c] = warp.exponentials();
                let u = warp.warp(value);
                let back = a * u.exp() + b * (-u).exp() + c;
                assert!((back - value).abs() < 1e-12 * (1.0 + value), "{back} is not {value}");
                let step = 1e-6;
                let slope = (warp.warp(value + step) - warp.warp(value - step)) / (2.0 * step);
                assert!((warp.log_slope(value) - slope.ln()).abs() < 1e-6, "{warp:?}, {value}");
            }
        }
    }

    #[test]
    fn a_logarithm_has_a_floor() {
        let warp = Warp::logarithm(1.0, 0.5);
        assert!(warp.reaches(-0.2) && !warp.reaches(-0.3) && !warp.reaches(f64::NAN));
        assert_eq!(warp.warp(-0.5), f64::NEG_INFINITY);
        assert_eq!(warp.warp(1.0), 0.0);
        assert!(Warp::asinh(1.0, 0.5).reaches(-1e9));
    }
}
