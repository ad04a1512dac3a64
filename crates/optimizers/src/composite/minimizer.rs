//! Minimizes a smooth function in a box: projected L-BFGS (Nocedal & Wright 2006, alg. 7.4, in the
//! subspace of the variables that are not held by a bound; Bertsekas 1982 for the projected step).

use std::collections::VecDeque;

/// Steps that the curvature is estimated from.
const MEMORY: usize = 10;

/// A step has to bring this share of what the gradient promises (ibid., eq. 3.4).
const SUFFICIENT_DECREASE: f64 = 1e-4;

/// Where the function is least, as far as `iterations` lead from `start`, and its value there.
/// `function` gives value and gradient; a value that is not finite counts as a wall.
pub(super) fn minimize(
    mut function: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    start: &[f64],
    lower: &[f64],
    upper: &[f64],
    iterations: usize,
) -> (Vec<f64>, f64) {
    let project = |x: &mut [f64]| {
        for (x, (low, high)) in x.iter_mut().zip(lower.iter().zip(upper)) {
            *x = x.clamp(*low, *high);
        }
    };
    let mut x = start.to_vec();
    project(&mut x);
    let (mut value, mut gradient) = function(&x);
    let mut steps: VecDeque<Step> = VecDeque::with_capacity(MEMORY);
    for _ in 0..iterations {
        let is_held = |i: usize| {
            (x[i] <= lower[i] && gradient[i] > 0.0) || (x[i] >= upper[i] && gradient[i] < 0.0)
        };
        let free: Vec<bool> = (0..x.len()).map(|i| !is_held(i)).collect();
        let mut direction = descent(&gradient, &free, &steps);
        if dot(&direction, &gradient) >= 0.0 {
            steps.clear();
            direction = descent(&gradient, &free, &steps);
        }
        // Without curvature the first step must not leap: a tenth of the box at most.
        let longest = direction
            .iter()
            .zip(lower.iter().zip(upper))
            .map(|(d, (low, high))| d.abs() / (high - low).max(1e-12))
            .fold(0.0, f64::max);
        if !(longest > 1e-10 && value.is_finite()) {
            break;
        }
        let mut length = if steps.is_empty() { (0.1 / longest).min(1.0) } else { 1.0 };
        let accepted = (0..20).find_map(|_| {
            let mut next: Vec<f64> =
                x.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            project(&mut next);
            let moved: Vec<f64> = next.iter().zip(&x).map(|(next, x)| next - x).collect();
            let (next_value, next_gradient) = function(&next);
            length *= 0.4;
            let is_enough = next_value <= value + SUFFICIENT_DECREASE * dot(&gradient, &moved);
            is_enough.then_some((next, moved, next_value, next_gradient))
        });
        let Some((next, moved, next_value, next_gradient)) = accepted else { break };
        let change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&moved, &change);
        if curvature > 1e-10 * dot(&change, &change).max(1e-300) {
            if steps.len() == MEMORY {
                steps.pop_front();
            }
            steps.push_back(Step { moved, change, curvature });
        }
        let gain = value - next_value;
        (x, value, gradient) = (next, next_value, next_gradient);
        if gain <= 1e-9 * value.abs().max(1e-9) {
            break;
        }
    }
    (x, value)
}

struct Step {
    moved: Vec<f64>,
    /// Of the gradient.
    change: Vec<f64>,
    /// Their product.
    curvature: f64,
}

/// The quasi-Newton direction among the free variables (two-loop recursion).
fn descent(gradient: &[f64], free: &[bool], steps: &VecDeque<Step>) -> Vec<f64> {
    let restrict = |v: &mut [f64]| {
        for (v, free) in v.iter_mut().zip(free) {
            if !free {
                *v = 0.0;
            }
        }
    };
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    restrict(&mut direction);
    let mut shares = Vec::with_capacity(steps.len());
    for Step { moved, change, curvature } in steps.iter().rev() {
        let share = dot(moved, &direction) / curvature;
        for (d, y) in direction.iter_mut().zip(change) {
            *d -= share * y;
        }
        shares.push(share);
    }
    if let Some(Step { change, curvature, .. }) = steps.back() {
        let scale = curvature / dot(change, change);
        for d in &mut direction {
            *d *= scale;
        }
    }
    for (Step { moved, change, curvature }, share) in steps.iter().zip(shares.into_iter().rev()) {
        let back = dot(change, &direction) / curvature;
        for (d, s) in direction.iter_mut().zip(moved) {
            *d += (share - back) * s;
        }
    }
    restrict(&mut direction);
    direction
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * b * x[0], 200.0 * b])
    }

    #[test]
    fn an_inner_minimum_is_found() {
        let (x, value) = minimize(rosenbrock, &[-1.2, 1.0], &[-2.0; 2], &[2.0; 2], 100);
        assert!(value < 1e-10 && (x[0] - 1.0).abs() < 1e-4, "{value} at {x:?}");
    }

    /// With x₀ at most 0.5 the least value is 0.25, at (0.5, 0.25).
    #[test]
    fn a_minimum_on_a_bound_is_found() {
        let (x, value) = minimize(rosenbrock, &[-1.2, 1.0], &[-2.0; 2], &[0.5, 2.0], 100);
        assert!((value - 0.25).abs() < 1e-8, "{value} at {x:?}");
        assert!(x[0] == 0.5 && (x[1] - 0.25).abs() < 1e-4, "{x:?}");
    }

    #[test]
    fn a_box_without_width_and_a_function_without_value_are_survived() {
        assert_eq!(minimize(rosenbrock, &[1.0, 3.0], &[0.3; 2], &[0.3; 2], 9).0, [0.3, 0.3]);
        let nothing = |x: &[f64]| (f64::NAN, vec![f64::NAN; x.len()]);
        assert_eq!(minimize(nothing, &[0.1, 0.2], &[-1.0; 2], &[1.0; 2], 9).0, [0.1, 0.2]);
    }
}
