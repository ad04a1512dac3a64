//! Who watches a search.

use configuration::{Configuration, Limits};
use journal::State;

/// Where the search stands.
pub struct Progress<'a> {
    /// What is known.
    pub state: &'a State,
    /// What is searched.
    pub configuration: &'a Configuration,
    /// The limits in force.
    pub limits: &'a Limits,
    /// How many simulations run.
    pub running: usize,
}

/// Shows a search to a person, and writes its log.
pub trait Watcher {
    /// Something that the user should read.
    fn say(&self, message: &str);

    /// The same, but not again if it has been said.
    fn say_once(&self, message: &str);

    /// A detail.
    fn note(&self, message: &str);

    /// Where the search stands now; called a few times a second.
    fn show(&self, progress: &Progress<'_>);

    /// How far something is that follows the search.
    fn count(&self, message: &str);

    /// Nothing more will be shown.
    fn close(&self);
}
