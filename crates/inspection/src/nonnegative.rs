//! Least squares with coefficients that are not negative.

/// A pivot below this share of its diagonal element: the column depends on those before it.
const SINGULAR: f64 = 1e-12;
/// A gradient below this share of its scale is rounding.
const ROUNDING: f64 = 1e-11;

/// The coefficients x ≥ 0 that minimize |A·x − y|² for a matrix A of a few columns, given the
/// products of its columns with each other (`gram`) and with y (`moments`). It is the active-set
/// method of Lawson & Hanson (1974, chapter 23) on the normal equations. Columns that depend on
/// others get 0.
pub fn nonnegative<const N: usize>(gram: &[[f64; N]; N], moments: &[f64; N]) -> [f64; N] {
    let mut x = [0.0; N];
    let mut free = [false; N];
    let mut dependent = [false; N];
    // Each column enters and leaves a few times at most; rounding must not make it go round for
    // ever.
    for _ in 0..4 * N {
        let gradient = |i: usize| moments[i] - (0..N).map(|j| gram[i][j] * x[j]).sum::<f64>();
        let steepest = (0..N)
            .filter(|&i| {
                !free[i]
                    && !dependent[i]
                    && gradient(i) > ROUNDING * moments[i].abs().max(f64::MIN_POSITIVE)
            })
            .max_by(|&i, &j| {
                let slope = |i: usize| gradient(i) / gram[i][i].sqrt();
                slope(i).total_cmp(&slope(j))
            });
        let Some(entering) = steepest else { break };
        free[entering] = true;
        loop {
            let Some(solved) = solve(gram, moments, free) else {
                free[entering] = false;
                dependent[entering] = true;
                break;
            };
            // How far towards the solution before a coefficient becomes negative.
            let blocking = (0..N)
                .filter(|&i| free[i] && solved[i] <= 0.0)
                .map(|i| (i, x[i] / (x[i] - solved[i])))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((leaving, step)) = blocking else {
                x = solved;
                break;
            };
            for i in 0..N {
                x[i] += step * (solved[i] - x[i]);
            }
            free[leaving] = false;
            x[leaving] = 0.0;
        }
    }
    x
}

/// Solves the normal equations of the free columns by Cholesky's decomposition; `None` where they
/// depend on each other.
fn solve<const N: usize>(
    gram: &[[f64; N]; N],
    moments: &[f64; N],
    free: [bool; N],
) -> Option<[f64; N]> {
    let mut factor = [[0.0; N]; N];
    let mut x = [0.0; N];
    for i in (0..N).filter(|&i| free[i]) {
        for j in (0..=i).filter(|&j| free[j]) {
            let product: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = gram[i][j] - product;
            if i == j {
                if rest <= SINGULAR * gram[i][i] {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
        let known: f64 = (0..i).map(|k| factor[i][k] * x[k]).sum();
        x[i] = (moments[i] - known) / factor[i][i];
    }
    for i in (0..N).rev().filter(|&i| free[i]) {
        let known: f64 = (i + 1..N).map(|k| factor[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / factor[i][i];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::nonnegative;

    type Problem = (Vec<[f64; 3]>, Vec<f64>);

    fn problem() -> impl Strategy<Value = Problem> {
        let number = -2.0..2.0_f64;
        let row = (prop::array::uniform3(number.clone()), number);
        prop::collection::vec(row, 5..20).prop_map(|rows| rows.into_iter().unzip())
    }

    fn products((rows, y): &Problem) -> ([[f64; 3]; 3], [f64; 3]) {
        let gram = std::array::from_fn(|i| {
            std::array::from_fn(|j| rows.iter().map(|row| row[i] * row[j]).sum())
        });
        let moments = std::array::from_fn(|i| rows.iter().zip(y).map(|(row, y)| row[i] * y).sum());
        (gram, moments)
    }

    proptest! {
        /// The conditions of Karush, Kuhn and Tucker, which only the minimum fulfils.
        #[test]
        fn no_coefficient_can_be_changed_for_the_better(problem in problem()) {
            let (gram, moments) = products(&problem);
            let x = nonnegative(&gram, &moments);
            for i in 0..3 {
                let gradient = moments[i] - (0..3).map(|j| gram[i][j] * x[j]).sum::<f64>();
                prop_assert!(x[i] >= 0.0);
                prop_assert!(gradient < 1e-8, "{gradient}");
                prop_assert!(x[i] == 0.0 || gradient.abs() < 1e-8, "{gradient}");
            }
        }
    }

    #[test]
    fn coefficients_are_those_of_scipy_nnls() {
        // scipy.optimize.nnls([[1, 2, 0], [3, 1, 1], [0, 1, 4], [1, 0, 1]], y)[0], SciPy 1.17.1
        let rows = [[1.0, 2.0, 0.0], [3.0, 1.0, 1.0], [0.0, 1.0, 4.0], [1.0, 0.0, 1.0]];
        for (y, scipy) in [
            ([2.0, 1.0, -1.0, 3.0], [0.682_926_829_268_292_3, 0.097_560_975_609_756_42, 0.0]),
            ([2.0, 1.0, 1.0, 3.0], [4.0 / 9.0, 4.0 / 9.0, 2.0 / 9.0]),
        ] {
            let (gram, moments) = products(&(rows.to_vec(), y.to_vec()));
            let x = nonnegative(&gram, &moments);
            assert!(x.iter().zip(scipy).all(|(x, scipy)| (x - scipy).abs() < 1e-12), "{x:?}");
        }
    }

    #[test]
    fn columns_that_depend_on_each_other_do_no_harm() {
        let (gram, moments) = products(&(vec![[1.0, 1.0, 2.0]; 5], vec![3.0; 5]));
        let x = nonnegative(&gram, &moments);
        assert!((x[0] + x[1] + 2.0 * x[2] - 3.0).abs() < 1e-12, "{x:?}");
    }
}
