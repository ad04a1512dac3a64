//! Jobs of the optimization that Slurm still has.

use std::env;

use executors::{ControllerJob, jobs_left};
use journal::Phase;

use super::Patient;
use crate::{Findings, Status};

const ABOUT: &str = "Slurm";

/// Compares what Slurm has with what the journal says.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let controller = ControllerJob::of(patient.directory.path()).ok().flatten();
    let uses_slurm =
        controller.is_some() || patient.limits().is_some_and(|limits| limits.executor.is_slurms());
    if !uses_slurm {
        return;
    }
    if !is_there() {
        let message = "Slurm is not on this machine: its jobs cannot be looked at";
        return findings.add(ABOUT, Status::Note, message);
    }
    if let Some(job) = controller {
        match job.active() {
            Ok(ids) if ids.is_empty() => {
                findings.add(ABOUT, Status::Ok, "no job of its controller waits or runs");
            }
            Ok(ids) => {
                let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
                let message = format!("jobs of its controller: {}", ids.join(", "));
                findings.add(ABOUT, Status::Ok, message);
            }
            Err(trouble) => {
                let message = format!("Slurm does not answer: {trouble}");
                return findings.add(ABOUT, Status::Warning, message);
            }
        }
    }
    look_at_simulations(patient, findings);
}

fn look_at_simulations(patient: &Patient<'_>, findings: &mut Findings) {
    let with_attempt = patient.state.candidates.iter().filter(|record| record.was_begun());
    let (records, directories): (Vec<_>, Vec<_>) =
        with_attempt.map(|record| (record, patient.directory.simulation(record.number))).unzip();
    let jobs = match jobs_left(&directories) {
        Ok(jobs) => jobs,
        Err(error) => {
            let message = format!("Slurm does not answer: {error}");
            return findings.add(ABOUT, Status::Warning, message);
        }
    };
    let (mut known, mut left) = (0, vec![]);
    for job in jobs {
        let record = records[job.place];
        let runs = matches!(record.phase, Phase::Submitting | Phase::Submitted { .. });
        if runs && job.attempt == record.attempts {
            known += 1;
        } else {
            left.push(job.id.to_string());
        }
    }
    if left.is_empty() {
        let message = match known {
            1 => "1 job of a simulation waits or runs".to_owned(),
            n => format!("{n} jobs of simulations wait or run"),
        };
        findings.add(ABOUT, Status::Ok, message);
    } else if patient.controller.is_some() {
        // It has cancelled them, or will.
        let message = format!("jobs whose simulations have an outcome: {}", left.join(", "));
        findings.add(ABOUT, Status::Note, message);
    } else {
        let message = format!("jobs that no simulation needs any more: {}", left.join(", "));
        let help = format!("scancel {}", left.join(" "));
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    }
}

fn is_there() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|place| place.join("squeue").exists())
}
