//! How a command ends when it cannot do what it was asked for.

use std::fmt;
use std::process::ExitCode;

use checks::setup::TrialError;
use configuration::{ConfigurationError, LimitError};
use dispatcher::NothingWorks;
use journal::{DirectoryError, Held, JournalError, OptimizationDirectory, StateError};
use miette::{Diagnostic, NamedSource, SourceSpan};
use optimizers::SpaceError;
use preparation::PreparationError;
use printable::program;
use reading::{Mistake, Place};
use search::{BookError, SearchError};
use simulation::job::JobError;

/// A command that did what it was asked for; an optimization that ended by itself.
pub const FINISHED: u8 = 0;
/// Something broke: a disk, a damaged journal, a model that fails every time.
pub const FAILED: u8 = 1;
/// A file or an option is wrong. The command line's own errors have the same code.
pub const BAD_INPUT: u8 = 2;
/// The user stopped the optimization; `resume` continues it.
pub const STOPPED: u8 = 3;
pub use executors::HANDED_OVER;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong, which the user can fix: all mistakes that were found.
    BadInput(Vec<miette::Report>),
    /// Something else failed: a disk, a journal, a model.
    Failed(miette::Report),
}

impl Failure {
    /// Input that is wrong as a whole, not at one place of a file.
    pub fn bad_input(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        let report = miette::miette!(help = help.to_string(), "{message}");
        Self::BadInput(vec![report])
    }

    /// Something that did not work, and what to do about it.
    pub fn failed(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Failed(miette::miette!(help = help.to_string(), "{message}"))
    }

    /// A search that cannot begin or go on, in this directory.
    pub fn of_search(error: SearchError, directory: &OptimizationDirectory) -> Self {
        let (program, shown) = (program(), directory.shown());
        match error {
            SearchError::Held(Held::Io { .. }) => {
                let help = "the file system must have room, and locks (flock): `mozopt doctor` looks \
                            further";
                Self::failed(error, help)
            }
            SearchError::Held(held @ Held::Elsewhere { .. }) => {
                let help = format!(
                    "stop it there, or, if that machine is gone, wait two minutes; `{program} status \
                     {shown}` shows what it has done"
                );
                Self::bad_input(held, help)
            }
            SearchError::Held(held) => {
                let help = format!(
                    "one controller at a time: stop it there (Ctrl-C), or follow it with `{program} \
                     status {shown}`"
                );
                Self::bad_input(held, help)
            }
            SearchError::Configuration(error) => error.into(),
            SearchError::Limits(error) => error.into(),
            SearchError::Executor(error) => Self::bad_input(&error, error.advice()),
            SearchError::Optimizer(_) => {
                Self::bad_input(error, "check [optimizer] and the ranges of `parameters`")
            }
            SearchError::CannotTakeOver { .. } => {
                Self::bad_input(error, "use algorithm = \"composite\"")
            }
            SearchError::CannotRepeat { .. } => {
                let help = "continue with the version of mozopt that wrote the journal";
                Self::failed(error, help)
            }
            SearchError::NoModel { .. } => {
                let help = "simulations start there: move or mount it back, then resume again; \
                            nothing was proposed";
                Self::failed(error, help)
            }
            SearchError::Environment(NothingWorks { message, log }) => {
                let mut message = message;
                if !log.is_empty() {
                    message.push_str("\nthe end of its log:\n  ");
                    message.push_str(&log.join("\n  "));
                }
                let help = format!(
                    "no parameters are to blame, and nothing of it was told to the optimizer: fix the \
                     environment, then `{program} resume {shown}` simulates these candidates again"
                );
                Self::failed(message, help)
            }
            SearchError::CannotForget { .. } => Self::bad_input(
                error,
                format!("`{program} show N {shown}` tells how far a candidate is"),
            ),
            SearchError::NothingMeasured { candidate, ref log, .. } => {
                let mut message = error.to_string();
                if !log.is_empty() {
                    message.push_str("\nthe end of its log:\n  ");
                    message.push_str(&log.join("\n  "));
                }
                let help = format!(
                    "see `{program} show {candidate} {shown}`; fix the model or mozopt.toml, then \
                     start again"
                );
                Self::failed(message, help)
            }
            SearchError::Book(
                BookError::Journal(JournalError::Damaged { .. })
                | BookError::State(StateError::Contradiction { .. } | StateError::NotCreated),
            ) => {
                let help = format!(
                    "nothing was changed; `{program} doctor {shown}` says more, and \
                     `{program} repair {shown}` what can be done"
                );
                Self::failed(error, help)
            }
            SearchError::Book(_) | SearchError::Dispatch(_) | SearchError::Io { .. } => {
                let help = format!(
                    "no results are lost: fix the cause, then continue with `{program} resume \
                     {shown}`, which adopts simulations that are still running"
                );
                Self::failed(error, help)
            }
        }
    }

    /// The reports to print.
    pub fn reports(&self) -> &[miette::Report] {
        match self {
            Self::BadInput(reports) => reports,
            Self::Failed(report) => std::slice::from_ref(report),
        }
    }

    /// What happened, in one line for each report.
    pub fn in_words(&self) -> String {
        let words: Vec<_> = self.reports().iter().map(ToString::to_string).collect();
        words.join("\n")
    }

