//! Whether the launcher starts the ranks that are wanted, as one network, and on which cores.

use indexmap::IndexMap;

use configuration::ExecutorKind;
use reading::Examined;

use super::script::{Answers, Script};
use super::shell::TIMEOUT;
use crate::{Findings, Status};

const ABOUT: &str = "launcher";
/// How many groups of ranks are named with their cores.
const NAMED: usize = 4;
/// Set where Slurm has already given cores, which srun then takes.
const ALLOCATION: &str = "SLURM_JOB_ID";

/// Whether this runs where Slurm has already given cores.
pub fn in_allocation() -> bool {
    std::env::var_os(ALLOCATION).is_some()
}

/// Starts the experiment script with the launcher, as a job would on this machine.
pub fn look(examined: &Examined, script: &Script<'_>, findings: &mut Findings) {
    let Some(simulator) = &examined.simulator else { return };
    let (Some(launcher), Some(mozaik)) = (simulator.launcher(), &simulator.mozaik) else { return };
    if program_of(launcher) == "srun" && !in_allocation() {
        let message =
            format!("`{launcher}` was not tried: it would wait for Slurm to allocate cores");
        let help = "to try it, run check inside an allocation (salloc)";
        return findings.add_with_help(ABOUT, Status::Note, message, help);
    }
    let (threads, slots, executor) = match &examined.loaded {
        Some(loaded) => {
            let limits = &loaded.configuration.limits;
            (loaded.configuration.threads, limits.slots, limits.executor)
        }
        None => (1, 1, ExecutorKind::Local),
    };
    let is_elsewhere = executor.is_slurms() && !in_allocation();
    // What this machine cannot do, the one on which the jobs run may.
    let wrong = if is_elsewhere { Status::Warning } else { Status::Problem };
    let complain = |findings: &mut Findings, message: String, help: String| {
        let help = if is_elsewhere {
            format!("{help} (tried on this machine, not where Slurm runs the jobs)")
        } else {
            help
        };
        findings.add_with_help(ABOUT, wrong, message, help);
    };
    let answers = match script.ask_launched() {
        Ok(answers) => answers,
        Err(error) => {
            let message = format!("`{launcher}` cannot be tried: {error}");
            return findings.add(ABOUT, wrong, message);
        }
    };
    let Answers { all: answers, count, timed_out, exit_code, reason, .. } = answers;
    if timed_out {
        let message = format!("`{launcher}` did not start NEST within {} s", TIMEOUT.as_secs());
        return complain(findings, message, reason);
    }
    if count == 0 {
        let ended = exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        let message = format!("`{launcher}` cannot start the experiment script{ended}");
        return complain(findings, message, reason);
    }
    let ranks = mozaik.ranks;
    if count > 1 {
        let message = format!(
            "`{launcher}` starts {count} separate copies of NEST: each would simulate the whole \
             network"
        );
        let help = match answers.first().and_then(|answer| answer.mpi.as_deref()) {
            Some(library) => format!("does it belong to Python's MPI, {library}?"),
            None => "it must belong to the MPI that NEST was built with".to_owned(),
        };
        return complain(findings, message, help);
    }
    let Some(answer) = answers.first() else { return };
    match answer.nest.num_processes {
        Some(processes) if processes != ranks => {
            let message = format!("ranks = {ranks}, but `{launcher}` runs NEST on {processes}");
            let help = "write {ranks} where the launcher takes the number of ranks";
            return complain(findings, message, help.to_owned());
        }
        _ => {}
    }
    if exit_code != Some(0) {
        let ended = exit_code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        return complain(findings, format!("`{launcher}` ends with {ended}"), reason);
    }
    let message = format!("`{launcher}` starts {ranks} rank{}", if ranks == 1 { "" } else { "s" });
    let Some(affinities) = answer.affinities.as_ref().filter(|list| !list.is_empty()) else {
        return findings.add(ABOUT, Status::Ok, message);
    };
    findings.add(ABOUT, Status::Ok, format!("{message}: {}", described(affinities)));
    let here = std::thread::available_parallelism().map_or(1, usize::from);
    let slots = if executor == ExecutorKind::Local { slots } else { 1 };
    if let Some(message) = crowded(affinities, threads, slots, here) {
        let help = "do not let the launcher bind ranks to cores: with Open MPI, use --bind-to none";
        findings.add_with_help(ABOUT, Status::Warning, message, help);
    }
}

