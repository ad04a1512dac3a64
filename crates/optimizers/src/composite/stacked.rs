//! What full simulations give, from what cheaper ones give (Kennedy & O'Hagan 2000, Biometrika 87:1,
//! eq. 1):
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
        let variance = |share: Share| share.scale * share.scale * self.process.variance(share.output);
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
