//! The bookkeeping that every ask/tell optimizer needs: numbers, what is pending, full generations.

use std::collections::BTreeMap;

use crate::{Outcome, OutcomeKind, Recommendation, TellError};

/// Candidates in flight and the outcomes collected since the last full generation. With each
/// candidate the optimizer keeps a memory `M`: how it came about.
#[derive(Debug)]
pub(crate) struct Ledger<M> {
    offspring_size: usize,
    asked: u64,
    pending: BTreeMap<u64, M>,
    survivors: Vec<Survivor<M>>,
    lost: usize,
    generations: u64,
    /// Measured candidates with the least totals, best first.
    best: Vec<(f64, u64)>,
}

/// How many of the best are remembered.
const REMEMBERED: usize = 32;

/// A candidate with a total to rank it by.
#[derive(Debug)]
pub(crate) struct Survivor<M> {
    pub number: u64,
    /// Smaller is better; infinite where the told total was not finite.
    pub total: f64,
    pub memory: M,
}

impl<M> Ledger<M> {
    pub fn new(offspring_size: usize) -> Ledger<M> {
        Ledger {
            offspring_size,
            asked: 0,
            pending: BTreeMap::new(),
            survivors: Vec::new(),
            lost: 0,
            generations: 0,
            best: Vec::new(),
        }
    }

    pub fn offspring_size(&self) -> usize {
        self.offspring_size
    }

    /// Generations completed.
    pub fn generations(&self) -> u64 {
        self.generations
    }

    /// The number that the next candidate will have.
    pub fn next_number(&self) -> u64 {
        self.asked
    }

    /// The measured candidates with the least totals, best first, for a search that knows no
    /// better.
    pub fn least_totals(&self, count: usize) -> Vec<Recommendation> {
        let recommend = |&(total, candidate): &(f64, u64)| Recommendation {
            candidate,
            total,
            simulations: 1,
            risk: None,
        };
        self.best.iter().take(count).map(recommend).collect()
    }

    /// The numbers whose outcomes are not known, in their order.
    pub fn pending(&self) -> impl Iterator<Item = u64> {
        self.pending.keys().copied()
    }

    /// Gives out the next number; returns it and its generation.
    pub fn enter(&mut self, memory: M) -> (u64, u64) {
        let number = self.asked;
        self.pending.insert(number, memory);
        self.asked += 1;
        (number, number / self.offspring_size as u64 + 1)
    }

    /// Takes an outcome. When it completes a generation, that is the outcome number
    /// `offspring_size` since the last one, returns those with a total, best first; equal ones in
    /// the order of their numbers, so that the order of the tells leaves no trace.
    pub fn resolve(
        &mut self,
        number: u64,
        outcome: &Outcome,
    ) -> Result<Option<Vec<Survivor<M>>>, TellError> {
        let memory = self.pending.remove(&number).ok_or(if number < self.asked {
            TellError::AlreadyTold { number }
        } else {
            TellError::UnknownCandidate { number }
        })?;
        if outcome.kind.is_ranked() {
            let total = if outcome.total.is_finite() { outcome.total } else { f64::INFINITY };
            if outcome.kind == OutcomeKind::Measured && total.is_finite() {
                let place = self.best.partition_point(|best| *best < (total, number));
                self.best.insert(place, (total, number));
                self.best.truncate(REMEMBERED);
            }
            self.survivors.push(Survivor { number, total, memory });
        } else {
            self.lost += 1;
        }
        if self.survivors.len() + self.lost < self.offspring_size {
            return Ok(None);
        }
        self.lost = 0;
        self.generations += 1;
        let mut generation = std::mem::take(&mut self.survivors);
        generation.sort_by(|a, b| a.total.total_cmp(&b.total).then(a.number.cmp(&b.number)));
        Ok(Some(generation))
    }
}