/// The program that a line of bash starts, without its directory.
fn program_of(line: &str) -> &str {
    let mut words = line.split_whitespace();
    let program = words.find(|word| *word != "env" && !word.contains('=')).unwrap_or_default();
    program.rsplit('/').next().unwrap_or_default()
}

/// Ranks by the cores that they may use, which are in ascending order.
fn by_cores(affinities: &[Vec<usize>]) -> IndexMap<&[usize], Vec<usize>> {
    let mut groups: IndexMap<&[usize], Vec<usize>> = IndexMap::new();
    for (rank, cores) in affinities.iter().enumerate() {
        groups.entry(cores).or_default().push(rank);
    }
    groups
}

/// `rank 0 on core 0, rank 1 on core 1`
fn described(affinities: &[Vec<usize>]) -> String {
    let groups = by_cores(affinities);
    let named = groups.iter().take(NAMED).map(|(cores, ranks)| {
        let word = |word: &str, count: usize| {
            if count == 1 { word.to_owned() } else { format!("{word}s") }
        };
        let (of_ranks, of_cores) = (word("rank", ranks.len()), word("core", cores.len()));
        format!("{of_ranks} {} on {of_cores} {}", ranges(ranks), ranges(cores))
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if groups.len() > NAMED {
        text.push_str(&format!(" and {} more", groups.len() - NAMED));
    }
    text
}

/// `0-3, 8`
fn ranges(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = vec![];
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = ranges.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    text.collect::<Vec<_>>().join(", ")
}

/// What is wrong with the cores that the ranks get, where this machine has `here`.
fn crowded(affinities: &[Vec<usize>], threads: usize, slots: usize, here: usize) -> Option<String> {
    for (cores, ranks) in by_cores(affinities) {
        let wanted = ranks.len() * threads;
        if wanted > cores.len() && here > cores.len() {
            let of = match (ranks.len(), threads) {
                (1, _) => format!("the {threads} threads of a rank"),
                (ranks, 1) => format!("{ranks} ranks"),
                (ranks, _) => format!("{ranks} ranks of {threads} threads"),
            };
            let cores = ranges(cores);
            return Some(format!("{of} share core {cores}, though there are {here} cores"));
        }
    }
    let mut cores: Vec<usize> = affinities.iter().flatten().copied().collect();
    cores.sort_unstable();
    cores.dedup();
    (slots > 1 && cores.len() < here).then(|| {
        let cores = ranges(&cores);
        format!(
            "{slots} simulations at the same time would all run on core {cores} of {here} cores"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{crowded, described, program_of};

    #[test]
    fn cores_are_told_in_few_words() {
        let own = [vec![0], vec![1]];
        assert_eq!(described(&own), "rank 0 on core 0, rank 1 on core 1");
        let free = vec![(0..16).collect::<Vec<_>>(); 4];
        assert_eq!(described(&free), "ranks 0-3 on cores 0-15");
        let many: Vec<_> = (0..6).map(|core| vec![core]).collect();
        assert!(described(&many).ends_with("rank 3 on core 3 and 2 more"), "{}", described(&many));
    }

    #[test]
    fn ranks_that_share_a_core_are_noticed_where_there_are_more() {
        let free = vec![vec![0, 1]; 2];
        assert_eq!(crowded(&free, 1, 2, 2), None);
        let both = vec![vec![0]; 2];
        let said = crowded(&both, 1, 1, 4).unwrap();
        assert_eq!(said, "2 ranks share core 0, though there are 4 cores");
        assert_eq!(crowded(&both, 1, 1, 1), None, "there is no other");
        let said = crowded(&[vec![0], vec![1]], 2, 1, 4).unwrap();
        assert_eq!(said, "the 2 threads of a rank share core 0, though there are 4 cores");
        let said = crowded(&[vec![0], vec![1]], 1, 2, 4).unwrap();
        assert_eq!(said, "2 simulations at the same time would all run on core 0-1 of 4 cores");
    }

    #[test]
    fn the_program_is_what_comes_after_variables() {
        assert_eq!(program_of("srun --mpi=pmix -n 2"), "srun");
        assert_eq!(program_of("env A=1 /usr/bin/mpirun -np 2"), "mpirun");
    }
}
