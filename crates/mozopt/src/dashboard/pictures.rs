//! The figures of a followed optimization, made when somebody looks at them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use configuration::Configuration;
use figures::{Kind, Search};
use journal::State;
use serde_json::json;

use crate::failure::Failure;
use crate::figure_data;

/// Figures are not made anew more often than this, however fast simulations end and however many
/// look.
const LEAST_AGE: Duration = Duration::from_secs(4);

/// The figures that were made, all from the same entries of the journal.
#[derive(Default)]
pub struct Pictures {
    made: HashMap<&'static str, Arc<str>>,
    from: Option<From>,
}

/// What the figures were made from.
struct From {
    search: Search,
    entries: u64,
    when: Instant,
}

impl Pictures {
    /// From now on figures are made from this state, which follows from this many entries of the
    /// journal, unless they were renewed a moment ago.
    pub fn renew(
        &mut self,
        configuration: &Configuration,
        state: &State,
        entries: u64,
    ) -> Result<(), Failure> {
        let is_good = |from: &From| from.entries == entries || from.when.elapsed() < LEAST_AGE;
        if !self.from.as_ref().is_some_and(is_good) {
            let search = figure_data::search(configuration, state)?;
            self.from = Some(From { search, entries, when: Instant::now() });
            self.made.clear();
        }
        Ok(())
    }

    /// The figure in JSON: specification, title and caption, or what is lacking.
    pub fn figure(&mut self, kind: Kind) -> Arc<str> {
        let Some(From { search, entries, .. }) = &self.from else { return "{}".into() };
        let made =
            self.made.entry(kind.name).or_insert_with(|| in_json(kind, search, *entries).into());
        Arc::clone(made)
    }
}

/// A figure in JSON: specification, title and caption, or what is lacking.
pub fn in_json(kind: Kind, search: &Search, entries: u64) -> String {
    let figure = match kind.figure(search) {
        Ok(figure) => json!({
            "entries": entries,
            "title": figure.title,
            "caption": figure.caption,
            "specification": figure.bare(),
        }),
        Err(lacking) => json!({"entries": entries, "lacking": lacking.to_string()}),
    };
    figure.to_string()
}
