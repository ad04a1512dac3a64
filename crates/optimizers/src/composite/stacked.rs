//! What full simulations give, from what cheaper ones give (Kennedy & O'Hagan 2000, Biometrika
//! 87:1, eq. 1):
//!
//! ```text
//! u(x) = ρ₁ u₁(x) + ρ₂ u₂(x) + … + δ(x)
//! ```
//!
//! for every target, with independent Gaussian processes u₁, u₂, … of the cheaper simulations and δ
//! of what they do not tell, which has a mean of its own. They are fitted one after the other (Le
//! Gratiet & Garnier 2014, arXiv:1210.0686): δ to what is left of the full simulations' values. So
//! the means and the variances of all parts add up, and so do draws from them.

use super::gaussian_process::{GaussianProcess, Moments, Posterior, SamplePath};
use super::kernel::Point;
use crate::eigen::{Eigen, decompose};

/// Processes on top of each other; without any below it is the process alone.
pub(super) struct Stacked<P> {
    /// Of what the others do not tell.
    pub own: P,
    pub below: Vec<Layer<P>>,
}

/// A process below, and what it tells.
pub(super) struct Layer<P> {
    pub process: P,
    /// For every output of the process above, which of this one's and how many times.
    pub shares: Vec<Option<Share>>,
}

/// A multiple of an output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    pub output: usize,
    /// ρ, not 0.
    pub scale: f64,
}

impl<P> Layer<P> {
    /// The outputs above that have a share, and it.
    fn shares(&self) -> impl Iterator<Item = (usize, Share)> {
        self.shares.iter().enumerate().filter_map(|(t, share)| Some((t, (*share)?)))
    }

    fn add_to(&self, moments: &mut Moments, of_layer: &[(f64, f64)]) {
        for (t, Share { output, scale }) in self.shares() {
            moments[t].0 += scale * of_layer[output].0;
            moments[t].1 += scale * scale * of_layer[output].1;
        }
    }
}

impl Stacked<GaussianProcess> {
    /// Means and variances at many points.
    pub fn predict(&self, points: &[Point]) -> Vec<Moments> {
        let mut predicted = self.own.predict(points);
        for layer in &self.below {
            let of_layer = layer.process.predict(points);
            for (moments, of_layer) in predicted.iter_mut().zip(&of_layer) {
                layer.add_to(moments, of_layer);
            }
        }
        predicted
    }

    /// Means at many points, with no variance.
    pub fn means(&self, points: &[Point]) -> Vec<Moments> {
        let rows = |process: &GaussianProcess| -> Vec<Moments> {
            let means = process.means(points);
            let row = |k: usize| (0..means.ncols()).map(|t| (means[(k, t)], 0.0)).collect();
            (0..points.len()).map(row).collect()
        };
        let mut predicted = rows(&self.own);
        for layer in &self.below {
            for (moments, of_layer) in predicted.iter_mut().zip(&rows(&layer.process)) {
                layer.add_to(moments, of_layer);
            }
        }
        predicted
    }

    /// The directions along which the outputs change most around these points, most first: the
    /// eigenvectors of Σ ∇f ∇fᵀ of all outputs f in units of their scales (active subspaces,
    /// Constantine et al. 2014, arXiv:1304.2070).
    pub fn directions(&self, points: &[&Point], count: usize) -> Vec<Point> {
        let n = self.own.kernel().dimension();
        let variances: Vec<f64> = (0..self.own.outputs()).map(|t| self.variance(t)).collect();
        let mut squares = vec![0.0; n * n];
        for point in points {
            let mut slopes = self.own.slopes(point);
            for layer in &self.below {
                let of_layer = layer.process.slopes(point);
                for (t, Share { output, scale }) in layer.shares() {
                    let both = slopes[t].iter_mut().zip(&of_layer[output]);
                    both.for_each(|(slope, of_layer)| *slope += scale * of_layer);
                }
            }
            for (slope, variance) in slopes.iter().zip(&variances) {
                for i in 0..n {
                    for j in 0..n {
                        squares[i * n + j] += slope[i] * slope[j] / variance;
                    }
                }
            }
        }
        let Some(Eigen { vectors, .. }) = decompose(&squares, n) else { return vec![] };
        let column = |j: usize| (0..n).map(|i| vectors[i * n + j]).collect();
        (0..n).rev().take(count).map(column).collect()
    }

    /// The variance of an output where all covariances are 1.
    fn variance(&self, output: usize) -> f64 {
        let below = |layer| Layer::explained(layer, output);
        self.own.variance(output) + self.below.iter().map(below).sum::<f64>()
    }

    /// The share of an output's variance that a layer explains.
    pub fn explained(&self, layer: usize, output: usize) -> f64 {
        self.below[layer].explained(output) / self.variance(output)
    }

    /// Draws a function from all that the data leave open, see [`GaussianProcess::sample_path`].
    pub fn sample_path(
        &self,
        spread: f64,
        normal: &mut impl FnMut() -> f64,
        uniform: &mut impl FnMut() -> f64,
    ) -> Stacked<SamplePath<'_>> {
        let own = self.own.sample_path(spread, normal, uniform);
        let mut below = Vec::with_capacity(self.below.len());
        for Layer { process, shares } in &self.below {
            let process = process.sample_path(spread, normal, uniform);
            below.push(Layer { process, shares: shares.clone() });
        }
        Stacked { own, below }
    }
}

