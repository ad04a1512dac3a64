//! The allocation of Slurm in which the controller runs, and the room that is left on its nodes.

use std::collections::BTreeMap;

use crate::error::ExecutorError;
use crate::slurm::client;

/// What a simulation takes of a node. Without a size of its own it takes of the memory what it
/// takes of the cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Cores.
    pub cores: u32,
    /// Memory, MB.
    pub memory: Option<u64>,
}

/// Nodes and what is free on them.
#[derive(Debug)]
pub struct Allocation {
    /// The job's number.
    pub id: u64,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: String,
    cores: u32,
    /// MB; `None` where Slurm does not share it out.
    memory: Option<u64>,
    cores_free: u32,
    memory_free: u64,
}

impl Node {
    /// What a step asks for here, MB.
    fn memory_for(&self, need: Need) -> Option<u64> {
        let share = |memory: u64| memory * u64::from(need.cores) / u64::from(self.cores).max(1);
        need.memory.or_else(|| self.memory.map(share))
    }

    fn has_free(&self, need: Need) -> bool {
        let memory = self.memory.and(self.memory_for(need)).unwrap_or(0);
        self.cores_free >= need.cores && self.memory_free >= memory
    }

    /// How many fit if nothing else runs.
    fn room(&self, need: Need) -> usize {
        let by_cores = self.cores / need.cores.max(1);
        let by_memory = match (self.memory, need.memory) {
            (Some(memory), Some(need)) => memory / need.max(1),
            _ => u64::MAX,
        };
        u64::from(by_cores).min(by_memory) as usize
    }
}

impl Allocation {
    /// The one that this process runs in.
    pub fn here() -> Result<Self, ExecutorError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let id = variable("SLURM_JOB_ID").ok_or(ExecutorError::NoAllocation)?;
        let nodes = variable("SLURM_JOB_NODELIST").ok_or(ExecutorError::NoAllocation)?;
        let cores = variable("SLURM_JOB_CPUS_PER_NODE").ok_or(ExecutorError::NoAllocation)?;
        // What is not known is left to Slurm.
        let memory = client::show(&["-d", "job", &id]).map(|job| memory(&job)).unwrap_or_default();
        Self::of(&id, &names(&nodes)?, &cores, &memory)
    }

    fn of(
        id: &str,
        names: &[String],
        cores: &str,
        memory: &BTreeMap<String, u64>,
    ) -> Result<Self, ExecutorError> {
        let unreadable =
            |what, text: &str| ExecutorError::Unreadable { what, text: text.to_owned() };
        let id = id.parse().map_err(|_| unreadable("number", id))?;
        let of_nodes = repeated(cores).ok_or_else(|| unreadable("cores", cores))?;
        if of_nodes.len() != names.len() || names.is_empty() {
            return Err(unreadable("cores", cores));
        }
        let node = |(name, cores): (&String, u32)| {
            let memory = memory.get(name).copied();
            Node {
                name: name.clone(),
                cores,
                memory,
                cores_free: cores,
                memory_free: memory.unwrap_or(0),
            }
        };
        Ok(Self { id, nodes: names.iter().zip(of_nodes).map(node).collect() })
    }

    /// The cores of all nodes.
    pub fn cores(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(node.cores)).sum()
    }

    /// How many simulations run at the same time; an error if none can.
    pub fn room(&self, need: Need) -> Result<usize, ExecutorError> {
        let room = self.nodes.iter().map(|node| node.room(need)).sum();
        if room > 0 {
            return Ok(room);
        }
        let in_words = |cores: u32, memory: Option<u64>| {
            let memory = memory.map(|memory| format!(" and {memory} MB")).unwrap_or_default();
            format!("{cores} core{}{memory}", if cores == 1 { "" } else { "s" })
        };
        let nodes = self.nodes.iter().map(|node| {
            let memory = need.memory.and(node.memory);
            format!("{} has {}", node.name, in_words(node.cores, memory))
        });
        Err(ExecutorError::TooSmall {
            need: in_words(need.cores, need.memory),
            nodes: nodes.collect::<Vec<_>>().join(", "),
        })
    }

    /// Whether it would fit on one of the nodes if nothing else ran.
    pub fn could_hold(&self, need: Need) -> bool {
        self.nodes.iter().any(|node| node.room(need) > 0)
    }

    /// Takes room on a node that has it, the one with the most free cores, and is not among these.
    pub fn take(&mut self, need: Need, excluded: &[&str]) -> Option<Place> {
        let fits = |node: &&mut Node| node.has_free(need) && !excluded.contains(&&*node.name);
        let node = self.nodes.iter_mut().filter(fits).max_by_key(|node| node.cores_free)?;
        let memory = node.memory_for(need);
        node.cores_free -= need.cores;
        node.memory_free -= node.memory.and(memory).unwrap_or(0);
        Some(Place { node: node.name.clone(), cores: need.cores, memory })
    }

    /// Gives room back.
    pub fn free(&mut self, place: &Place) {
        if let Some(node) = self.nodes.iter_mut().find(|node| node.name == place.node) {
            node.cores_free += place.cores;
            node.memory_free += node.memory.and(place.memory).unwrap_or(0);
        }
    }
}

/// Room on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The node.
    pub node: String,
    /// Cores.
    pub cores: u32,
    /// MB, where it is known.
    pub memory: Option<u64>,
}

