//! What is found when something is looked at.

use reading::Mistake;
use serde::Serialize;

/// Everything that was found.
///
/// ```
/// use checks::{Findings, Status};
///
/// let mut findings = Findings::default();
/// findings.add("configuration", Status::Ok, "37 parameters, 25 targets");
/// let help = "let the search have 12 generations or more";
/// findings.add_with_help("budget", Status::Warning, "2 generations are few", help);
/// assert_eq!(findings.worst(), Status::Warning);
/// ```
#[derive(Default)]
pub struct Findings(pub Vec<Finding>);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// How it stands.
    pub status: Status,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The same as a mistake in what the user gave, which may name its place in a file.
    #[serde(skip)]
    pub mistake: Option<Mistake>,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// May go wrong.
    Warning,
    /// Will go wrong.
    Problem,
}

impl Findings {
    /// Notes something.
    pub fn add(&mut self, about: &'static str, status: Status, message: impl Into<String>) {
        let message = message.into();
        self.0.push(Finding { about, status, message, help: None, mistake: None });
    }

    /// Notes something about which something is to be done.
    pub fn add_with_help(
        &mut self,
        about: &'static str,
        status: Status,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(about, status, message);
        if let Some(last) = self.0.last_mut() {
            last.help = Some(help.into());
        }
    }

    /// Notes a mistake in what the user gave.
    pub fn add_mistake(&mut self, about: &'static str, mistake: Mistake) {
        self.0.push(Finding {
            about,
            status: Status::Problem,
            message: mistake.message.clone(),
            help: mistake.help.clone(),
            mistake: Some(mistake),
        });
    }

    /// The worst of them.
    pub fn worst(&self) -> Status {
        self.0.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok)
    }
}