impl Layer<GaussianProcess> {
    /// How much of the variance of an output above comes from here.
    fn explained(&self, output: usize) -> f64 {
        let variance =
            |share: Share| share.scale * share.scale * self.process.variance(share.output);
        self.shares[output].map_or(0.0, variance)
    }
}

impl<P: Posterior> Posterior for Stacked<P> {
    type At = (P::At, Vec<P::At>);

    fn outputs(&self) -> usize {
        self.own.outputs()
    }

    fn at(&self, point: &[f64]) -> (Moments, Self::At) {
        let (mut moments, own) = self.own.at(point);
        let mut below = Vec::with_capacity(self.below.len());
        for layer in &self.below {
            let (of_layer, at) = layer.process.at(point);
            layer.add_to(&mut moments, &of_layer);
            below.push(at);
        }
        (moments, (own, below))
    }

    fn gradient(&self, (own, below): &Self::At, derivatives: &[(f64, f64)]) -> Point {
        let mut gradient = self.own.gradient(own, derivatives);
        for (layer, at) in self.below.iter().zip(below) {
            let mut of_layer = vec![(0.0, 0.0); layer.process.outputs()];
            for (t, Share { output, scale }) in layer.shares() {
                of_layer[output].0 += scale * derivatives[t].0;
                of_layer[output].1 += scale * scale * derivatives[t].1;
            }
            let slopes = layer.process.gradient(at, &of_layer);
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += slope);
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::Kernel;
    use super::super::worths::Worths;
    use super::*;
    use crate::deviates::Seeded;
    use crate::linear_algebra::Matrix;

    /// Two outputs above, of which the first is a multiple of the second below and a rest.
    fn stacked() -> Stacked<GaussianProcess> {
        let mut uniform = Seeded::new(7, "test").uniform(0);
        let mut process = |n: usize, values: [fn(&[f64]) -> f64; 2]| {
            let points: Vec<Point> = (0..n).map(|_| vec![uniform(), uniform()]).collect();
            let outputs = Matrix::from_fn(n, 2, |k, t| values[t](&points[k]));
            let kernel = Kernel::new(vec![0.0; 2], 0.5);
            let worths = Worths::new(
                (0..2).map(|_| vec![1.0; n]).collect::<Vec<_>>().iter().map(Vec::as_slice),
            );
            GaussianProcess::fit(kernel, points, &outputs, worths, &[10]).unwrap()
        };
        let own = process(12, [|x| 0.3 * x[0], |x| x[1] - x[0] * x[0]]);
        let below = process(40, [|x| x[0] * x[1], |x| (2.0 * x[0] + x[1]).sin()]);
        let shares = vec![Some(Share { output: 1, scale: 1.5 }), None];
        Stacked { own, below: vec![Layer { process: below, shares }] }
    }

    #[test]
    fn means_and_variances_add_up() {
        let stacked = stacked();
        let points = [vec![0.3, -0.2]];
        let [both, own, below] = [
            stacked.predict(&points),
            stacked.own.predict(&points),
            stacked.below[0].process.predict(&points),
        ]
        .map(|mut predicted| predicted.remove(0));
        assert_eq!(both[0].0, own[0].0 + 1.5 * below[1].0);
        assert_eq!(both[0].1, own[0].1 + 2.25 * below[1].1);
        assert_eq!(both[1], own[1]);
        let (moments, _) = stacked.at(&points[0]);
        let means = stacked.means(&points).remove(0);
        for t in 0..2 {
            assert!((moments[t].0 - both[t].0).abs() < 1e-9);
            assert!((moments[t].1 - both[t].1).abs() < 1e-9);
            assert!((means[t].0 - both[t].0).abs() < 1e-9 && means[t].1 == 0.0);
        }
        assert!(
            both[0].0 > 0.0 && (both[0].0 - (0.09 + 1.5 * 0.4f64.sin())).abs() < 0.1,
            "{both:?}"
        );
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let stacked = stacked();
        let mut normal = Seeded::new(3, "test").normal(0);
        let mut uniform = Seeded::new(3, "test").uniform(1);
        let path = stacked.sample_path(1.0, &mut normal, &mut uniform);
        let function = |moments: &[(f64, f64)]| {
            let [(a, v), (b, w)] = moments[..] else { panic!() };
            (a * b + 2.0 * v - w, vec![(b, 2.0), (a, -1.0)])
        };
        let point = [0.2, -0.4];
        differ_by_slopes(&stacked, &point, function);
        differ_by_slopes(&path, &point, function);
    }

    fn differ_by_slopes(
        known: &impl Posterior,
        point: &[f64; 2],
        function: impl Fn(&[(f64, f64)]) -> (f64, Vec<(f64, f64)>),
    ) {
        let (_, gradient) = known.value_and_gradient(point, &function);
        for i in 0..2 {
            let shifted = |step: f64| {
                let mut point = *point;
                point[i] += step;
                known.value_and_gradient(&point, &function).0
            };
            let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((gradient[i] - slope).abs() < 1e-4 * (1.0 + slope.abs()), "{slope}");
        }
    }
}
