//! Searches with a cheaper version of the simulation beside the full one, against searches without.

use std::collections::HashMap;
use std::io;

use optimizers::{
    Composite, CompositeSettings, Fidelity, FidelityDiagnostics, Optimizer, OutcomeKind, Relation,
};

use crate::cheap::{Cheap, Flaw};
use crate::problem::Problem;
use crate::run::{median, sorted};

/// Costs in full simulations at which searches are compared.
const COSTS: [f64; 5] = [20.0, 38.0, 50.0, 77.0, 100.0];

/// Full simulations of which it is said how many explode.
const EARLY: usize = 12;

/// What a search would have recommended when it had cost so much.
struct Course {
    seed: u64,
    /// Cost, and the true total.
    recommended: Vec<(f64, f64)>,
    /// Whether each full simulation exploded.
    exploded: Vec<bool>,
    cheap: usize,
    /// Of the optimizer.
    seconds: f64,
    /// The diagnostics at the end.
    relations: String,
}

/// Compares both on a problem.
pub fn compare(problem: &dyn Problem, options: &HashMap<&str, &str>) -> io::Result<()> {
    let number = |key: &str, default: f64| -> f64 {
        options.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let first = number("--first-seed", 0.0) as u64;
    let seeds = first..first + number("--seeds", 10.0) as u64;
    let budget = number("--budget", 100.0);
    let batch = number("--batch", 6.0) as usize;
    let is_asynchronous = number("--asynchronous", 0.0) > 0.0;
    let flaw = if number("--shuffled", 0.0) > 0.0 { Flaw::Shuffled } else { Flaw::Distorted };
    let cost = 1.0 / number("--times-cheaper", 17.0);
    let mut table = Vec::new();
    for (name, cost) in [("full only", None), ("with cheap", Some(cost))] {
        if cost.is_none() && number("--without-full", 0.0) > 0.0 {
            continue;
        }
        let mut courses = Vec::new();
        for seed in seeds.clone() {
            let course = search(problem, seed, batch, budget, is_asynchronous, cost, flaw);
            eprintln!("{name}, seed {}: {}", course.seed, course.brief());
            courses.push(course);
        }
        table.push((name, courses));
    }
    print(&table);
    Ok(())
}

fn search(
    problem: &dyn Problem,
    seed: u64,
    batch: usize,
    budget: f64,
    is_asynchronous: bool,
    cost: Option<f64>,
    flaw: Flaw,
) -> Course {
    let fidelities = cost.iter().map(|_| Fidelity::default()).collect();
    let settings =
        CompositeSettings { offspring_size: batch, seed, fidelities, ..Default::default() };
    let mut optimizer =
        Composite::new(problem.space(), &problem.start(seed), &problem.rules(), settings)
            .expect("valid settings");
    let mut cheap = Cheap::new(problem, flaw, seed);
    let mut proposed: Vec<Vec<f64>> = vec![];
    let mut course = Course {
        seed,
        recommended: vec![],
        exploded: vec![],
        cheap: 0,
        seconds: 0.0,
        relations: String::new(),
    };
    let worst: f64 = problem.rules().iter().map(|rule| rule.max_score()).sum();
    let mut spent = 0.0;
    let mut told = 0_usize;
    let mut under_way = vec![];
    let begin = crate::run::processor_seconds();
    let mut simulating = 0.0;
    while spent < budget {
        let candidates = optimizer.ask(batch - under_way.len());
        proposed.extend(candidates.iter().map(|candidate| candidate.parameters.clone()));
        under_way.extend(candidates);
        let returning = if is_asynchronous {
            // A cheap one before a full one, else any of the older half.
            let place = under_way.iter().position(|it| it.fidelity > 0);
            let place = place.unwrap_or((told * 7919) % under_way.len().div_ceil(2));
            vec![under_way.remove(place)]
        } else {
            std::mem::take(&mut under_way)
        };
        let before = crate::run::processor_seconds();
        let outcomes: Vec<_> = returning
            .iter()
            .map(|candidate| match candidate.fidelity {
                0 => problem.simulate(&candidate.parameters, seed, candidate.number),
                _ => cheap.simulate(&candidate.parameters, candidate.number),
            })
            .collect();
        simulating += crate::run::processor_seconds() - before;
        for (candidate, mut outcome) in returning.into_iter().zip(outcomes) {
            let seconds = match candidate.fidelity {
                0 => 1000.0,
                _ => 1000.0 * cost.expect("only then"),
            };
            if candidate.fidelity == 0 {
                course.exploded.push(outcome.kind == OutcomeKind::Exploded);
            } else {
                course.cheap += 1;
            }
            outcome.core_seconds = Some(seconds);
            spent += seconds / 1000.0;
            told += 1;
            optimizer.tell(candidate.number, &outcome).expect("asked for");
        }
        let best = optimizer.recommend(1);
        let parameters = best.first().map(|best| &proposed[best.candidate as usize]);
        let total = parameters.and_then(|parameters| problem.total(parameters)).unwrap_or(worst);
        course.recommended.push((spent, total));
    }
    course.seconds = crate::run::processor_seconds() - begin - simulating;
    course.relations = optimizer.diagnostics().fidelities.iter().map(relations).collect();
    course
}

/// Of every target the multiple, and on average how much is explained.
fn relations(learnt: &FidelityDiagnostics) -> String {
    let known: Vec<Relation> = learnt.relations.iter().copied().flatten().collect();
    let scales: Vec<f64> = known.iter().map(|relation| relation.scale).collect();
    let explained = known.iter().map(|relation| relation.explained).sum::<f64>();
    format!("{scales:?}, {:.2} explained", explained / known.len().max(1) as f64)
}

impl Course {
    /// The true total that was recommended at this cost, the worst where there was none.
    fn at(&self, cost: f64) -> f64 {
        let before = self.recommended.iter().take_while(|(spent, _)| *spent <= cost + 1e-6);
        before.last().map_or(620.0, |(_, total)| *total)
    }

    fn early_explosions(&self) -> usize {
        self.exploded.iter().take(EARLY).filter(|exploded| **exploded).count()
    }

    fn brief(&self) -> String {
        let totals: Vec<String> =
            COSTS.iter().map(|cost| format!("{:.1}", self.at(*cost))).collect();
        format!(
            "{:.1} s, {} full ({} of the first {EARLY} exploded), {} cheap: {}\n{}",
            self.seconds,
            self.exploded.len(),
            self.early_explosions(),
            self.cheap,
            totals.join(" "),
            self.relations,
        )
    }
}

fn print(table: &[(&str, Vec<Course>)]) {
    println!("true total of the recommended point: median (worst), geometric mean");
    println!("cost in full simulations: {COSTS:?}");
    for (name, courses) in table {
        let cell = |cost: &f64| {
            let all = sorted(courses.iter().map(|course| course.at(*cost)).collect());
            let mean = all.iter().map(|x| libm::log(*x)).sum::<f64>() / all.len() as f64;
            format!("{:5.1} ({:5.1}) {:5.1}", median(all.clone()), all[all.len() - 1], mean.exp())
        };
        let cells: Vec<String> = COSTS.iter().map(cell).collect();
        let early: usize = courses.iter().map(Course::early_explosions).sum();
        let seconds: f64 = courses.iter().map(|course| course.seconds).sum();
        println!(
            "{name:>10} | {} | {early} of {} early full ones exploded, {:.1} s a search",
            cells.join(" | "),
            EARLY * courses.len(),
            seconds / courses.len() as f64
        );
    }
    let [(_, without), (_, with)] = table else { return };
    // What each costs to be as good as the median without is at a cost.
    for cost in COSTS {
        let level = median(without.iter().map(|course| course.at(cost)).collect());
        let reached = |course: &Course| {
            let there = course.recommended.iter().find(|(_, total)| *total <= level);
            there.map_or(f64::INFINITY, |(spent, _)| *spent)
        };
        let costs = |courses: &[Course]| median(courses.iter().map(reached).collect());
        let worse = without.iter().zip(with).filter(|(a, b)| b.at(cost) > a.at(cost)).count();
        println!(
            "{level:5.1}, the median at {cost}: first reached at {:.1} without and {:.1} with \
             (medians); {worse} of {} seeds are worse with at {cost}",
            costs(without),
            costs(with),
            with.len()
        );
    }
}
