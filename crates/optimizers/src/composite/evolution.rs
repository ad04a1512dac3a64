//! Searches the model where gradients do not lead: a small evolution strategy with one step size
//! for every coordinate and a little momentum.

use super::kernel::Point;

/// Points in a generation, and how many of them the next one comes from.
const POPULATION: usize = 40;
const PARENTS: usize = 10;

/// The best point seen. `cost` gives a number for each of many points; `first` are tried in the
/// first generation.
pub(super) fn evolve(
    mut cost: impl FnMut(&[Point]) -> Vec<f64>,
    start: &[f64],
    step: f64,
    (lower, upper): (&[f64], &[f64]),
    first: &[Point],
    generations: usize,
    mut normal: impl FnMut() -> f64,
) -> Point {
    let within = |x: f64, i: usize| x.clamp(lower[i], upper[i]);
    let weights: Vec<f64> = (0..PARENTS).map(|rank| 1.0 - 0.1 * rank as f64).collect();
    let weight_sum: f64 = weights.iter().sum();
    let mut mean = start.to_vec();
    let mut steps = vec![step; start.len()];
    let mut best = (f64::INFINITY, start.to_vec());
    for generation in 0..generations {
        let mut points: Vec<Point> = (0..POPULATION)
            .map(|_| (0..mean.len()).map(|i| within(mean[i] + steps[i] * normal(), i)).collect())
            .collect();
        if generation == 0 {
            for (point, first) in points.iter_mut().zip(first) {
                *point = first.iter().enumerate().map(|(i, x)| within(*x, i)).collect();
            }
        }
        let costs = cost(&points);
        let mut order: Vec<usize> = (0..POPULATION).collect();
        order.sort_by(|a, b| costs[*a].total_cmp(&costs[*b]));
        if costs[order[0]] < best.0 {
            best = (costs[order[0]], points[order[0]].clone());
        }
        for i in 0..mean.len() {
            let parents = || order.iter().map(|&k| points[k][i]).zip(&weights);
            let middle = parents().map(|(x, w)| w * x).sum::<f64>() / weight_sum;
            let spread = parents().map(|(x, w)| w * (x - middle).powi(2)).sum::<f64>() / weight_sum;
            let moved = middle - mean[i];
            mean[i] = within(middle + 0.3 * moved, i);
            steps[i] = 0.75 * steps[i] + 0.29 * (spread + 0.4 * moved * moved).sqrt() + 1e-4;
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deviates::Seeded;

    #[test]
    fn a_bowl_with_its_bottom_outside_is_searched_to_the_wall() {
        let cost = |points: &[Point]| -> Vec<f64> {
            let bowl = |p: &Point| (p[0] - 2.0).powi(2) + (p[1] - 0.2).powi(2) + p[2].abs();
            points.iter().map(bowl).collect()
        };
        let normal = Seeded::new(1, "test").normal(0);
        let bounds = (&[-1.0; 3][..], &[1.0; 3][..]);
        let best = evolve(cost, &[-0.5; 3], 0.3, bounds, &[vec![0.9; 3]], 40, normal);
        assert!((best[0] - 1.0).abs() < 0.01 && (best[1] - 0.2).abs() < 0.02, "{best:?}");
    }
}
