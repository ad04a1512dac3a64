//! The first candidates, when nothing is known but the centroid.

use super::kernel::Point;
use crate::deviates::Seeded;

/// The step from the centroid to candidate `number`, 1, 2, …, in units of the spread: as long as a
/// vector of normal deviates. As many steps as there are dimensions are orthogonal to each other,
/// so that each shows what the others do not; then it begins again.
pub(super) fn step(random: &Seeded, number: u64, dimension: usize) -> Point {
    let first = number - (number - 1) % dimension as u64;
    let mut directions: Vec<Point> = Vec::new();
    let mut length = 0.0;
    for number in first..=number {
        let deviates: Point =
            std::iter::repeat_with(random.normal(number)).take(dimension).collect();
        length = norm(&deviates);
        let mut rest = deviates;
        for direction in &directions {
            let along: f64 = direction.iter().zip(&rest).map(|(u, x)| u * x).sum();
            rest.iter_mut().zip(direction).for_each(|(x, u)| *x -= along * u);
        }
        let left = norm(&rest).max(f64::MIN_POSITIVE);
        directions.push(rest.iter().map(|x| x / left).collect());
    }
    let direction = directions.pop().unwrap_or_default();
    direction.iter().map(|u| length * u).collect()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_orthogonal_and_as_long_as_deviates() {
        let random = Seeded::new(3, "test");
        for dimension in [1, 2, 7, 37] {
            let steps: Vec<Point> =
                (1..=2 * dimension as u64).map(|number| step(&random, number, dimension)).collect();
            for (k, block) in steps.chunks(dimension).enumerate() {
                for (i, a) in block.iter().enumerate() {
                    let number = (k * dimension + i + 1) as u64;
                    let deviates = std::iter::repeat_with(random.normal(number));
                    let length = norm(&deviates.take(dimension).collect::<Point>());
                    assert!((norm(a) - length).abs() < 1e-12 * length);
                    for b in &block[..i] {
                        let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                        assert!(product.abs() < 1e-9 * norm(a) * norm(b), "{product}");
                    }
                }
            }
        }
    }
}
