//! The seeds of simulations. They depend on nothing but the search's seed and the candidate's
//! number.
//!
//! ```
//! # use search::seeds;
//! # use simulation::CandidateNumber;
//! let candidate = CandidateNumber(217);
//! let own = seeds::of_candidate(1, candidate);
//! assert_eq!(own, seeds::of_candidate(1, candidate));
//! assert_ne!(own, seeds::of_repetition(1, candidate, 1));
//! ```

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use simulation::CandidateNumber;

/// The seed of a candidate's own simulation.
pub fn of_candidate(search_seed: u64, candidate: CandidateNumber) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(search_seed);
    random.set_stream(candidate.0);
    seed(random.next_u32())
}

/// The seed of a candidate's further simulation 1, 2, …, which no candidate's own simulation has.
pub fn of_repetition(search_seed: u64, candidate: CandidateNumber, number: u32) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(search_seed);
    random.set_stream(!candidate.0);
    let mut drawn = 0;
    for _ in 0..number {
        drawn = random.next_u32();
    }
    seed(drawn)
}

/// A seed of 31 bits, as NEST and PyNN want it, and not 0, which mozaik refuses.
fn seed(drawn: u32) -> u64 {
    u64::from(drawn >> 1).max(1)
}

#[cfg(test)]
mod tests {
    use super::{of_candidate, of_repetition, seed};
    use simulation::CandidateNumber;

    #[test]
    fn no_seed_is_0_or_needs_more_than_31_bits() {
        assert_eq!([0, 1, 2, 3, u32::MAX].map(seed), [1, 1, 1, 1, (1 << 31) - 1]);
    }

    #[test]
    fn every_simulation_has_a_seed_of_its_own() {
        let own = (0..50).map(|candidate| of_candidate(1, CandidateNumber(candidate)));
        let further = (0..50)
            .flat_map(|c| (1..4).map(move |number| of_repetition(1, CandidateNumber(c), number)));
        let mut seeds: Vec<_> = own.chain(further).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 200);
    }
}
