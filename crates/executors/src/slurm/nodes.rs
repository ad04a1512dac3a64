//! Nodes that fail again and again get no more jobs of ours for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Faults without a success between them after which a node is left out.
const FAULTS: u32 = 2;
/// How long a node is left out. Then it gets jobs again; another fault leaves it out at once.
const LEFT_OUT: Duration = Duration::from_mins(30);

/// What is known about nodes.
#[derive(Default)]
pub struct Nodes {
    faults: BTreeMap<String, Faults>,
}

struct Faults {
    /// Without a success between them.
    count: u32,
    last: Instant,
}

impl Nodes {
    /// A job failed on these nodes for no fault of its own. Returns the node that is left out from
    /// now on, if so: only of a job that had one node is it known which one failed.
    pub fn failed(&mut self, nodes: &str) -> Option<String> {
        if !is_one(nodes) {
            return None;
        }
        let last = Instant::now();
        let faults = self.faults.entry(nodes.to_owned()).or_insert(Faults { count: 0, last });
        (faults.count, faults.last) = (faults.count + 1, last);
        (faults.count == FAULTS).then(|| nodes.to_owned())
    }

    /// A job worked on these nodes, or failed for a reason that is not the model's; where they are
    /// not known, on the machine that it names itself. Returns what the user should know.
    pub fn judge(
        &mut self,
        nodes: Option<String>,
        host: Option<&str>,
        worked: bool,
    ) -> Option<String> {
        // Nodes are named without their domain.
        let host = host.and_then(|host| host.split('.').next()).map(str::to_owned);
        let nodes = nodes.filter(|nodes| !nodes.is_empty()).or(host)?;
        if worked {
            self.succeeded(&nodes);
            return None;
        }
        self.failed(&nodes).map(|node| format!("{node} failed again and gets no further jobs"))
    }

    /// A job ran to its end on these nodes.
    pub fn succeeded(&mut self, nodes: &str) {
        self.faults.remove(nodes);
    }

    /// The nodes to leave out now, as sbatch wants them.
    pub fn excluded(&self) -> Option<String> {
        self.excluded_after(Duration::ZERO)
    }

    fn excluded_after(&self, pause: Duration) -> Option<String> {
        let bad = self.faults.iter().filter(|(_, faults)| {
            faults.count >= FAULTS && faults.last.elapsed() + pause < LEFT_OUT
        });
        let names: Vec<_> = bad.map(|(name, _)| name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// Gives every node another chance.
    pub fn forgive(&mut self) {
        self.faults.clear();
    }
}

/// Whether a list of nodes is one name: `node3`, not `node[3-4]` or `(null)`.
fn is_one(nodes: &str) -> bool {
    !nodes.is_empty() && !nodes.contains(['[', ',', '(', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_left_out_after_two_faults_in_a_row() {
        let mut nodes = Nodes::default();
        nodes.failed("n1");
        nodes.succeeded("n1");
        assert_eq!(nodes.failed("n1"), None);
        assert_eq!(nodes.excluded(), None);
        assert_eq!(nodes.failed("n1"), Some("n1".to_owned()));
        assert_eq!(nodes.excluded(), Some("n1".to_owned()));
        nodes.failed("n[2-3]");
        nodes.failed("n[2-3]");
        assert_eq!(nodes.excluded(), Some("n1".to_owned()), "which of them failed is not known");
        assert_eq!(nodes.excluded_after(LEFT_OUT), None, "it may have been repaired");
    }
}
