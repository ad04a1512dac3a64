//! `mozopt job`: what `job.sh` runs.

use crate::cli::JobArguments;
use crate::failure::{FINISHED, Failure};
use crate::simulation::job::{ALREADY_RUNNING, Ended, INTERRUPTED, run};

/// Simulates and evaluates in the working directory, or in a new one.
pub fn job(arguments: &JobArguments) -> Result<u8, Failure> {
    let again = arguments.again.as_deref();
    match run(std::path::Path::new("."), again)? {
        Ended::Finished { directory, result } => {
            eprintln!("{}: total {:.3}", result.outcome.words(), result.total);
            if let Some(reason) = &result.reason {
                eprintln!("{reason}");
            }
            if again.is_some() {
                eprintln!("values and scores: {}", directory.join("result.json").display());
            }
            Ok(FINISHED)
        }
        Ended::AlreadyRunning => {
            eprintln!("this simulation is running already");
            Ok(ALREADY_RUNNING)
        }
        Ended::Interrupted => {
            eprintln!("told to end before the simulation did");
            Ok(INTERRUPTED)
        }
    }
}
