//! Composite against the predecessor's CMA-ES on problems that cost nothing to simulate.
//!
//!     cargo run --release -- mean-field --seeds 8 --budget 400 --cma-budget 2400
//!     cargo run --release -- serve mean-field
//!     cargo run --release -- fidelity mean-field --seeds 10 --times-cheaper 17
//!     cargo run --release -- answer mean-field-37 --seeds 12 --budget 400

mod answer;
mod cheap;
mod deviates;
mod fidelity;
mod mean_field;
mod problem;
mod problems;
mod run;
mod serve;
mod smooth;

use std::collections::HashMap;
use std::io;
use std::process::ExitCode;

use problem::Problem;
use run::{Algorithm, History, Known, run};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mode =
        arguments.first().filter(|first| ["serve", "fidelity", "answer"].contains(&first.as_str()));
    let mode = mode.cloned();
    if mode.is_some() {
        arguments.remove(0);
    }
    let name = arguments.first().map_or("mean-field", String::as_str);
    let Some(problem) = problems::named(name) else {
        eprintln!("problems: mean-field-8, mean-field, mean-field-37, quadratic, rosenbrock");
        return ExitCode::from(2);
    };
    let options = arguments[1.min(arguments.len())..]
        .chunks_exact(2)
        .map(|c| (c[0].as_str(), c[1].as_str()))
        .collect();
    let done = match mode.as_deref() {
        Some("serve") => serve::serve(problem.as_ref()),
        Some("answer") => {
            answer::judge(problem.as_ref(), &options);
            Ok(())
        }
        Some(_) => fidelity::compare(problem.as_ref(), &options),
        None => search(problem.as_ref(), &options),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Searches with both optimizers and prints what came of it.
fn search(problem: &dyn Problem, options: &HashMap<&str, &str>) -> io::Result<()> {
    let number = |key: &str, default: usize| -> usize {
        options.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let seeds = number("--first-seed", 0)..number("--first-seed", 0) + number("--seeds", 8);
    let batch = number("--batch", 12);
    describe(problem);
    let cma: Vec<History> = seeds
        .clone()
        .map(|seed| {
            let budget = number("--cma-budget", 2400);
            run(problem, Algorithm::CmaEs, seed as u64, budget, 12, &Known::default())
        })
        .collect();
    if number("--cma-budget", 2400) > 0 {
        table("CMA-ES (BluePyOpt, 12)", &cma, 12);
    }
    let composite: Vec<History> = seeds
        .clone()
        .map(|seed| {
            let asynchronous = number("--asynchronous", 0) > 0;
            let algorithm =
                if asynchronous { Algorithm::Asynchronous } else { Algorithm::Composite };
            let seed = seed as u64;
            let known = known(problem, seed, batch, &number);
            let history = run(problem, algorithm, seed, number("--budget", 400), batch, &known);
            eprintln!("seed {seed}: {}", history.brief());
            history
        })
        .collect();
    table("composite", &composite, batch);
    if let Some(file) = options.get("--histories") {
        let named = |name, all: &[History]| -> String {
            let searched = seeds.clone().zip(all).filter(|(_, history)| history.simulations() > 0);
            searched.map(|(seed, history)| format!("{}\n", history.json(name, seed))).collect()
        };
        let lines = named("composite", &composite) + &named("mozopt's BluePyOpt, 12", &cma);
        std::fs::write(file, lines)?;
    }
    for level_at in [768, 2400] {
        let level = options.get(format!("--level-{level_at}").as_str()).map_or_else(
            || run::median(cma.iter().map(|h| h.at(level_at)).collect()),
            |text| text.parse().unwrap_or(f64::NAN),
        );
        let reached: Vec<f64> = composite
            .iter()
            .map(|history| history.first_below(level).map_or(f64::INFINITY, |n| n as f64))
            .collect();
        println!(
            "CMA-ES after {level_at}: median {level:.1}; composite is there after (simulations): median {}, all {:?}",
            run::median(reached.clone()),
            run::sorted(reached)
        );
    }
    Ok(())
}

/// What an earlier search of `--known` simulations leaves, in which every `--unknown`th target was
/// not measured: its best points and, unless `--best-only` is 1, its values.
fn known(
    problem: &dyn Problem,
    seed: u64,
    batch: usize,
    number: &impl Fn(&str, usize) -> usize,
) -> Known {
    let is_measured = |t: usize| !(t + 1).is_multiple_of(number("--unknown", 3).max(2));
    let known = Known::from_search(problem, is_measured, seed, number("--known", 0), batch);
    if number("--best-only", 0) > 0 {
        Known { starts: known.starts, ..Known::default() }
    } else {
        known
    }
}

/// What kind of problem it is: how much of the box explodes, and what the starts are worth.
fn describe(problem: &dyn Problem) {
    let exploded = (0..1000).filter(|&k| problem.truth(&problem.anywhere(k)).is_none()).count();
    let starts: Vec<f64> =
        (0..8).map(|seed| problem.total(&problem.start(seed)).unwrap_or(f64::INFINITY)).collect();
    println!(
        "{} parameters, {} targets, {} % of the box explodes, starts {starts:.0?}, reference {:.2}",
        problem.space().len(),
        problem.rules().len(),
        exploded as f64 / 10.0,
        problem.reference().map_or(f64::NAN, |p| problem.total(&p).unwrap_or(f64::NAN)),
    );
}

fn table(name: &str, histories: &[History], batch: usize) {
    println!("{name}: true score of the recommended point");
    println!("  simulations      best  quartile    median  quartile     worst  exploded s a batch");
    for n in [12, 24, 36, 50, 77, 100, 150, 200, 300, 400, 768, 1500, 2000, 2400] {
        if histories.iter().any(|history| history.simulations() < n) {
            continue;
        }
        let all = run::sorted(histories.iter().map(|history| history.at(n)).collect());
        let quantile = |share: f64| all[(share * (all.len() - 1) as f64).round() as usize];
        let exploded =
            histories.iter().map(|h| h.exploded_share(n)).sum::<f64>() / all.len() as f64;
        println!(
            "  {n:>11} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>8.0}% {:>8.3}",
            all[0],
            quantile(0.25),
            run::median(all.clone()),
            quantile(0.75),
            all[all.len() - 1],
            100.0 * exploded,
            histories.iter().map(|h| h.cost_of_batch(n, batch)).sum::<f64>() / all.len() as f64
        );
    }
}
