//! Whether the kernel ended a process for want of memory. It does so by the same signal as anybody
//! else (9, KILL), so that the signal alone says nothing; but it counts what it ended: for the
//! whole machine, and for each memory cgroup, such as that of a job of Slurm or of a container.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use indicatif::DecimalBytes;
use rustix::process::Signal;

/// Of the whole machine.
const OF_MACHINE: &str = "/proc/vmstat";
/// Of a cgroup: of version 2, where those of the groups below it count, too, and of version 1.
const OF_CGROUP: [&str; 2] = ["memory.events", "memory.oom_control"];
/// What stands before the number in each of these files.
const COUNTER: &str = "oom_kill ";
/// How a shell or mpirun tells that a program of its own was ended by signal 9.
const KILLED: i32 = 128 + Signal::KILL.as_raw();

/// Whether a simulator that ended so was killed, it or one of the processes that it began.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::KILL.as_raw()) || status.code() == Some(KILLED)
}

/// The most memory that a process of the simulator had, bytes, as the end of a sentence.
pub fn peak_in_words(peak_memory: Option<u64>) -> String {
    let peak = peak_memory.map(DecimalBytes);
    peak.map(|bytes| format!("; its largest process had {bytes}")).unwrap_or_default()
}

/// How many processes the kernel has ended for want of memory, by the files that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfMemoryKills(BTreeMap<PathBuf, u64>);

impl OutOfMemoryKills {
    /// Up to now, as far as it can be seen from this process.
    pub fn so_far() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let groups = memory_cgroups(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"));
        let files = groups.iter().flat_map(|group| OF_CGROUP.map(|name| group.join(name)));
        let files = files.chain([PathBuf::from(OF_MACHINE)]);
        Self(files.filter_map(|file| Some((file.clone(), count_in(&file)?))).collect())
    }

    /// Whether there were more since.
    pub fn more_than(&self, before: &Self) -> bool {
        self.0.iter().any(|(file, count)| before.0.get(file).is_some_and(|then| count > then))
    }
}

/// The counter in one of the files; none where the kernel is older than it.
fn count_in(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(COUNTER)?.trim().parse().ok())
}

/// The directories of the memory cgroups that a process is in, up to the outermost that is mounted,
/// from the texts of its `/proc/…/cgroup` and `/proc/…/mountinfo`.
fn memory_cgroups(membership: &str, mounts: &str) -> Vec<PathBuf> {
    let mut groups = vec![];
    for line in mounts.lines() {
        let Some(mount) = Mount::of_memory(line) else { continue };
        let path = membership.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let is_it = match mount.version {
                Version::One => controllers.split(',').any(|controller| controller == "memory"),
                Version::Two => controllers.is_empty(),
            };
            is_it.then_some(path)
        });
        // In a container another part of the tree may be mounted than the names begin with.
        let below = path.and_then(|path| Path::new(path).strip_prefix(mount.root).ok());
        let below = below.filter(|below| !below.as_os_str().is_empty());
        let own = below.map_or_else(|| mount.point.clone(), |below| mount.point.join(below));
        groups.extend(
            own.ancestors().take_while(|at| at.starts_with(&mount.point)).map(PathBuf::from),
        );
    }
    groups
}

enum Version {
    One,
    Two,
}

/// Where a hierarchy of cgroups is mounted.
struct Mount<'a> {
    version: Version,
    /// The group that is seen at the mount point.
    root: &'a str,
    point: PathBuf,
}

impl<'a> Mount<'a> {
    /// Of a line of mountinfo (`man 5 proc`), if it is one that limits memory.
    fn of_memory(line: &'a str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let version = match (kind.next()?, kind.nth(1)?) {
            ("cgroup2", _) => Version::Two,
            ("cgroup", options) if options.split(',').any(|option| option == "memory") => {
                Version::One
            }
            _ => return None,
        };
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        Some(Self { version, root, point: PathBuf::from(point.replace(r"\040", " ")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(membership: &str, mounts: &str) -> Vec<String> {
        let groups = memory_cgroups(membership, mounts);
        groups.iter().map(|path| path.display().to_string()).collect()
    }

    /// Lines of `/proc/self/cgroup` and `/proc/self/mountinfo` as Linux prints them.
    #[test]
    fn the_memory_cgroups_of_a_process_are_found_where_they_are_mounted() {
        let second =
            "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(
            groups("0::/system.slice/slurmd/job_7/step_batch\n", second),
            [
                "/sys/fs/cgroup/system.slice/slurmd/job_7/step_batch",
                "/sys/fs/cgroup/system.slice/slurmd/job_7",
                "/sys/fs/cgroup/system.slice/slurmd",
                "/sys/fs/cgroup/system.slice",
                "/sys/fs/cgroup",
            ]
        );
        let first = "36 32 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                     37 32 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        let membership =
            "9:name=systemd:/\n5:cpu,cpuacct:/elsewhere\n4:memory:/slurm_n1/uid_0\n0::/\n";
        assert_eq!(
            groups(membership, first),
            [
                "/sys/fs/cgroup/memory/slurm_n1/uid_0",
                "/sys/fs/cgroup/memory/slurm_n1",
                "/sys/fs/cgroup/memory"
            ]
        );
    }

    #[test]
    fn in_a_container_the_cgroup_is_where_its_part_of_the_tree_is_mounted() {
        let mounts = "37 32 0:31 /docker/a9 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        assert_eq!(
            groups("4:memory:/docker/a9/task\n", mounts),
            ["/sys/fs/cgroup/memory/task", "/sys/fs/cgroup/memory"]
        );
        // The group of one that entered it from outside.
        assert_eq!(groups("4:memory:/../b7\n", mounts), ["/sys/fs/cgroup/memory"]);
    }

    #[test]
    fn a_counter_that_rose_is_evidence_and_a_new_file_is_none() {
        let kills = |counts: &[(&str, u64)]| {
            OutOfMemoryKills(counts.iter().map(|&(file, n)| (file.into(), n)).collect())
        };
        let before = kills(&[("a", 1), ("b", 0)]);
        assert!(!kills(&[("a", 1), ("b", 0)]).more_than(&before));
        assert!(kills(&[("a", 1), ("b", 2)]).more_than(&before));
        assert!(!kills(&[("a", 1), ("c", 5)]).more_than(&before));
    }

    #[test]
    fn signal_9_is_known_through_shells_and_launchers() {
        let ended = |script: &str| {
            std::process::Command::new("bash").args(["-c", script]).status().unwrap()
        };
        assert!(was_killed(ended("kill -9 $$")));
        assert!(was_killed(ended("bash -c 'kill -9 $$'; exit $?")));
        assert!(was_killed(ended("bash -c 'bash -c \"kill -9 \\$\\$\"; exit $?'; exit $?")));
        assert!(!was_killed(ended("kill -SEGV $$")) && !was_killed(ended("exit 9")));
    }
}
