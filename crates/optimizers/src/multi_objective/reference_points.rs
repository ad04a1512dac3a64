//! Directions that are spread evenly over all trade-offs between objectives.

/// Points on the simplex of Das & Dennis (1998, SIAM J. Optim. 8:631) with as many divisions as
/// give at most `most` points, but at least the corners; each sums to 1.
pub fn reference_points(objectives: usize, most: usize) -> Vec<Vec<f64>> {
    let mut points = on_simplex(objectives, 1);
    for divisions in 2.. {
        if count(objectives, divisions) > most.max(objectives) {
            break;
        }
        points = on_simplex(objectives, divisions);
        if objectives == 1 {
            break;
        }
    }
    points
}

/// Binomial coefficient (divisions + objectives - 1 over divisions), at most `usize::MAX`.
fn count(objectives: usize, divisions: usize) -> usize {
    (1..=divisions).fold(1_usize, |count, k| count.saturating_mul(objectives - 1 + k) / k)
}

fn on_simplex(objectives: usize, divisions: usize) -> Vec<Vec<f64>> {
    let mut points = vec![];
    let mut shares = vec![0; objectives];
    distribute(&mut points, &mut shares, 0, divisions, divisions);
    points
}

/// All ways to distribute what is `left` over the objectives from `first` on.
fn distribute(
    points: &mut Vec<Vec<f64>>,
    shares: &mut [usize],
    first: usize,
    left: usize,
    divisions: usize,
) {
    if first + 1 == shares.len() {
        shares[first] = left;
        points.push(shares.iter().map(|&share| share as f64 / divisions as f64).collect());
        return;
    }
    for share in 0..=left {
        shares[first] = share;
        distribute(points, shares, first + 1, left - share, divisions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_all_there_once_and_sum_to_one() {
        // The paper: 3 objectives and 12 divisions make 91 points.
        assert_eq!((count(3, 12), on_simplex(3, 12).len()), (91, 91));
        for (objectives, most) in [(1, 12), (2, 12), (4, 12), (9, 12), (9, 100), (31, 16)] {
            let points = reference_points(objectives, most);
            assert!(points.len() <= most.max(objectives), "{objectives} {most}: {}", points.len());
            assert!(points.len() >= objectives);
            for (i, point) in points.iter().enumerate() {
                assert!((point.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(!points[..i].contains(point));
            }
        }
    }
}
