//! What a person sees of a running search: a live view in a terminal, lines elsewhere, and the log.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use console::{Term, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use configuration::Configuration;
use printable::duration;
use search::{Progress, Watcher};
use simulation::TargetResult;

use crate::overview::Overview;
use crate::report::{amount, wanted};
use crate::usage::of_fidelities;

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

    fn note_generation(&self, progress: &Progress<'_>, overview: &Overview) {
        let generations = overview.generations;
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
        self.note(&format!(
            "generation {generations} of {}: {} simulations, {} failed, {best}, {} left",
            overview.last_generation,
            overview.simulations,
            overview.failed(),
            overview.time_left.map_or_else(|| "unknown time".to_owned(), duration),
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
        let overview = Overview::new(progress);
        self.note_generation(progress, &overview);
        if let Picture::Live(bar) = &self.picture {
            bar.set_length(overview.simulations_to_run.max(1));
            bar.set_position(overview.simulations);
            bar.set_prefix(head(progress.configuration, &overview));
            bar.set_message(body(progress, &overview, self.began.elapsed()));
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

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    let template = "{prefix}\n{bar:40.cyan/dim} {pos}/{len} simulations{msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

/// The first line: how far, how many.
fn head(configuration: &Configuration, overview: &Overview) -> String {
    let Overview { generation, last_generation, .. } = overview;
    format!(
        "{} · {} parameters, {} targets",
        style(format!("generation {generation} of {last_generation}")).bold(),
        configuration.parameters.len(),
        configuration.target_count(),
    )
}

/// What follows the bar: times, the best candidate and its worst targets.
fn body(progress: &Progress<'_>, overview: &Overview, elapsed: Duration) -> String {
    let Progress { state, running, .. } = progress;
    let width = Term::stderr().size().1.saturating_sub(1) as usize;
    let failed = match overview.failed() {
        0 => style("0 failed".to_owned()).dim(),
        n => style(format!("{n} failed")).yellow(),
    };
    let mut text = format!(" · {running} running · {failed}\n{} elapsed", duration(elapsed));
    if let Some(left) = overview.time_left {
        text.push_str(&format!(" · about {} left", duration(left)));
    }
    for fidelity in of_fidelities(progress.configuration, state) {
        text.push_str(&format!("\n{fidelity}"));
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
