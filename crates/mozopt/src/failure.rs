//! How a command ends when it cannot do what it was asked for.

use std::fmt;
use std::process::ExitCode;

use miette::{Diagnostic, NamedSource, SourceSpan};
use mozaik_parameters::Problem;

/// A command that did what it was asked for; an optimization that ended by itself.
pub const FINISHED: u8 = 0;
/// Something broke: a disk, a damaged journal, a model that fails every time.
pub const FAILED: u8 = 1;
/// A file or an option is wrong. The command line's own errors have the same code.
pub const BAD_INPUT: u8 = 2;
/// The user stopped the optimization; `resume` continues it.
pub const STOPPED: u8 = 3;
/// The controller left its simulations running for the one that follows.
pub const HANDED_OVER: u8 = 4;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// What the user gave is wrong: they can mend it. All mistakes that were found.
    BadInput(Vec<miette::Report>),
    /// The world failed.
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

    /// Several failures as one.
    pub fn all(failures: Vec<Self>) -> Self {
        let mut mistakes = vec![];
        for failure in failures {
            match failure {
                Self::BadInput(reports) => mistakes.extend(reports),
                failed @ Self::Failed(_) => return failed,
            }
        }
        Self::BadInput(mistakes)
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
#[derive(Debug)]
pub struct InputError(pub miette::Report);

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Mistake {
    message: String,
    #[source_code]
    file: NamedSource<String>,
    #[label("{label}")]
    span: SourceSpan,
    label: String,
    #[help]
    help: Option<String>,
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::BadInput(vec![error.0])
    }
}

impl From<mozaik_parameters::Error> for Failure {
    fn from(error: mozaik_parameters::Error) -> Self {
        let message = error.problem.to_string();
        let help = error.problem.advice();
        let Some(origin) = error.origin else {
            let help = match error.problem {
                Problem::Unreadable { .. } => Some("give the root parameter file".to_owned()),
                _ => help,
            };
            return Self::bad_input(message, help.unwrap_or_else(|| "look at the path".to_owned()));
        };
        let source = Source { name: &origin.file.name, text: &origin.file.text };
        // Of what goes on for many lines, the first is shown.
        let lines = origin.text().find('\n').map_or(origin.span.end, |end| origin.span.start + end);
        source.error(origin.span.start..lines, message, "here", help).into()
    }
}

/// The text of an input file, for pointing at places in it.
pub struct Source<'a> {
    /// The file's path as the user would write it.
    pub name: &'a str,
    /// Its whole text.
    pub text: &'a str,
}

impl Source<'_> {
    /// A mistake at this range of bytes.
    pub fn error(
        &self,
        span: std::ops::Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) -> InputError {
        let line_start = self.text[..span.start].rfind('\n').map_or(0, |end| end + 1);
        let line_end =
            self.text[span.start..].find('\n').map_or(self.text.len(), |i| span.start + i);
        let (message, label) = (message.into(), label.into());
        if line_end - line_start > LONGEST_LINE {
            // A file in one line is not printed whole: the place is named, and what stands there.
            let line = self.text[..span.start].matches('\n').count() + 1;
            let column = self.text[line_start..span.start].chars().count() + 1;
            let excerpt: String = self.text[span.start..line_end].chars().take(60).collect();
            let place = format!("[{}:{line}:{column}] {label}: {excerpt}…", self.name);
            let help = help.unwrap_or_else(|| "look at this place".to_owned());
            return InputError(miette::miette!(help = help, "{message}\n{place}"));
        }
        let file = NamedSource::new(self.name, self.text.to_owned());
        let mistake = Mistake { message, file, span: span.into(), label, help };
        InputError(mistake.into())
    }
}

/// Lines up to this many bytes are shown with a mistake in them.
const LONGEST_LINE: usize = 400;

/// How the user called this program, for commands that they may copy.
pub fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "mozopt".to_owned())
}

/// "did you mean `max_ngen`?", where one of the known names is near the given one.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |name: &str| strsim::damerau_levenshtein(given, name);
    let nearest = known.into_iter().min_by_key(|name| distance(name))?;
    (distance(nearest) <= 1 + given.chars().count() / 4)
        .then(|| format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::{Source, suggestion};

    #[test]
    fn of_a_file_in_one_line_only_the_place_is_shown() {
        let text = format!("{}WRONG{}", "ü ".repeat(5000), " ä".repeat(5000));
        let at = text.find("WRONG").unwrap();
        let error = Source { name: "config", text: &text }.error(at..at + 5, "bad", "here", None);
        let printed = format!("{:?}", error.0);
        assert!(printed.contains("config:1:10001") && printed.contains("WRONG"), "{printed}");
        assert!(printed.len() < 2000, "{} bytes", printed.len());
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["max_ngen", "max_simulations", "algorithm"];
        assert_eq!(suggestion("max_negn", known).as_deref(), Some("did you mean `max_ngen`?"));
        assert_eq!(suggestion("population", known), None);
    }
}
