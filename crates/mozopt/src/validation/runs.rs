//! The simulations of a protocol. What was simulated before is found in its directory.

use std::convert::Infallible;
use std::time::Duration;

use configuration::{Configuration, FidelityNumber, Limits};
use dispatcher::{DispatchError, Dispatcher, NoLedger, Settled, SystemClock, Task};
use executors::{JobKey, executor};
use journal::{CandidateRecord, OptimizationDirectory};
use search::{Interrupt, Wish, seeds};
use simulation::{
    Attempt, Keep, OutcomeClass, Protocol, Simulation, SimulationDirectory, SimulationResult,
};

use super::Vary;
use crate::failure::Failure;

const TICK: Duration = Duration::from_millis(200);

/// A candidate's simulation 1, 2, … in a protocol.
pub fn task(
    optimization: &OptimizationDirectory,
    configuration: &Configuration,
    record: &CandidateRecord,
    repetition: u32,
    protocol: &Protocol,
    vary: Vary,
) -> Task {
    // The data is inspected before it may be removed.
    let keep = Keep { all: true, failures: true, below: None };
    let seed = seeds::of_repetition(configuration.optimizer.seed, record.number, repetition);
    let mut simulation = Simulation::new(
        configuration,
        FidelityNumber::FULL,
        record.number,
        seed,
        &record.parameters,
        Attempt::NONE,
        keep,
    );
    simulation.protocol = protocol.clone();
    let further_seeds = vary.further_seeds(&configuration.simulator);
    let new_networks = !further_seeds.is_empty();
    if let Some(mozaik) = &mut simulation.mozaik {
        mozaik.seed_parameters.extend(further_seeds);
    } else {
        let seeds = further_seeds.into_iter().map(|path| (path, seed.into()));
        simulation.parameters.extend(seeds);
    }
    let directory = optimization.protocol(protocol, new_networks);
    let directory = directory.join(format!("{:06}-{repetition}", record.number));
    let key = JobKey { candidate: record.number, repetition };
    Task::new(key, SimulationDirectory::new(directory), simulation, Attempt::NONE)
}

/// Simulates within these limits, and gives the result of each task in their order; `None` for one
/// whose machine failed under it every time. `said` is told what happens. No results if the user
/// stopped it.
pub fn results(
    configuration: &Configuration,
    limits: Limits,
    tasks: &[Task],
    interrupt: &Interrupt,
    said: &dyn Fn(&str),
) -> Result<Option<Vec<Option<SimulationResult>>>, Failure> {
    let executor = executor(configuration, &limits)
        .map_err(|error| Failure::bad_input(&error, error.advice()))?;
    let mut dispatcher = Dispatcher::new(executor, SystemClock::default(), configuration, limits)?;
    let mut results: Vec<Option<SimulationResult>> = vec![None; tasks.len()];
    let mut take = |Settled { task, result }: Settled| {
        let machine_failed = result.outcome == OutcomeClass::NodeFailure;
        let words = if machine_failed { "its machine failed" } else { result.outcome.words() };
        said(&format!("{}: {words}", task.directory.path().display()));
        let place = tasks.iter().position(|it| it.key == task.key);
        if let Some(place) = place.filter(|_| !machine_failed) {
            results[place] = Some(result);
        }
    };
    for task in tasks {
        let settled =
            dispatcher.take_up::<Infallible>(task.clone(), |it| it.outcome.is_the_models_own());
        if let Some(settled) = settled.map_err(broken)? {
            take(settled);
        }
    }
    let mut heard = Wish::GoOn;
    while dispatcher.running() + dispatcher.waiting() > 0 {
        let wish = interrupt.wish();
        if let Some(words) = wish.in_words().filter(|_| wish != heard) {
            said(words);
        }
        heard = wish;
        match wish {
            Wish::GoOn => dispatcher.submit(&mut NoLedger::default()).map_err(broken)?,
            Wish::HandOver => return Ok(None),
            _ if dispatcher.running() == 0 => return Ok(None),
            Wish::StopAfterRunning => {}
            Wish::Cancel => dispatcher.cancel_all(),
        }
        for message in dispatcher.messages() {
            said(&message);
        }
        for settled in dispatcher.wait(TICK, &mut NoLedger::default()).map_err(broken)? {
            take(settled);
        }
    }
    Ok((interrupt.wish() == Wish::GoOn).then_some(results))
}

fn broken<E>(error: DispatchError<E>) -> Failure {
    let help = "finished simulations are kept: fix the cause and run the same command again";
    Failure::failed(error, help)
}
