//! Whether PyNN can connect plastic synapses under MPI: with newer versions of NEST it cannot.

use mozaik_parameters::{Dict, Path, Resolved, Value};

use super::script::Answer;
use crate::{Findings, Status};

/// NEST refuses arrays of synapse parameters in MPI-parallel simulations since this version ...
const NEST_REFUSES: [u64; 2] = [3, 10];
/// ... which is how PyNN makes plastic synapses since this one.
const PYNN_SENDS_ARRAYS: [u64; 3] = [0, 9, 6];

/// Looks for plastic synapses of a model that is to run on several ranks.
pub fn look(tree: &Resolved, ranks: usize, answer: &Answer, findings: &mut Findings) {
    let is_at_least = |version: &Option<String>, least: &[u64]| {
        version.as_deref().and_then(numbers).is_some_and(|version| version.as_slice() >= least)
    };
    if ranks == 1
        || !is_at_least(&answer.nest.version, &NEST_REFUSES)
        || !is_at_least(&answer.pynn, &PYNN_SENDS_ARRAYS)
    {
        return;
    }
    if let Some(path) = first_below(tree.root(), &Path::default()) {
        let message = "PyNN cannot connect plastic synapses under MPI with NEST 3.10 or newer";
        let help = format!(
            "{path} is one, and ranks = {ranks}: use NEST 3.9 or older, ranks = 1, or a PyNN that \
             fixes this"
        );
        // A fixed PyNN has the same version.
        findings.add_with_help("environment", Status::Warning, message, help);
    }
}

/// The numbers at the beginning of a version: 3.10.0-rc1 is 3, 10, 0.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let end = version[start..].find(|c: char| !c.is_ascii_digit() && c != '.');
    let text = &version[start..end.map_or(version.len(), |end| start + end)];
    let numbers: Vec<u64> = text.split('.').map_while(|part| part.parse().ok()).collect();
    (!numbers.is_empty()).then_some(numbers)
}

fn first_below(dict: &Dict, at: &Path) -> Option<Path> {
    dict.entries.iter().find_map(|(key, entry)| {
        let Value::Dict(below) = &entry.value else { return None };
        let path = at.child(key);
        if key == "short_term_plasticity" { Some(path) } else { first_below(below, &path) }
    })
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(numbers("3.10.0"), Some(vec![3, 10, 0]));
        assert_eq!(numbers("nest-3.9-post0.dev"), Some(vec![3, 9]));
        assert!(numbers("0.13.0") > numbers("0.9.6") && numbers("0.9.5") < numbers("0.9.6"));
        assert_eq!(numbers("unknown"), None);
    }
}
