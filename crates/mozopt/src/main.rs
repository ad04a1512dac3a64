//! `mozopt`: finds the parameters that make a spiking model of visual cortex behave like the brain.
//!
//! Data goes one way round a loop: the optimizer ([`search`]) proposes a candidate, an executor
//! ([`executors`]) runs its simulation as an external command, the job evaluates what was simulated
//! ([`simulation`]), and the optimizer is told. The [`journal`] knows every step before it is
//! taken.

#![warn(clippy::unwrap_used)]

/// Prints words to stderr. Nobody may be reading any more (`| head`, a terminal that was closed),
/// which is no reason to end a search: `eprintln!` would panic.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::say_words(&format!($($words)*))
    };
}

mod cli;
mod commands;
mod dashboard;
mod data_store;
mod failure;
mod figure_data;
mod inspection_summary;
mod overview;
mod report;
mod usage;
mod validation;
mod warm_start;
mod watcher;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use signal_hook::consts::SIGXFSZ;

use cli::{Color, Command, CommandLine};

fn main() -> ExitCode {
    // While it is where it was started from.
    let _ = simulation::program();
    // Past a limit on the size of files (`ulimit -f`) writing is to fail, and not to kill. What is
    // handled here is as ever in the programs that are started.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let CommandLine { color, command } = CommandLine::parse();
    use_color(color);
    let ended = match command {
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Resume(arguments) => commands::run::resume(arguments),
        Command::Submit(arguments) => commands::submit::submit(&arguments),
        Command::Stop(arguments) => commands::stop::stop(&arguments),
        Command::Status(arguments) => commands::status::status(&arguments),
        Command::Doctor(arguments) => commands::doctor::doctor(&arguments),
        Command::Repair(arguments) => commands::repair::repair(&arguments),
        Command::Forget(arguments) => commands::forget::forget(&arguments),
        Command::Show(arguments) => commands::show::show(&arguments),
        Command::Export(arguments) => commands::export::export(&arguments),
        Command::Figures(arguments) => commands::figures::figures(&arguments),
        Command::Report(arguments) => commands::report::report(&arguments),
        Command::Serve(arguments) => commands::serve::serve(&arguments),
        Command::Evaluate(arguments) => commands::evaluate::evaluate(&arguments),
        Command::Datastore(arguments) => commands::datastore::datastore(&arguments),
        Command::Inspect(arguments) => commands::inspect::inspect(&arguments),
        Command::Validate(arguments) => commands::validate::validate(&arguments),
        Command::Prepare(arguments) => commands::prepare::prepare(&arguments),
        Command::Check(arguments) => commands::check::check(arguments),
        Command::Parameters(arguments) => commands::parameters::parameters(&arguments),
        Command::Schema(arguments) => commands::schema::schema(&arguments),
        Command::Simulate(arguments) => commands::simulate::simulate(&arguments),
        Command::Job(arguments) => commands::job::job(&arguments),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            for report in failure.reports() {
                say!("{report:?}");
            }
            failure.exit_code()
        }
    }
}

/// Words may quote what came from outside, which must not steer the terminal.
fn say_words(words: &str) {
    // The libraries ask for colours in different ways.
    let coloured = console::colors_enabled_stderr() || std::env::var_os("FORCE_COLOR").is_some();
    let shown =
        if coloured { printable::escaped_but_colours(words) } else { printable::escaped(words) };
    let _ = writeln!(std::io::stderr(), "{shown}");
}

/// Tells every library that prints in colour; `auto` is their own default, which knows `NO_COLOR`.
fn use_color(color: Color) {
    let wanted = match color {
        Color::Auto => return,
        Color::Always => true,
        Color::Never => false,
    };
    console::set_colors_enabled(wanted);
    console::set_colors_enabled_stderr(wanted);
    // The hook can be set once, and this is the once.
    let _ = miette::set_hook(Box::new(move |_| {
        Box::new(miette::MietteHandlerOpts::new().color(wanted).build())
    }));
}
