//! Nodes that fail again and again get no more jobs of ours.

use std::collections::BTreeMap;

/// Faults without a success between them after which a node is left out.
const FAULTS: u32 = 2;

/// What is known about nodes.
#[derive(Default)]
pub struct Nodes {
    faults: BTreeMap<String, u32>,
}

impl Nodes {
    /// A job failed on these nodes for no fault of its own. Returns the node that is left out from
    /// now on, if so: only of a job that had one node is it known which one failed.
    pub fn failed(&mut self, nodes: &str) -> Option<String> {
        if !is_one(nodes) {
            return None;
        }
        let faults = self.faults.entry(nodes.to_owned()).or_default();
        *faults += 1;
        (*faults == FAULTS).then(|| nodes.to_owned())
    }

    /// A job ran to its end on these nodes.
    pub fn succeeded(&mut self, nodes: &str) {
        self.faults.remove(nodes);
    }

    /// The nodes to leave out, as sbatch wants them.
    pub fn excluded(&self) -> Option<String> {
        let bad = self.faults.iter().filter(|(_, faults)| **faults >= FAULTS);
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
    }
}
