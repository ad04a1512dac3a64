//! Random distributions as mozaik's parameter files wrote them before they were PyNN's.

/// How today's mozaik writes the distribution that `function` made of these arguments (names and
/// texts): exactly the same numbers, under PyNN's names. `None` for any other function.
pub(crate) fn written_today(function: &str, arguments: &[(Option<&str>, &str)]) -> Option<String> {
    // The names of the two arguments that may also be given without them.
    let (first, second) = match function {
        "UniformDist" => ("min", "max"),
        "NormalDist" | "LogNormalDistribution" | "GammaDist" => ("mean", "std"),
        _ => return None,
    };
    let named = |wanted: &[&str]| {
        let has = |name: Option<&str>| name.is_some_and(|name| wanted.contains(&name));
        arguments.iter().find(|&&(name, _)| has(name)).map(|&(_, text)| text)
    };
    let at = |position: usize| match arguments.get(position) {
        Some(&(None, text)) => Some(text),
        _ => None,
    };
    let short = |name: &'static str| if function == "GammaDist" { &name[..1] } else { name };
    let (a, b) = (
        at(0).or_else(|| named(&[first, short(first)])),
        at(1).or_else(|| named(&[second, short(second)])),
    );
    if function == "GammaDist" && (a, b) == (None, None) {
        let (shape, scale) = (named(&["a"]).unwrap_or("1.0"), named(&["b"]).unwrap_or("1.0"));
        return Some(format!("PyNNDistribution(name='gamma',k={shape},theta={scale})"));
    }
    let (a, b) = (a.unwrap_or("0.0"), b.unwrap_or("1.0"));
    Some(match function {
        "UniformDist" => format!("PyNNDistribution(name='uniform',low={a},high={b})"),
        "NormalDist" => format!("PyNNDistribution(name='normal',mu={a},sigma={b})"),
        "LogNormalDistribution" => format!("PyNNDistribution(name='lognormal',mu={a},sigma={b})"),
        // Mean kθ and variance kθ².
        _ => format!("PyNNDistribution(name='gamma',k=({a})**2/({b})**2,theta=({b})**2/({a}))"),
    })
}

#[cfg(test)]
mod tests {
    use super::written_today;

    #[test]
    fn the_numbers_of_an_old_distribution_keep_their_meaning() {
        let today = |function: &str, arguments: &[(Option<&str>, &str)]| {
            written_today(function, arguments).unwrap()
        };
        assert_eq!(
            today("UniformDist", &[(Some("max"), "-51"), (Some("min"), "-70")]),
            "PyNNDistribution(name='uniform',low=-70,high=-51)"
        );
        assert_eq!(
            today("UniformDist", &[(Some("max"), "2.0")]),
            "PyNNDistribution(name='uniform',low=0.0,high=2.0)"
        );
        assert_eq!(
            today("NormalDist", &[(None, "2.0"), (Some("std"), "0.5")]),
            "PyNNDistribution(name='normal',mu=2.0,sigma=0.5)"
        );
        assert_eq!(
            today("LogNormalDistribution", &[(None, "0.1"), (None, "2")]),
            "PyNNDistribution(name='lognormal',mu=0.1,sigma=2)"
        );
        // Shape 16 and scale 0.125: mean 2, standard deviation 0.5.
        assert_eq!(
            today("GammaDist", &[(Some("m"), "2.0"), (Some("s"), "0.5")]),
            "PyNNDistribution(name='gamma',k=(2.0)**2/(0.5)**2,theta=(0.5)**2/(2.0))"
        );
        assert_eq!(
            today("GammaDist", &[(Some("a"), "16"), (Some("b"), "0.125")]),
            "PyNNDistribution(name='gamma',k=16,theta=0.125)"
        );
        assert_eq!(written_today("PyNNDistribution", &[]), None);
    }
}
