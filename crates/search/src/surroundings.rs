//! What simulations need around them, and whether that is still what the search began with.

use std::time::{Duration, Instant};

use journal::{Event, Surroundings};

use crate::error::SearchError;
use crate::search::Search;

/// How often it is looked at while the search runs.
const INTERVAL: Duration = Duration::from_mins(10);
/// The most differences that are shown; all of them are in the journal.
const SHOWN: usize = 10;

impl Search {
    /// Notes what has changed since the search began, so that it is known of each simulation.
    pub(crate) fn compare_surroundings(&mut self) -> Result<(), SearchError> {
        self.looked_around = Instant::now();
        let path = self.directory.surroundings();
        let now = Surroundings::now(&self.configuration);
        let Ok(before) = durable::read_json::<Surroundings>(&path) else {
            // It begins now, or was begun by a version that did not look.
            return durable::write_json(&path, &now)
                .map_err(|source| SearchError::Io { path, source });
        };
        let differences = now.differences_to(&before);
        if *differences == *self.book.state.differences {
            return Ok(());
        }
        if differences.is_empty() {
            self.watcher.say("environment and model are again as they were when the search began");
        }
        for difference in differences.iter().take(SHOWN) {
            self.watcher.say(&format!("warning: since the search began: {difference}"));
        }
        if differences.len() > SHOWN {
            let more = differences.len() - SHOWN;
            self.watcher.say(&format!("warning: … and {more} more; `show` lists them"));
        }
        self.book.log(&[Event::Surroundings { differences }])?;
        Ok(())
    }

    /// The same now and then.
    pub(crate) fn look_around(&mut self) -> Result<(), SearchError> {
        if self.looked_around.elapsed() < INTERVAL {
            return Ok(());
        }
        self.compare_surroundings()
    }
}
