//! Who stays in the population: first those that nobody beats, and among equals those where few
//! are.

use crate::linear_algebra::solve;

/// The indexes of points that no other beats: none is as good in every objective and better in one.
/// Smaller is better.
///
/// # Examples
///
/// ```
/// use optimizers::pareto_front;
///
/// let scores: [&[f64]; 4] = [&[1.0, 4.0], &[2.0, 2.0], &[2.0, 3.0], &[5.0, 0.0]];
/// assert_eq!(pareto_front(&scores), [0, 1, 3]); // (2, 2) beats (2, 3)
/// ```
pub fn pareto_front(objectives: &[&[f64]]) -> Vec<usize> {
    let all: Vec<usize> = (0..objectives.len()).collect();
    front_of(objectives, &all)
}

fn front_of(objectives: &[&[f64]], among: &[usize]) -> Vec<usize> {
    let is_beaten = |&i: &usize| among.iter().any(|&j| dominates(objectives[j], objectives[i]));
    among.iter().copied().filter(|i| !is_beaten(i)).collect()
}

fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// The indexes of `count` points for the next generation (all, if there are no more). Fronts are
/// taken whole while there is room; of the last one, points are taken for the reference directions
/// that have the fewest so far. Points that are not finite come last.
pub fn select(objectives: &[&[f64]], count: usize, references: &[Vec<f64>]) -> Vec<usize> {
    let finite = |&i: &usize| objectives[i].iter().all(|value| value.is_finite());
    let (mut left, failed): (Vec<usize>, Vec<usize>) = (0..objectives.len()).partition(finite);
    let mut chosen = vec![];
    while !left.is_empty() && chosen.len() < count {
        let front = front_of(objectives, &left);
        left.retain(|i| !front.contains(i));
        if chosen.len() + front.len() <= count {
            chosen.extend(front);
        } else {
            let room = count - chosen.len();
            let taken = niches(objectives, &chosen, front, room, references);
            chosen.extend(taken);
        }
    }
    let room = count.saturating_sub(chosen.len());
    chosen.extend(failed.into_iter().take(room));
    chosen
}

/// Takes `room` points of a front, each for the direction that has the fewest.
fn niches(
    objectives: &[&[f64]],
    chosen: &[usize],
    mut front: Vec<usize>,
    room: usize,
    references: &[Vec<f64>],
) -> Vec<usize> {
    let members: Vec<usize> = chosen.iter().chain(&front).copied().collect();
    let scale = Normalization::of(objectives, &members);
    let nearest = |i: usize| {
        let point = scale.apply(objectives[i]);
        let distances = references.iter().map(|reference| distance_to_line(&point, reference));
        let nearest = distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        nearest.unwrap_or((0, 0.0))
    };
    let mut counts = vec![0_usize; references.len()];
    for &i in chosen {
        counts[nearest(i).0] += 1;
    }
    let mut taken = vec![];
    while taken.len() < room {
        // The point nearest to the emptiest direction that has one.
        let best = front.iter().enumerate().min_by(|(_, a), (_, b)| {
            let ((a_line, a_distance), (b_line, b_distance)) = (nearest(**a), nearest(**b));
            counts[a_line].cmp(&counts[b_line]).then(a_distance.total_cmp(&b_distance))
        });
        let Some(place) = best.map(|(place, _)| place) else { break };
        let point = front.remove(place);
        counts[nearest(point).0] += 1;
        taken.push(point);
    }
    taken
}

/// Makes objectives of different size comparable: 0 is the best of each, 1 where the plane through
/// the extreme points meets its axis.
struct Normalization {
    ideal: Vec<f64>,
    width: Vec<f64>,
}

impl Normalization {
    fn of(objectives: &[&[f64]], members: &[usize]) -> Self {
        let count = members.first().map_or(0, |&i| objectives[i].len());
        let over = |k: usize| members.iter().map(move |&i| objectives[i][k]);
        let ideal: Vec<f64> = (0..count).map(|k| over(k).fold(f64::INFINITY, f64::min)).collect();
        // The extreme point of an axis is the one that is worst in little else.
        let extreme = |k: usize| {
            let weighted = |&i: &usize| {
                (0..count)
                    .map(|j| (objectives[i][j] - ideal[j]) / if j == k { 1.0 } else { 1e-6 })
                    .fold(f64::NEG_INFINITY, f64::max)
            };
            members.iter().min_by(|a, b| weighted(a).total_cmp(&weighted(b))).copied()
        };
        let rows: Vec<Vec<f64>> = (0..count)
            .filter_map(extreme)
            .map(|i| objectives[i].iter().zip(&ideal).map(|(value, ideal)| value - ideal).collect())
            .collect();
        let plane = solve(&rows, &vec![1.0; count]);
        let largest = |k: usize| over(k).fold(f64::NEG_INFINITY, f64::max) - ideal[k];
        let width = (0..count).map(|k| {
            let intercept = plane.as_ref().map(|plane| 1.0 / plane[k]);
            let usable = intercept.filter(|width| width.is_finite() && *width > 1e-9);
            usable.unwrap_or_else(|| largest(k)).max(1e-9)
        });
        Self { width: width.collect(), ideal }
    }

    fn apply(&self, point: &[f64]) -> Vec<f64> {
        let scaled = |((value, ideal), width): ((&f64, &f64), &f64)| (value - ideal) / width;
        point.iter().zip(&self.ideal).zip(&self.width).map(scaled).collect()
    }
}

/// The distance of a point from the line through the origin and `direction`.
fn distance_to_line(point: &[f64], direction: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let along = dot(point, direction) / dot(direction, direction);
    let squares = point.iter().zip(direction).map(|(p, d)| (p - along * d).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::multi_objective::reference_points::reference_points;

    fn select_from(points: &[[f64; 2]], count: usize) -> Vec<usize> {
        let objectives: Vec<&[f64]> = points.iter().map(<[f64; 2]>::as_slice).collect();
        select(&objectives, count, &reference_points(2, count))
    }

    #[test]
    fn the_front_is_what_nobody_beats() {
        let points = [[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 3.0], [4.0, 4.0], [2.0, 2.0]];
        let objectives: Vec<&[f64]> = points.iter().map(<[f64; 2]>::as_slice).collect();
        assert_eq!(pareto_front(&objectives), [0, 1, 2, 5], "equal points do not beat each other");
    }

    #[test]
    fn better_fronts_come_first_and_failures_last() {
        let infinite = f64::INFINITY;
        let points = [[infinite, infinite], [3.0, 3.0], [1.0, 2.0], [2.0, 1.0], [4.0, 4.0]];
        assert_eq!(select_from(&points, 3), [2, 3, 1]);
        assert_eq!(select_from(&points, 5), [2, 3, 1, 4, 0]);
        assert_eq!(select_from(&points, 9), [2, 3, 1, 4, 0]);
    }

    #[test]
    fn of_a_crowded_front_the_spread_out_are_chosen() {
        // Eleven points on a line, most of them at one end; objectives of very different size.
        let on_line = |t: f64| [t, 1000.0 * (1.0 - t)];
        let mut points: Vec<_> = (0..8).map(|k| on_line(0.01 * f64::from(k))).collect();
        points.extend([on_line(0.5), on_line(0.75), on_line(1.0)]);
        let mut chosen = select_from(&points, 4);
        chosen.sort_unstable();
        assert!(chosen.contains(&8) || chosen.contains(&9), "{chosen:?}");
        assert!(
            chosen.contains(&10) && chosen.iter().filter(|i| **i < 8).count() <= 2,
            "{chosen:?}"
        );
    }
}