    /// The code to end the process with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::BadInput(_) => BAD_INPUT,
            Self::Failed(_) => FAILED,
        })
    }
}

/// A mistake at one place of an input file, ready to be printed.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct AtPlace {
    message: String,
    #[source_code]
    file: NamedSource<String>,
    #[label("{label}")]
    span: SourceSpan,
    label: String,
    #[help]
    help: Option<String>,
}

/// Lines up to this many bytes are shown with a mistake in them.
const LONGEST_LINE: usize = 400;

/// A mistake, ready to be printed: with the line in which it is.
pub fn report(mistake: Mistake) -> miette::Report {
    let Mistake { message, help, place } = mistake;
    let Some(place) = place else {
        return miette::miette!(help = help.unwrap_or_default(), "{message}");
    };
    let Place { name, text, span, label } = *place;
    let line_start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let line_end = text[span.start..].find('\n').map_or(text.len(), |i| span.start + i);
    if line_end - line_start > LONGEST_LINE {
        // A file in one line is not printed whole: the place is named, and what stands there.
        let line = text[..span.start].matches('\n').count() + 1;
        let column = text[line_start..span.start].chars().count() + 1;
        let excerpt: String = text[span.start..line_end].chars().take(60).collect();
        let help = help.unwrap_or_else(|| "check this place".to_owned());
        return miette::miette!(
            help = help,
            "{message}\n[{name}:{line}:{column}] {label}: {excerpt}…"
        );
    }
    let file = NamedSource::new(name, text.to_string());
    AtPlace { message, file, span: span.into(), label, help }.into()
}

impl From<Mistake> for Failure {
    fn from(mistake: Mistake) -> Self {
        Self::BadInput(vec![report(mistake)])
    }
}

impl From<Vec<Mistake>> for Failure {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::BadInput(mistakes.into_iter().map(report).collect())
    }
}

impl From<mozaik_parameters::Error> for Failure {
    fn from(error: mozaik_parameters::Error) -> Self {
        Mistake::from(error).into()
    }
}

impl From<PreparationError> for Failure {
    fn from(error: PreparationError) -> Self {
        match error {
            PreparationError::Input(mistake) => mistake.into(),
            PreparationError::Output(mistake) => Self::Failed(report(mistake)),
        }
    }
}

impl From<TrialError> for Failure {
    fn from(error: TrialError) -> Self {
        let help = match error {
            TrialError::Directory(error) => return error.into(),
            TrialError::Executor(error) => return Self::bad_input(&error, error.advice()),
            TrialError::Configuration(error) => return error.into(),
            TrialError::Signals(_) => "signals cannot be received on this system",
            TrialError::NotWritten { .. } => "is the disk full?",
            TrialError::Dispatch(_) => "nothing was simulated: fix the cause and check again",
        };
        Self::failed(error, help)
    }
}

impl From<SpaceError> for Failure {
    fn from(error: SpaceError) -> Self {
        Self::bad_input(error, "check the ranges under `parameters`")
    }
}

impl From<ConfigurationError> for Failure {
    fn from(error: ConfigurationError) -> Self {
        let help = match &error {
            ConfigurationError::Unreadable(_) | ConfigurationError::Malformed { .. } => {
                "the file was written when the optimization began; do not edit it".to_owned()
            }
            ConfigurationError::OtherFormat { version, .. } => {
                format!("it was written by mozopt {version}: use that version")
            }
            ConfigurationError::Edited { .. } => {
                "undo the edit, or start a new optimization; to change limits, use the flags of \
                 resume"
                    .to_owned()
            }
            ConfigurationError::Target(_) => "the file was edited".to_owned(),
        };
        Self::failed(error, help)
    }
}

impl From<LimitError> for Failure {
    fn from(error: LimitError) -> Self {
        let help = error.advice();
        Self::bad_input(error, help)
    }
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        match &error {
            DirectoryError::NotMade { .. } | DirectoryError::Full { .. } => {
                Self::bad_input(error, "choose another directory with --output")
            }
            DirectoryError::NoDirectory(_)
            | DirectoryError::Unreadable { .. }
            | DirectoryError::NoOptimization(_) => {
                let help =
                    "name the directory of an optimization, or the directory that contains it";
                Self::bad_input(error, help)
            }
            DirectoryError::NoScript(_) => Self::failed(error, "is the disk full?"),
        }
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NotASimulation(_) => {
                Self::bad_input(error, "run this in the directory of a simulation")
            }
            JobError::NoCopy { .. } => {
                Self::bad_input(error, "choose a directory that does not exist yet")
            }
            JobError::HasFinished => Self::bad_input(
                error,
                "to run it again in another directory: bash job.sh --again DIRECTORY",
            ),
            JobError::Configuration(error) => error.into(),
            JobError::Io { .. } => Self::failed(error, "is the disk full?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use reading::Source;

    use super::report;

    #[test]
    fn of_a_file_in_one_line_only_the_place_is_shown() {
        let text = format!("{}WRONG{}", "ü ".repeat(5000), " ä".repeat(5000));
        let at = text.find("WRONG").unwrap();
        let mistake = Source::new("config", &text).error(at..at + 5, "bad", "here", None);
        let printed = format!("{:?}", report(mistake));
        assert!(printed.contains("config:1:10001") && printed.contains("WRONG"), "{printed}");
        assert!(printed.len() < 2000, "{} bytes", printed.len());
    }
}
