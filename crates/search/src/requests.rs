//! What the search is asked for while it runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use journal::{Event, Request, Requests};

use crate::error::SearchError;
use crate::interrupt::Wish;
use crate::search::Search;

/// How often the search looks for requests. The directory may be on a file server.
const INTERVAL: Duration = Duration::from_secs(1);

impl Search {
    /// Does what was asked for since the last time.
    pub(crate) fn take_requests(&mut self) -> Result<(), SearchError> {
        if self.looked_for_requests.elapsed() < INTERVAL {
            return Ok(());
        }
        self.looked_for_requests = Instant::now();
        let waiting = match self.requests.waiting() {
            Ok(waiting) => waiting,
            Err(error) => {
                self.watcher.say_once(&format!("cannot look for requests: {error}"));
                return Ok(());
            }
        };
        for path in waiting {
            if self.done_requests.contains(&path) {
                continue;
            }
            self.take_request(&path)?;
            if let Err(error) = fs::remove_file(&path) {
                // Somebody else made the directory. One that stays must not be done again.
                self.watcher.say(&format!("cannot remove {}: {error}", path.display()));
                self.done_requests.insert(path);
            }
        }
        Ok(())
    }

    fn take_request(&mut self, path: &Path) -> Result<(), SearchError> {
        let request = match Requests::read(path) {
            Ok(request) => request,
            Err(error) => {
                self.watcher.say(&format!("not understood: {}: {error}", path.display()));
                return Ok(());
            }
        };
        let mut limits = self.book.limits.clone();
        if let Request::ChangeLimits(change) = &request {
            change.change(&mut limits);
            if limits.check().is_err() {
                self.watcher.say("asked for a limit of 0, which leaves nothing to run: refused");
                return Ok(());
            }
        }
        self.book.log(&[Event::Requested { what: request.clone() }])?;
        self.dispatcher.set_limits(limits.clone());
        self.book.limits = limits;
        self.watcher.say(match request {
            Request::Pause => "paused: no new simulation starts until you continue the search",
            Request::Continue => "continued",
            Request::Stop { .. } => "asked to stop",
            Request::ChangeLimits(_) => "the limits were changed",
        });
        if let Request::Stop { cancel } = request {
            self.interrupt.ask_to_stop(cancel);
        }
        Ok(())
    }

    /// Whether simulations may be proposed and begun.
    pub(crate) fn may_begin(&self) -> bool {
        self.interrupt.wish() == Wish::GoOn && !self.book.state.paused
    }
}
