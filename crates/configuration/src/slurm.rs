//! `[slurm]` of `mozopt.toml`: the resources of each simulation on Slurm.

use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{LimitError, TimeLimit};

/// The resources of each simulation on Slurm (`executor = "slurm"`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "settings", derive(clap::Args, schemars::JsonSchema))]
#[cfg_attr(feature = "settings", command(next_help_heading = "Slurm"))]
#[serde(deny_unknown_fields, default)]
pub struct SlurmSettings {
    /// The partition [default: the cluster's]
    #[cfg_attr(feature = "settings", arg(long = "slurm-partition", value_name = "NAME"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The account to charge [default: yours]
    #[cfg_attr(feature = "settings", arg(long = "slurm-account", value_name = "NAME"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Nodes of each simulation [default: Slurm decides]
    #[cfg_attr(feature = "settings", arg(long = "slurm-nodes", value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NonZeroU32>,
    /// Tasks of each simulation [default: its MPI processes]
    #[cfg_attr(feature = "settings", arg(long = "slurm-ntasks", value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntasks: Option<NonZeroU32>,
    /// Cores of each task [default: `threads`]
    #[cfg_attr(feature = "settings", arg(long = "slurm-cpus-per-task", value_name = "N"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_per_task: Option<NonZeroU32>,
    /// Memory on each node, such as `16G` [default: the cluster's]
    #[cfg_attr(feature = "settings", arg(long = "slurm-mem", value_name = "SIZE"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem: Option<String>,
    /// The factor by which `mem` grows each time a simulation runs out of memory, such as `2`
    /// [default: no growth]
    #[cfg_attr(feature = "settings", arg(long = "slurm-mem-retry", value_name = "X"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_retry: Option<f64>,
    /// The factor by which the time limits grow each time a simulation exceeds one, such as `2`
    /// [default: it is not run again]
    #[cfg_attr(feature = "settings", arg(long = "slurm-time-retry", value_name = "X"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_retry: Option<f64>,
    /// Slurm's time limit for a job, which holds even if no controller watches [default:
    /// `time_limit` plus 5 minutes]
    #[cfg_attr(feature = "settings", arg(long = "slurm-time", value_name = "TIME"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeLimit>,
    /// Nodes to avoid, as Slurm lists them: `node[3-5],node9`
    #[cfg_attr(feature = "settings", arg(long = "slurm-exclude", value_name = "NODES"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// Nodes that each simulation must get
    #[cfg_attr(feature = "settings", arg(long = "slurm-nodelist", value_name = "NODES"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodelist: Option<String>,
    /// Features that the nodes must have
    #[cfg_attr(feature = "settings", arg(long = "slurm-constraint", value_name = "FEATURES"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// How to bind tasks to cores: `nomultithread`, `compute_bound`, …
    #[cfg_attr(feature = "settings", arg(long = "slurm-hint", value_name = "HINT"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// More options of sbatch, word for word: `["--qos=long", "--exclusive"]`
    #[cfg_attr(
        feature = "settings",
        arg(long = "slurm-options", value_name = "OPTION", allow_hyphen_values = true)
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The command that starts the job on its nodes, such as `srun -n 1`; not needed with a
    /// launcher
    #[cfg_attr(feature = "settings", arg(long = "slurm-srun", value_name = "COMMAND"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srun: Option<String>,
    /// How often to check the queue; less often while Slurm is slow [default: 10s]
    #[cfg_attr(feature = "settings", arg(long = "slurm-poll", value_name = "TIME"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<TimeLimit>,
}

impl SlurmSettings {
    /// Replaces what `flags` give.
    #[must_use]
    pub fn overridden_by(self, flags: Self) -> Self {
        Self {
            partition: flags.partition.or(self.partition),
            account: flags.account.or(self.account),
            nodes: flags.nodes.or(self.nodes),
            ntasks: flags.ntasks.or(self.ntasks),
            cpus_per_task: flags.cpus_per_task.or(self.cpus_per_task),
            mem: flags.mem.or(self.mem),
            mem_retry: flags.mem_retry.or(self.mem_retry),
            time_retry: flags.time_retry.or(self.time_retry),
            time: flags.time.or(self.time),
            exclude: flags.exclude.or(self.exclude),
            nodelist: flags.nodelist.or(self.nodelist),
            constraint: flags.constraint.or(self.constraint),
            hint: flags.hint.or(self.hint),
            options: if flags.options.is_empty() { self.options } else { flags.options },
            srun: flags.srun.or(self.srun),
            poll: flags.poll.or(self.poll),
        }
    }

    /// Refuses what cannot be done.
    pub fn check(&self) -> Result<(), LimitError> {
        for option in &self.options {
            if let Some(why) = why_refused(option) {
                return Err(LimitError::Option(option.clone(), why));
            }
        }
        let grows = |factor: &f64| *factor >= 1.0 && factor.is_finite();
        if let Some(factor) = self.time_retry.filter(|factor| !grows(factor)) {
            return Err(LimitError::WouldNotGrow("time_retry", factor));
        }
        let Some(factor) = self.mem_retry else { return Ok(()) };
        if !grows(&factor) {
            return Err(LimitError::WouldNotGrow("mem_retry", factor));
        }
        self.mem.as_deref().ok_or(LimitError::NoMemoryToGrow)?;
        self.check_size()
    }

    /// Refuses a memory that is no number: it cannot grow, and nothing can be packed by it.
    pub(crate) fn check_size(&self) -> Result<(), LimitError> {
        let Some(mem) = self.mem.as_deref() else { return Ok(()) };
        let size: Result<Megabytes, ()> = mem.parse();
        size.map(drop).map_err(|()| LimitError::NotASize(mem.to_owned()))
    }

