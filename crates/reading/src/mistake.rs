//! What is wrong with something that the user gave: where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use mozaik_parameters::Problem;

/// Something that was decided for the user, or that they may want to know.
pub type Notice = String;

/// A mistake in a file, an option or a path.
///
/// ```
/// # use reading::Source;
/// let file = Source::new("mozopt.toml", "[optimizer]\nmax_negn = 64\n");
/// let help = reading::suggestion("max_negn", ["max_ngen", "seed"]);
/// let mistake = file.error(12..20, "unknown setting `max_negn`", "here", help);
/// assert_eq!(mistake.help.as_deref(), Some("did you mean `max_ngen`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where, if it is one place of a file.
    pub place: Option<Box<Place>>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path as the user would write it.
    pub name: String,
    /// The file's whole text.
    pub text: Arc<str>,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What stands there, in a word or two.
    pub label: String,
}

impl Mistake {
    /// A mistake as a whole, not at one place of a file.
    pub fn new(message: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self { message: message.to_string(), help: Some(help.to_string()), place: None }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl From<mozaik_parameters::Error> for Mistake {
    fn from(error: mozaik_parameters::Error) -> Self {
        let message = error.problem.to_string();
        let help = error.problem.advice();
        let Some(origin) = error.origin else {
            let help = match error.problem {
                Problem::Unreadable { .. } => Some("name the root parameter file".to_owned()),
                _ => help,
            };
            return Self::new(message, help.unwrap_or_else(|| "check the path".to_owned()));
        };
        let source = Source::new(&origin.file.name, &origin.file.text);
        // Of what goes on for many lines, the first is shown.
        let lines = origin.text().find('\n').map_or(origin.span.end, |end| origin.span.start + end);
        source.error(origin.span.start..lines, message, "here", help)
    }
}

/// The text of an input file, for pointing at places in it.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file's path as the user would write it.
    pub name: String,
    /// Its whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A file with this path and text.
    pub fn new(name: impl Into<String>, text: &str) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The file that was read from this path.
    pub fn of(path: &Path, text: &str) -> Self {
        // Of the directory `.`, which is what commands look at by default, nothing need be said.
        Self::new(path.strip_prefix(".").unwrap_or(path).display().to_string(), text)
    }

    /// A mistake at this range of bytes.
    pub fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) -> Mistake {
        let (name, text) = (self.name.clone(), Arc::clone(&self.text));
        let place = Place { name, text, span, label: label.into() };
        Mistake { message: message.into(), help, place: Some(Box::new(place)) }
    }
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
    use std::path::Path;

    use super::{Source, suggestion};

    #[test]
    fn a_file_here_is_named_without_a_dot() {
        let name = |path: &str| Source::of(Path::new(path), "").name;
        assert_eq!(name("./param_optim/defaults"), "param_optim/defaults");
        assert_eq!(name("../mozopt.toml"), "../mozopt.toml");
        assert_eq!(name("/model/./mozopt.toml"), "/model/./mozopt.toml");
        assert_eq!(name(".hidden/mozopt.toml"), ".hidden/mozopt.toml");
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["max_ngen", "max_simulations", "algorithm"];
        assert_eq!(suggestion("max_negn", known).as_deref(), Some("did you mean `max_ngen`?"));
        assert_eq!(suggestion("population", known), None);
    }
}
