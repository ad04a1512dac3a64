//! What a simulation used: memory, time of cores, cores.

use nix::sys::resource::UsageWho;

/// The most memory that a process below this one has had so far, bytes.
pub fn peak_memory_of_children() -> Option<u64> {
    let usage = nix::sys::resource::getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    u64::try_from(usage.max_rss()).ok().filter(|&kilobytes| kilobytes > 0).map(|kb| kb * 1024)
}

/// How long processes below this one have computed, seconds; of those that have ended.
pub fn cpu_seconds_of_children() -> Option<f64> {
    let usage = nix::sys::resource::getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let [user, system] = [usage.user_time(), usage.system_time()]
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6);
    Some(user + system)
}

/// The cores that Slurm allocated to this job, where these are not as many as it asked for.
pub fn other_cores_than(asked: usize) -> Option<u32> {
    let allocated = std::env::var("SLURM_JOB_CPUS_PER_NODE").ok().and_then(|it| cores(&it));
    allocated.filter(|&cores| cores as usize != asked)
}

/// The cores of a job as Slurm tells it: `16(x2),8` is 40.
fn cores(per_node: &str) -> Option<u32> {
    let of_nodes = |part: &str| -> Option<u32> {
        match part.trim_end_matches(')').split_once("(x") {
            Some((cores, nodes)) => cores.parse::<u32>().ok()?.checked_mul(nodes.parse().ok()?),
            None => part.parse().ok(),
        }
    };
    per_node.split(',').map(of_nodes).try_fold(0_u32, |sum, cores| sum.checked_add(cores?))
}

#[cfg(test)]
mod tests {
    use super::cores;

    #[test]
    fn the_cores_of_all_nodes_count() {
        assert_eq!(["4", "16(x2),8", "3,1"].map(cores), [Some(4), Some(40), Some(4)]);
        assert_eq!(["", "4(x", "many", "4294967295(x2)"].map(cores), [None; 4]);
    }
}
