//! Minimization of a function that is continuous, and smooth almost everywhere.

/// Steps without which a function of so few variables does well.
const MOST_EVALUATIONS: usize = 600;

/// A local minimum of `f` near `start`, and its value: the simplex method of Nelder & Mead (1965),
/// which needs no derivatives. The first simplex has edges of length `step`; it ends where values
/// and places of the corners agree to `tolerance`, relative for the values.
pub fn minimize<const N: usize>(
    f: impl Fn(&[f64; N]) -> f64,
    start: [f64; N],
    step: f64,
    tolerance: f64,
) -> ([f64; N], f64) {
    let mut corners = vec![(start, f(&start))];
    for i in 0..N {
        let mut corner = start;
        corner[i] += step;
        corners.push((corner, f(&corner)));
    }
    let mut evaluations = N + 1;
    loop {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let ((best, least), (worst, greatest)) = (corners[0], corners[N]);
        let size = |(corner, _): &([f64; N], f64)| {
            corner.iter().zip(&best).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let flat = greatest - least <= tolerance * least.abs();
        if evaluations >= MOST_EVALUATIONS
            || flat && corners.iter().all(|c| size(c) <= tolerance.sqrt())
        {
            return (best, least);
        }
        let centre: [f64; N] = std::array::from_fn(|i| {
            corners[..N].iter().map(|(corner, _)| corner[i]).sum::<f64>() / N as f64
        });
        // On the line from the worst corner through the centre of the others.
        let mut try_at = |factor: f64| {
            evaluations += 1;
            let point = std::array::from_fn(|i| centre[i] + factor * (worst[i] - centre[i]));
            (point, f(&point))
        };
        let reflected = try_at(-1.0);
        let taken = if reflected.1 < least {
            let expanded = try_at(-2.0);
            if expanded.1 < reflected.1 { Some(expanded) } else { Some(reflected) }
        } else if reflected.1 < corners[N - 1].1 {
            Some(reflected)
        } else {
            let contracted = try_at(if reflected.1 < greatest { -0.5 } else { 0.5 });
            (contracted.1 < greatest.min(reflected.1)).then_some(contracted)
        };
        if let Some(taken) = taken {
            corners[N] = taken;
        } else {
            for (corner, value) in &mut corners[1..] {
                *corner = std::array::from_fn(|i| f64::midpoint(corner[i], best[i]));
                *value = f(corner);
            }
            evaluations += N;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::minimize;

    #[test]
    fn the_valley_of_rosenbrock_is_followed_to_its_end() {
        let rosenbrock = |[x, y]: &[f64; 2]| (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2);
        let (place, value) = minimize(rosenbrock, [-1.2, 1.0], 0.5, 1e-12);
        assert!(value < 1e-12 && place.iter().all(|x| (x - 1.0).abs() < 1e-5), "{place:?}");
    }

    #[test]
    fn an_edge_is_found() {
        let (place, _) =
            minimize(|[x, y]: &[f64; 2]| 1.0 + (x - 3.0).abs() + y * y, [0.0, 1.0], 0.3, 1e-10);
        assert!((place[0] - 3.0).abs() < 1e-6 && place[1].abs() < 1e-4, "{place:?}");
    }
}