    /// The memory for a simulation that ran out of it so often before.
    pub fn mem_after(&self, out_of_memory: u32) -> Option<String> {
        let mem = self.mem.as_ref()?;
        let grown = self.mem_retry.filter(|_| out_of_memory > 0).and_then(|factor| {
            let Megabytes(first) = mem.parse().ok()?;
            Some(format!("{:.0}M", (first * factor.powf(f64::from(out_of_memory))).ceil()))
        });
        grown.or_else(|| Some(mem.clone()))
    }

    /// The same in megabytes.
    pub fn megabytes_after(&self, out_of_memory: u32) -> Option<u64> {
        let Megabytes(size) = self.mem_after(out_of_memory)?.parse().ok()?;
        Some(size.ceil() as u64)
    }

    /// This time limit for a simulation that exceeded its limits this many times before.
    pub fn time_after(&self, limit: TimeLimit, out_of_time: u32) -> TimeLimit {
        let factor = self.time_retry.map_or(1.0, |factor| factor.powf(f64::from(out_of_time)));
        limit.times(factor)
    }

    /// Whether everything is left to its default.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Options of sbatch that cannot be word for word the user's: mozopt finds its jobs by their names,
/// numbers and files, and reads what sbatch answers.
const REFUSED: [(&[&str], &str); 8] = [
    (&["--job-name", "-J"], "jobs are found by their names"),
    (&["--array", "-a", ":"], "each simulation is one job"),
    (&["--clusters", "-M"], "set the variable SLURM_CLUSTERS, which all of Slurm's commands read"),
    (&["--chdir", "-D"], "a simulation runs in its directory"),
    (&["--output", "-o", "--error", "-e", "--open-mode"], "the log is the simulation's output.log"),
    (&["--wait", "-W", "--test-only"], "a submission ends when the job is in the queue"),
    (&["--parsable", "--quiet", "-Q"], "the job's number is read from what sbatch prints"),
    (&["--wrap", "--requeue"], "mozopt runs simulations, and runs them again itself"),
];

/// Why this option is refused, if it is.
fn why_refused(option: &str) -> Option<&'static str> {
    let name = option.split(['=', ' ']).next().unwrap_or(option);
    let is_it = |refused: &str| match refused.strip_prefix('-') {
        // `-Jname` is `-J name`.
        Some(short) if !short.starts_with('-') => name.starts_with(refused),
        // sbatch takes names that are cut short, where they are of one option.
        Some(_) => name.starts_with("--") && name.len() > 3 && refused.starts_with(name),
        None => name == refused,
    };
    REFUSED.iter().find(|(names, _)| names.iter().any(|name| is_it(name))).map(|(_, why)| *why)
}

/// Memory as Slurm writes it: `16G`, `500M`, `16000` (megabytes). 0, which is all that a node has,
/// cannot grow.
struct Megabytes(f64);

impl FromStr for Megabytes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_suffix('B').unwrap_or(&text);
        let unit = text.chars().last().filter(char::is_ascii_alphabetic);
        let megabytes = match unit {
            Some('K') => 1.0 / 1024.0,
            None | Some('M') => 1.0,
            Some('G') => 1024.0,
            Some('T') => 1024.0 * 1024.0,
            Some(_) => return Err(()),
        };
        let number: u32 =
            text[..text.len() - usize::from(unit.is_some())].parse().map_err(|_| ())?;
        if number == 0 { Err(()) } else { Ok(Self(f64::from(number) * megabytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(mem: Option<&str>, mem_retry: Option<f64>) -> SlurmSettings {
        SlurmSettings { mem: mem.map(str::to_owned), mem_retry, ..SlurmSettings::default() }
    }

    #[test]
    fn memory_grows_each_time_it_runs_out() {
        let double = settings(Some("16G"), Some(2.0));
        let sizes: Vec<_> = (0..3).map(|ends| double.mem_after(ends).unwrap()).collect();
        assert_eq!(sizes, ["16G", "32768M", "65536M"]);
        for (mem, grown) in
            [("1000", "1500M"), ("2048K", "3M"), ("1t", "1572864M"), ("5GB", "7680M")]
        {
            assert_eq!(settings(Some(mem), Some(1.5)).mem_after(1).unwrap(), grown);
        }
        assert_eq!(settings(Some("16G"), None).mem_after(2).unwrap(), "16G");
        assert_eq!(settings(None, None).mem_after(2), None);
    }

    #[test]
    fn options_by_which_jobs_would_be_lost_are_refused() {
        let check = |option: &str| {
            let options = vec![option.to_owned()];
            SlurmSettings { options, ..SlurmSettings::default() }.check()
        };
        for option in
            ["--job-name=x", "-Jx", "-J", "--array=0-2", ":", "--clusters=a,b", "--out=x", "--wait"]
        {
            assert!(matches!(check(option), Err(LimitError::Option(..))), "{option}");
        }
        for option in
            ["--qos=long", "--exclusive", "-x", "--time=90", "--mem-per-cpu=2G", "--wckey=a", "-C"]
        {
            assert!(check(option).is_ok(), "{option}");
        }
    }

    #[test]
    fn memory_that_cannot_grow_is_refused() {
        assert!(settings(Some("16G"), Some(1.0)).check().is_ok());
        assert!(
            settings(None, None).check().is_ok() && settings(Some("all"), None).check().is_ok()
        );
        for factor in [0.5, 0.0, -2.0, f64::NAN, f64::INFINITY] {
            assert!(settings(Some("16G"), Some(factor)).check().is_err(), "{factor}");
        }
        assert!(settings(None, Some(2.0)).check().is_err());
        for mem in ["0", "", "much", "1.5G", "16P", "G", "é"] {
            assert!(settings(Some(mem), Some(2.0)).check().is_err(), "{mem}");
        }
    }
}
