//! What a person sees of a running search: a live view in a terminal, lines elsewhere, and the log.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use console::{Term, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use configuration::Limits;
use printable::duration;
use search::{Progress, Watcher};
use simulation::TargetResult;

use crate::report::{amount, wanted};

/// How many of the worst targets the live view shows.
const WORST: usize = 5;

/// How much the user wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// A live view or lines.
    Normal,
    /// Nothing but errors and the result.
    Quiet,
}

/// Shows the search to a person and writes its log.
pub struct Screen {
    log: Option<File>,
    picture: Picture,
    began: Instant,
    said: RefCell<Said>,
}

enum Picture {
    Live(ProgressBar),
    Lines,
    Nothing,
}

#[derive(Default)]
struct Said {
    once: BTreeSet<String>,
    generations: u64,
}

impl Screen {
    /// A watcher that writes to this log.
    pub fn new(log: &Path, verbosity: Verbosity) -> Self {
        let picture = match verbosity {
            Verbosity::Quiet => Picture::Nothing,
            Verbosity::Normal if std::io::stderr().is_terminal() => Picture::Live(bar()),
            Verbosity::Normal => Picture::Lines,
        };
        // A search is not given up because its log cannot be written: the journal is what counts.
        let log = OpenOptions::new().create(true).append(true).open(log).ok();
        Self { log, picture, began: Instant::now(), said: RefCell::default() }
    }

    fn print(&self, message: &str) {
        match &self.picture {
            Picture::Live(bar) => bar.suspend(|| say!("{message}")),
            Picture::Lines => say!("{message}"),
            Picture::Nothing => {}
        }
    }

    fn write_log(&self, message: &str) {
        if let Some(mut log) = self.log.as_ref() {
            let time = jiff::Timestamp::now();
            let _ = writeln!(log, "{time:.0} {}", printable::escaped(message));
        }
    }

    fn note_generation(&self, progress: &Progress<'_>) {
        let generations = progress.state.generations();
        if self.said.borrow().generations == generations {
            return;
        }
        self.said.borrow_mut().generations = generations;
        let best = progress.state.best().map_or_else(
            || "nothing measured yet".to_owned(),
            |(record, result)| {
                format!("best total {:.2} (candidate {})", result.total, record.number)
            },
        );
        let failed = progress.state.failed();
        let finished = progress.state.simulated();
        self.note(&format!(
            "generation {generations} of {}: {finished} simulations, {failed} failed, {best}, {} left",
            last_generation(progress),
            time_left(progress).map_or_else(|| "unknown time".to_owned(), duration),
        ));
    }
}

impl Watcher for Screen {
    fn say(&self, message: &str) {
        self.write_log(message);
        self.print(message);
    }

    fn say_once(&self, message: &str) {
        if self.said.borrow_mut().once.insert(message.to_owned()) {
            self.say(message);
        }
    }

    fn note(&self, message: &str) {
        self.write_log(message);
        if let Picture::Lines = self.picture {
            say!("{message}");
        }
    }

    fn show(&self, progress: &Progress<'_>) {
        self.note_generation(progress);
        if let Picture::Live(bar) = &self.picture {
            let limit = simulations_to_run(progress);
            bar.set_length(limit.max(1));
            bar.set_position(progress.state.simulated());
            bar.set_prefix(head(progress));
            bar.set_message(body(progress, self.began.elapsed()));
            bar.tick();
        }
    }

    fn count(&self, message: &str) {
        if let Picture::Live(bar) = &self.picture {
            bar.set_message(printable::escaped(message).into_owned());
            bar.tick();
        }
    }

    fn close(&self) {
        if let Picture::Live(bar) = &self.picture {
            bar.abandon();
        }
    }
}

