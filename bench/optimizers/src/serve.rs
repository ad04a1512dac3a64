//! A problem for programs in other languages: requests on standard input, answers on standard output, each a
//! line of JSON.
//!
//! ```text
//! "problem"                                                   {"low": […], "high": […], "worst": 620}
//! {"start": {"seed": 3}}                                      {"parameters": […]}
//! {"simulate": {"candidate": 0, "seed": 3, "parameters": […]}}
//!                                                             {"values": […], "scores": […], "total": 98.2, "exploded": false}
//! {"truth": {"parameters": […]}}                              {"total": 97.6}
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
