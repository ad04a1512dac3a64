//! `mozopt run` and `mozopt resume`.

use std::path::Path;

use configuration::{Algorithm, Configuration};
use executors::{Executor, executor};
use journal::{OptimizationDirectory, Provenance};
use reading::Loaded;
use search::{End, Interrupt, Search, Watcher as _};

use crate::cli::{ResumeArguments, RunArguments};
use crate::failure::{FINISHED, Failure, HANDED_OVER, STOPPED};
use crate::report::{Summary, closing};
use crate::warm_start;
use crate::watcher::{Screen, Verbosity};

/// Begins an optimization and runs it.
pub fn run(arguments: RunArguments) -> Result<u8, Failure> {
    let json = arguments.json;
    let search = begin(arguments, |configuration| {
        executor(configuration, &configuration.limits)
            .map_err(|error| Failure::bad_input(&error, error.advice()))
    })?;
    finish(search, json)
}

/// Begins an optimization whose simulations this executor runs.
pub fn begin(
    arguments: RunArguments,
    executor: impl FnOnce(&Configuration) -> Result<Box<dyn Executor>, Failure>,
) -> Result<Search, Failure> {
    let RunArguments { directory, config, output, warm_start, settings, quiet, .. } = arguments;
    let (Loaded { configuration, notices, experiment }, model) =
        reading::load(&directory, config.as_deref(), *settings)?;
    if configuration.optimizer.algorithm != Algorithm::Composite && !warm_start.is_empty() {
        return Err(Failure::bad_input(
            "only algorithm = \"composite\" supports a warm start",
            "leave out --warm-start, or use the best point as optimiser_centroid",
        ));
    }
    let known = warm_start.iter().map(|path| warm_start::read(path, &configuration, &model));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let (known, left_out): (Vec<_>, Vec<_>) = known.into_iter().unzip();
    let executor = executor(&configuration)?;
    let parent = output.as_deref().unwrap_or(&directory);
    let optimization = OptimizationDirectory::create(parent)?;
    keep_copies(&optimization, &directory, config.as_deref())?;
    let provenance = Provenance::now(&configuration.model_directory);
    super::write_json(&optimization.provenance(), &provenance)?;
    if let Some(script) = experiment {
        optimization.write_experiment(&script)?;
    }
    let watcher = watcher(&optimization, quiet);
    watcher.say(&format!("optimization {}", optimization.shown()));
    for notice in notices.into_iter().chain(left_out.into_iter().flatten()) {
        watcher.say(&format!("note: {notice}"));
    }
    let place = optimization.clone();
    Search::begin(optimization, configuration, known, executor, Box::new(watcher), interrupt()?)
        .map_err(|error| Failure::of_search(error, &place))
}

/// Continues an optimization.
pub fn resume(arguments: ResumeArguments) -> Result<u8, Failure> {
    let ResumeArguments { optimization, limits, json, quiet, again } = arguments;
    let directory = super::find(&optimization)?;
    let watcher = watcher(&directory, quiet);
    watcher.say(&format!("resuming {}", directory.shown()));
    if !again.is_empty() {
        super::forget::forget_classes(&directory, &again, &watcher)?;
    }
    let change = |current: &mut _| limits.change(current);
    let place = directory.clone();
    let search = Search::resume(directory, change, Box::new(watcher), interrupt()?)
        .map_err(|error| Failure::of_search(error, &place))?;
    // What a controller that was killed was writing.
    let left = [search.directory().path().to_owned(), search.directory().path().join("requests")];
    for directory in left.iter().filter(|directory| directory.exists()) {
        durable::remove_leftovers(directory)
            .map_err(|error| Failure::failed(error, "is the directory writable?"))?;
    }
    finish(search, json)
}

fn finish(mut search: Search, json: bool) -> Result<u8, Failure> {
    let end = search.run().map_err(|error| Failure::of_search(error, search.directory()))?;
    let (directory, configuration, state) =
        (search.directory(), search.configuration(), search.state());
    if json {
        super::print_json(&Summary::of(directory, configuration, state))?;
    } else {
        super::print(&closing(directory, configuration, state)?)?;
    }
    Ok(match end {
        End::Finished(_) => FINISHED,
        End::StoppedByUser => STOPPED,
        End::HandedOver => HANDED_OVER,
    })
}

fn watcher(directory: &OptimizationDirectory, quiet: bool) -> Screen {
    let verbosity = if quiet { Verbosity::Quiet } else { Verbosity::Normal };
    Screen::new(&directory.log(), verbosity)
}

fn interrupt() -> Result<Interrupt, Failure> {
    Interrupt::listen()
        .map_err(|error| Failure::failed(error, "signals cannot be received on this system"))
}

/// The user's own files go with the optimization, so that what was searched can be read years
/// later.
fn keep_copies(
    optimization: &OptimizationDirectory,
    directory: &Path,
    config: Option<&Path>,
) -> Result<(), Failure> {
    let config =
        config.map_or_else(|| directory.join("param_optim/config_optimisation"), Path::to_owned);
    for (from, name) in
        [(config, "config_optimisation"), (directory.join("mozopt.toml"), "mozopt.toml")]
    {
        if from.exists() {
            std::fs::copy(&from, optimization.path().join(name)).map_err(|error| {
                let message = format!("cannot copy {}: {error}", from.display());
                Failure::failed(message, "is the disk full?")
            })?;
        }
    }
    Ok(())
}
