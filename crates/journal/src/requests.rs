//! What is asked of a running search from elsewhere: by `mozopt stop`, or on the dashboard.
//!
//! Each request is a file in `requests/` of the optimization's directory, so that it reaches the
//! controller from every machine that sees the directory. The controller looks there about once a
//! second, writes the request into the journal, does what is asked, and removes the file.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use configuration::LimitChange;
use serde::{Deserialize, Serialize};

/// Larger than any request.
const MAX_REQUEST_BYTES: u64 = 64 << 10;
/// Files that are still being written have another ending.
const ENDING: &str = "json";

/// What a search can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
#[allow(clippy::large_enum_variant, reason = "a request is read, done and forgotten")]
pub enum Request {
    /// Propose and begin nothing until asked to continue; what runs goes on.
    Pause,
    /// End the pause.
    Continue,
    /// Stop, as Ctrl-C does.
    Stop {
        /// Whether what runs is cancelled and not waited for.
        cancel: bool,
    },
    /// Go on with other limits.
    ChangeLimits(LimitChange),
}

/// The requests to the controller of one optimization.
#[derive(Debug, Clone)]
pub struct Requests(PathBuf);

impl Requests {
    /// Those of the optimization in this directory.
    pub fn of(optimization: &Path) -> Self {
        Self(optimization.join("requests"))
    }

    /// Asks for something.
    pub fn ask(&self, request: &Request) -> io::Result<()> {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot write into {}: {error}", self.0.display()))
        };
        fs::create_dir_all(&self.0).map_err(named)?;
        // The time orders them; two of the same nanosecond differ by their process.
        let time = jiff::Timestamp::now().as_nanosecond();
        let name = format!("{time:020}-{}.{ENDING}", std::process::id());
        durable::write_json(&self.0.join(name), request).map_err(named)
    }

    /// The files of what was asked for and not done yet, the earliest first.
    pub fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other?,
        };
        let mut waiting = vec![];
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                waiting.push(path);
            }
        }
        waiting.sort();
        Ok(waiting)
    }

    /// Reads one of these files.
    pub fn read(path: &Path) -> io::Result<Request> {
        let text = durable::read_bounded(path, MAX_REQUEST_BYTES)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Forgets what an earlier controller was asked for. Returns the files that cannot be removed:
    /// they are to be passed over.
    pub fn forget(&self) -> BTreeSet<PathBuf> {
        let waiting = self.waiting().unwrap_or_default();
        waiting.into_iter().filter(|path| fs::remove_file(path).is_err()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_back_in_the_order_in_which_they_were_made() {
        let directory = tempfile::tempdir().unwrap();
        let requests = Requests::of(directory.path());
        assert_eq!(requests.waiting().unwrap(), Vec::<PathBuf>::new());
        let change = LimitChange { max_ngen: Some(7), ..LimitChange::default() };
        let asked = [
            Request::Pause,
            Request::ChangeLimits(change),
            Request::Continue,
            Request::Stop { cancel: true },
        ];
        for request in &asked {
            requests.ask(request).unwrap();
        }
        let waiting = requests.waiting().unwrap();
        let read: Vec<_> = waiting.iter().map(|path| Requests::read(path).unwrap()).collect();
        assert_eq!(read, asked);
        assert!(requests.forget().is_empty());
        assert!(requests.waiting().unwrap().is_empty());
    }

    #[test]
    fn where_nothing_can_be_asked_is_named() {
        let error = Requests::of(Path::new("/proc")).ask(&Request::Pause).unwrap_err();
        assert!(error.to_string().starts_with("cannot write into /proc/requests: "), "{error}");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let parse = |text| serde_json::from_str::<Request>(text).is_ok();
        assert!(parse(r#"{"request": "change_limits", "max_ngen": 5, "max_time": "2h"}"#));
        assert!(parse(r#"{"request": "stop", "cancel": false}"#));
        for wrong in [
            r#"{"request": "restart"}"#,
            r#"{"request": "stop"}"#,
            r#"{"request": "change_limits", "executor": "slurm"}"#,
            r#"{"request": "change_limits", "slots": 0}"#,
            r#"{"request": "change_limits", "max_time": "soon"}"#,
        ] {
            assert!(!parse(wrong), "{wrong}");
        }
    }
}