/// The names in one of Slurm's lists of nodes, `n[1-3,7]`.
fn names(list: &str) -> Result<Vec<String>, ExecutorError> {
    if !list.contains(['[', ',']) {
        return Ok(vec![list.to_owned()]);
    }
    let unreadable = |_| ExecutorError::Unreadable { what: "nodes", text: list.to_owned() };
    let names = client::show(&["hostnames", list]).map_err(unreadable)?;
    Ok(names.split_whitespace().map(str::to_owned).collect())
}

/// The memory that a job has on each of its nodes, MB, in the words of `scontrol -d show job`; on
/// none where Slurm does not share it out.
fn memory(job: &str) -> BTreeMap<String, u64> {
    let field = |line: &str, name: &str| -> Option<String> {
        let mut fields = line.split_whitespace();
        fields.find_map(|field| field.strip_prefix(name).map(str::to_owned))
    };
    let of_line = |line: &str| {
        let memory: u64 = field(line, "Mem=")?.parse().ok()?;
        let nodes = names(&field(line, "Nodes=")?).ok()?;
        Some(nodes.into_iter().map(move |node| (node, memory)))
    };
    let lines = job.lines().filter(|line| line.trim_start().starts_with("Nodes="));
    lines.filter_map(of_line).flatten().filter(|(_, memory)| *memory > 0).collect()
}

/// More nodes than any allocation has.
const MOST_NODES: usize = 100_000;

/// `4(x2),8` is 4, 4, 8.
fn repeated(text: &str) -> Option<Vec<u32>> {
    let mut numbers = vec![];
    for part in text.split(',') {
        let (number, times) = match part.trim_end_matches(')').split_once("(x") {
            Some((number, times)) => (number, times.parse().ok()?),
            None => (part, 1),
        };
        if times > MOST_NODES - numbers.len() {
            return None;
        }
        numbers.extend(std::iter::repeat_n(number.parse::<u32>().ok()?, times));
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocation(cores: &str, memory: Option<u64>) -> Result<Allocation, ExecutorError> {
        let names: Vec<_> = ["n1", "n2", "n3"].map(str::to_owned).into();
        let memory = memory.map(|memory| names.iter().map(|name| (name.clone(), memory)).collect());
        Allocation::of("7", &names, cores, &memory.unwrap_or_default())
    }

    fn need(cores: u32, memory: Option<u64>) -> Need {
        Need { cores, memory }
    }

    #[test]
    fn simulations_are_packed_by_cores_and_memory() {
        let room = |need: Need, memory| {
            allocation("4(x2),10", memory).and_then(|all| all.room(need)).unwrap()
        };
        assert_eq!(room(need(2, None), Some(1000)), 2 + 2 + 5);
        assert_eq!(room(need(3, None), None), 1 + 1 + 3);
        // 1000 MB hold three of 300 MB, on whatever node.
        assert_eq!(room(need(1, Some(300)), Some(1000)), 3 * 3);
        // Where memory is not shared out, nobody counts it.
        assert_eq!(room(need(1, Some(300)), None), 4 + 4 + 10);
    }

    #[test]
    fn what_is_taken_is_free_again_when_it_is_given_back() {
        let mut all = allocation("4(x3)", Some(1000)).unwrap();
        let asked = need(2, Some(400));
        let places: Vec<Place> = std::iter::from_fn(|| all.take(asked, &[])).collect();
        assert_eq!(places.len(), 6);
        // The emptiest first.
        let nodes: Vec<_> = places.iter().map(|place| place.node.as_str()).collect();
        assert!(nodes[..3].contains(&"n1") && nodes[..3].contains(&"n2"), "{nodes:?}");
        all.free(&places[4]);
        assert_eq!(all.take(asked, &[&places[4].node]), None);
        assert_eq!(all.take(asked, &[]).as_ref(), Some(&places[4]));
    }

    #[test]
    fn without_a_size_memory_goes_by_cores() {
        let mut all = allocation("4(x3)", Some(1000)).unwrap();
        assert_eq!(all.take(need(1, None), &[]).unwrap().memory, Some(250));
        assert_eq!(all.take(need(4, None), &["n1"]).unwrap().memory, Some(1000));
    }

    #[test]
    fn memory_is_that_of_each_node() {
        // Lines of Slurm 22.05.8; a list with brackets needs scontrol.
        let job = "   NodeList=n[1-3]\n     Nodes=n1 CPU_IDs=0-1 Mem=2000 GRES=\n     \
                   Nodes=n3 CPU_IDs=0-3 Mem=0 GRES=\n   MinMemoryNode=0\n";
        assert_eq!(memory(job), [("n1".to_owned(), 2000)].into());
        assert!(memory("").is_empty());
    }

    #[test]
    fn what_fits_nowhere_is_an_error_that_says_so() {
        let all = allocation("4(x3)", Some(1000)).unwrap();
        let error = all.room(need(8, None)).unwrap_err();
        assert!(error.to_string().contains("8 cores"), "{error}");
        assert!(all.room(need(1, Some(2000))).unwrap_err().to_string().contains("2000 MB"));
        assert!(all.could_hold(need(4, Some(1000))) && !all.could_hold(need(5, None)));
    }

    #[test]
    fn lists_that_do_not_fit_each_other_are_refused() {
        for cores in ["4(x2)", "4(x4)", "", "4(x", "many", "4(x99999999999)"] {
            assert!(allocation(cores, None).is_err(), "{cores}");
        }
    }
}
