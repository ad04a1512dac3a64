//! `mozopt job`: what `job.sh` runs.

use crate::cli::JobArguments;
use crate::failure::{FINISHED, Failure};
use simulation::job::{ALREADY_RUNNING, Ended, INTERRUPTED, run};

/// Simulates and evaluates in the working directory, or in a new one.
pub fn job(arguments: &JobArguments) -> Result<u8, Failure> {
    let again = arguments.again.as_ref().map(|again| arguments.from.join(again));
    match run(std::path::Path::new("."), again.as_deref(), arguments.attempt)? {
        Ended::Finished { directory, result } => {
            say!("{}: total {:.3}", result.outcome.words(), result.total);
            if let Some(reason) = &result.reason {
                say!("{reason}");
            }
            if again.is_some() {
                say!("values and scores: {}", directory.join("result.json").display());
            }
            Ok(FINISHED)
        }
        Ended::AlreadyRunning => {
            say!("this simulation is already running");
            Ok(ALREADY_RUNNING)
        }
        Ended::Superseded => {
            say!("another attempt has taken the place of this one");
            Ok(ALREADY_RUNNING)
        }
        Ended::Interrupted => {
            say!("told to end before the simulation ended");
            Ok(INTERRUPTED)
        }
    }
}
