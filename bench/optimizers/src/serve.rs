//! A problem for programs in other languages: requests on standard input, answers on standard
//! output, each a line of JSON.
//!
//! ```text
//! "problem"
//!     {"low": […], "high": […], "worst": 620}
//! {"start": {"seed": 3}}
//!     {"parameters": […]}
//! {"simulate": {"candidate": 0, "seed": 3, "parameters": […]}}
//!     {"values": […], "scores": […], "total": 98.2, "exploded": false}
//! {"truth": {"parameters": […]}}
//!     {"total": 97.6}
//! ```
//!
//! A candidate gets the noise that the same candidate of a search with the same seed gets here.

use std::io::{self, BufRead, Write};

use optimizers::{OutcomeKind, ScoreRule};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Request {
    Problem,
    Start { seed: u64 },
    Simulate { candidate: u64, seed: u64, parameters: Vec<f64> },
    Truth { parameters: Vec<f64> },
}

/// Answers until the input ends; a request that cannot be answered ends it too.
pub fn serve(problem: &dyn Problem) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let invalid = |reason: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {reason}", number + 1))
        };
        let request = serde_json::from_str(&line?).map_err(|error| invalid(error.to_string()))?;
        writeln!(output, "{}", answer(problem, &request).map_err(invalid)?)?;
        output.flush()?;
    }
    Ok(())
}

fn answer(problem: &dyn Problem, request: &Request) -> Result<Value, String> {
    let (space, rules) = (problem.space(), problem.rules());
    if let Request::Simulate { parameters, .. } | Request::Truth { parameters } = request
        && parameters.len() != space.len()
    {
        return Err(format!("{} parameters instead of {}", parameters.len(), space.len()));
    }
    let worst: f64 = rules.iter().map(ScoreRule::max_score).sum();
    Ok(match request {
        Request::Problem => {
            let bounds = |of: fn(&optimizers::Dimension) -> f64| -> Vec<f64> {
                space.dimensions().iter().map(of).collect()
            };
            json!({"low": bounds(|d| d.low), "high": bounds(|d| d.high), "worst": worst})
        }
        Request::Start { seed } => json!({"parameters": problem.start(*seed)}),
        Request::Simulate { candidate, seed, parameters } => {
            let outcome = problem.simulate(parameters, *seed, *candidate);
            let scores: Vec<f64> =
                rules.iter().zip(&outcome.values).map(|(rule, value)| rule.score(*value)).collect();
            json!({
                "values": outcome.values,
                "scores": scores,
                "total": outcome.total,
                "exploded": outcome.kind == OutcomeKind::Exploded,
            })
        }
        Request::Truth { parameters } => {
            json!({"total": problem.total(parameters).unwrap_or(worst)})
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smooth::Quadratic;

    fn ask(request: &str) -> Result<Value, String> {
        answer(&Quadratic, &serde_json::from_str(request).expect("a request"))
    }

    #[test]
    fn the_truth_of_the_quadratic_is_zero_where_it_was_put() {
        let at_half = vec![0.5; 10];
        let answer = ask(&json!({"truth": {"parameters": at_half}}).to_string()).unwrap();
        assert_eq!(answer, json!({"total": 0.0}));
    }

    #[test]
    fn noise_is_a_matter_of_seed_and_candidate_and_the_total_is_the_sum_of_scores() {
        let simulate = |seed: u64, candidate: u64| {
            let which = json!({"candidate": candidate, "seed": seed, "parameters": vec![0.4; 10]});
            ask(&json!({"simulate": which}).to_string()).unwrap()
        };
        assert_eq!(simulate(1, 2), simulate(1, 2));
        assert_ne!(simulate(1, 2), simulate(1, 3));
        assert_ne!(simulate(1, 2), simulate(2, 2));
        let answer = simulate(1, 2);
        let scores: f64 =
            answer["scores"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
        assert!((scores - answer["total"].as_f64().unwrap()).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_number_of_parameters_is_refused() {
        let refusal = ask(r#"{"truth": {"parameters": [1.0]}}"#).unwrap_err();
        assert_eq!(refusal, "1 parameters instead of 10");
    }
}
