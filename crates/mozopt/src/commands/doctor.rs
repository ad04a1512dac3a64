//! `mozopt doctor`: what is wrong with an optimization, and what to do.

use serde::Serialize;

use checks::{Finding, Status};
use journal::OptimizationDirectory;

use crate::cli::DoctorArguments;
use crate::failure::{FAILED, FINISHED, Failure};

/// What is printed with `--json`.
#[derive(Serialize)]
struct Report<'a> {
    optimization: String,
    ok: bool,
    checks: &'a [Finding],
}

/// Looks at everything.
pub fn doctor(arguments: &DoctorArguments) -> Result<u8, Failure> {
    let directory = OptimizationDirectory::find_damaged(&arguments.optimization)?;
    let findings = checks::run::examine(&directory);
    let problems = findings.0.iter().filter(|it| it.status == Status::Problem).count();
    if arguments.json {
        let optimization = directory.path().display().to_string();
        super::print_json(&Report { optimization, ok: problems == 0, checks: &findings.0 })?;
    } else {
        super::print(&format!("{}\n{}", directory.shown(), super::check::listed(&findings.0)))?;
        match problems {
            0 => say!("no problem was found"),
            1 => say!("1 problem"),
            n => say!("{n} problems"),
        }
    }
    Ok(if problems == 0 { FINISHED } else { FAILED })
}