/// The generation that `max_ngen` ends with. Simulations from before have generations, too.
pub fn last_generation(progress: &Progress<'_>) -> u64 {
    let size = progress.configuration.optimizer.offspring_size as u64;
    progress.limits.max_ngen.saturating_add(progress.state.imported.div_ceil(size.max(1)))
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    let template = "{prefix}\n{bar:40.cyan/dim} {pos}/{len} simulations{msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

/// The first line: how far, how many.
fn head(progress: &Progress<'_>) -> String {
    let Progress { state, configuration, .. } = progress;
    let generation = state.candidates.last().map_or(0, |record| record.generation);
    format!(
        "{} · {} parameters, {} targets",
        style(format!("generation {generation} of {}", last_generation(progress))).bold(),
        configuration.parameters.len(),
        configuration.target_count(),
    )
}

/// What follows the bar: times, the best candidate and its worst targets.
fn body(progress: &Progress<'_>, elapsed: Duration) -> String {
    let Progress { state, running, .. } = progress;
    let width = Term::stderr().size().1.saturating_sub(1) as usize;
    let failed = match state.failed() {
        0 => style("0 failed".to_owned()).dim(),
        n => style(format!("{n} failed")).yellow(),
    };
    let mut text = format!(" · {running} running · {failed}\n{} elapsed", duration(elapsed));
    if let Some(left) = time_left(progress) {
        text.push_str(&format!(" · about {} left", duration(left)));
    }
    let Some((record, result)) = state.best() else {
        text.push_str("\nno candidate has been measured yet");
        return text;
    };
    text.push_str(&format!(
        "\nbest total {} (candidate {} of generation {}{})\n\n",
        style(format!("{:.2}", result.total)).bold().green(),
        record.number,
        record.generation,
        change(progress).unwrap_or_default(),
    ));
    let mut worst: Vec<(usize, &TargetResult)> = result.targets.iter().enumerate().collect();
    worst.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    let targets = progress.configuration.targets().unwrap_or_default();
    let head =
        format!("{:<45} {:>10} {:>12} {:>7}", "its worst targets", "value", "wanted", "score");
    let mut lines = vec![style(head).dim().to_string()];
    lines.extend(worst.into_iter().take(WORST).map(|(i, target)| {
        let wanted = targets.get(i).map(|configured| wanted(&configured.target.scoring));
        let value = target.value.map_or_else(|| "none".to_owned(), amount);
        let (name, score) = (printable::escaped(&target.target.name), target.score);
        format!("{name:<45} {value:>10} {:>12} {score:>7.2}", wanted.unwrap_or_default())
    }));
    let lines = lines.iter().map(|line| truncate_str(line, width, "…").into_owned());
    text.push_str(&lines.collect::<Vec<_>>().join("\n"));
    text
}

/// By how much the best total has fallen since the last complete generation.
fn change(progress: &Progress<'_>) -> Option<String> {
    let state = progress.state;
    let (_, best) = state.best()?;
    let last = state.candidates.last()?.generation;
    let earlier = state
        .ranked()
        .into_iter()
        .find(|(record, _)| record.generation < last)
        .map(|(_, result)| result.total)?;
    Some(format!("; {:.2} since generation {}", best.total - earlier, last - 1))
}

fn simulations_to_run(progress: &Progress<'_>) -> u64 {
    let Limits { max_ngen, max_simulations, .. } = progress.limits;
    let by_generations =
        max_ngen.saturating_mul(progress.configuration.optimizer.offspring_size as u64);
    max_simulations.map_or(by_generations, |limit| limit.min(by_generations))
}

/// How long the rest of the search takes, from the mean duration of the latest simulations.
pub fn time_left(progress: &Progress<'_>) -> Option<Duration> {
    let mut latest: Vec<_> = progress.state.run_here().collect();
    latest.sort_by_key(|(record, _)| std::cmp::Reverse(record.finished));
    let latest = &latest[..latest.len().min(50)];
    let seconds: f64 = latest
        .iter()
        .map(|(_, result)| result.simulation_seconds + result.evaluation_seconds)
        .sum();
    let mean = seconds / latest.len() as f64;
    let finished = progress.state.simulated();
    let left = simulations_to_run(progress).saturating_sub(finished) as f64;
    Duration::try_from_secs_f64(mean * left / progress.limits.slots as f64).ok()
}
