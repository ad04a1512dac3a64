//! Several objectives at once: NSGA-III (Deb & Jain 2014, IEEE Trans. Evol. Comput. 18:577), which
//! keeps candidates that no other beats in everything, spread evenly over the trade-offs.
//!
//! An objective is the sum of the scores of a group of targets, so there are many of them: nine
//! classes, or four sheets. That is why it is NSGA-III and not MO-CMA-ES: the latter selects by
//! hypervolume, whose cost grows exponentially with the number of objectives, and keeps a
//! covariance for each member of the population, which a few hundred simulations cannot fill.

mod reference_points;
mod selection;

use std::collections::BTreeMap;

use self::reference_points::reference_points;
pub use self::selection::pareto_front;
use self::selection::select;
use crate::deviates::Seeded;
use crate::ledger::Ledger;
use crate::{
    Candidate, CentroidError, Diagnostics, Earlier, Optimizer, Outcome, OutcomeKind,
    Recommendation, ScoreRule, Space, TellError,
};

/// Distribution indexes of crossover and mutation, as in the paper: the larger, the nearer to the
/// parents.
const CROSSOVER_INDEX: f64 = 30.0;
const MUTATION_INDEX: f64 = 20.0;

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultiObjectiveSettings {
    /// Candidates per generation, which is also the size of the population; at least 2.
    pub offspring_size: usize,
    /// Standard deviation of the first candidates around the centroid, in coordinates in which
    /// every range is [-1, 1].
    pub sigma: f64,
    /// Together with the candidates' numbers it determines everything random.
    pub seed: u64,
}

/// Settings that the search cannot work with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MultiObjectiveError {
    /// The centroid does not fit the space.
    #[error(transparent)]
    Centroid(#[from] CentroidError),
    /// There is nothing to trade off.
    #[error(
        "there are {rules} targets in {groups} groups: every target needs a group, and there must be one"
    )]
    Objectives {
        /// How many targets there are.
        rules: usize,
        /// For how many of them a group is given.
        groups: usize,
    },
    /// A population of one has no trade-offs.
    #[error("a generation needs at least two candidates")]
    OffspringSize,
    /// The spread of the first candidates is none.
    #[error("the initial sigma is {sigma}, but must be above zero and at most 1e6")]
    Sigma {
        /// The sigma that was asked for.
        sigma: f64,
    },
}

/// NSGA-III on the scores of groups of targets.
///
/// The first generation is the centroid and normal deviates around it, later ones are children of
/// the population by simulated binary crossover and polynomial mutation. Whenever `offspring_size`
/// candidates have been resolved, the population is chosen anew from itself and them. What exploded
/// or failed is not chosen while anything else is there.
///
/// # Examples
///
/// One parameter, two targets that it cannot fulfil together:
///
/// ```
/// use optimizers::{
///     Dimension, MultiObjective, MultiObjectiveSettings, Optimizer, Outcome, Scale, ScoreRule,
///     Space, pareto_front,
/// };
///
/// # let (name, scale) = ("weight".to_owned(), Scale::Linear);
/// # let weight = Dimension { name, low: 0.0, high: 10.0, scale, integer: false };
/// let space = Space::new(vec![weight])?;
/// let rules = [ScoreRule::new(3.0, 3.0, 1.0, 20.0)?, ScoreRule::new(5.0, 5.0, 1.0, 20.0)?];
/// let settings = MultiObjectiveSettings { offspring_size: 12, sigma: 0.3, seed: 1 };
/// let mut optimizer = MultiObjective::new(space, &[9.0], &rules, &[0, 1], settings)?;
/// let (mut weights, mut scores) = (vec![], vec![]);
/// for _ in 0..10 {
///     for candidate in optimizer.ask(12) {
///         let weight = candidate.parameters[0];
///         let of = rules.map(|rule| rule.score(Some(weight)));
///         optimizer.tell(candidate.number, &Outcome::measured(&[weight; 2], of[0] + of[1]))?;
///         weights.push(weight);
///         scores.push(of.to_vec());
///     }
/// }
/// // No other candidate beats these: they lie between what the two targets want.
/// let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
/// let front = pareto_front(&scores);
/// assert!(front.len() > 12);
/// assert!(front.iter().all(|&i| (3.0..=5.0).contains(&weights[i])));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MultiObjective {
    space: Space,
    free: Vec<usize>,
    centroid: Vec<f64>,
    rules: Vec<ScoreRule>,
    /// For each rule, its objective.
    groups: Vec<usize>,
    references: Vec<Vec<f64>>,
    settings: MultiObjectiveSettings,
    population: Vec<Member>,
    ledger: Ledger<Vec<f64>>,
    /// Of candidates whose generation is not complete.
    objectives: BTreeMap<u64, Vec<f64>>,
}

/// One of the population: a point in unit coordinates and its objectives.
#[derive(Debug, Clone)]
struct Member {
    unit: Vec<f64>,
    objectives: Vec<f64>,
}

impl MultiObjective {
    /// A search that starts around `centroid`. `groups` says for each of the `rules` to which
    /// objective its score is added: 0, 1, …
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside, a target has no group, or a setting is
    /// out of its range.
    pub fn new(
        space: Space,
        centroid: &[f64],
        rules: &[ScoreRule],
        groups: &[usize],
        settings: MultiObjectiveSettings,
    ) -> Result<MultiObjective, MultiObjectiveError> {
        let centroid = space.admit(centroid)?;
        if rules.is_empty() || rules.len() != groups.len() {
            let (rules, groups) = (rules.len(), groups.len());
            return Err(MultiObjectiveError::Objectives { rules, groups });
        }
        if settings.offspring_size < 2 {
            return Err(MultiObjectiveError::OffspringSize);
        }
        if !(settings.sigma > 0.0 && settings.sigma <= 1e6) {
            return Err(MultiObjectiveError::Sigma { sigma: settings.sigma });
        }
        let count = groups.iter().max().map_or(0, |last| last + 1);
        Ok(MultiObjective {
            free: (0..space.len()).filter(|&i| !space.dimensions()[i].is_fixed()).collect(),
            references: reference_points(count, settings.offspring_size),
            ledger: Ledger::new(settings.offspring_size),
            rules: rules.to_vec(),
            groups: groups.to_vec(),
            population: Vec::new(),
            objectives: BTreeMap::new(),
            space,
            centroid,
            settings,
        })
    }

    /// The next candidate, with the parameters of an earlier run.
    fn enter(&mut self, earlier: &[f64]) -> Candidate {
        if earlier.len() != self.space.len() {
            return self.propose();
        }
        let (number, generation) = self.ledger.enter(self.space.to_unit(earlier));
        Candidate { number, generation, parameters: earlier.to_vec(), fidelity: 0 }
    }

    fn propose(&mut self) -> Candidate {
        let number = self.ledger.next_number();
        let unit =
            if self.population.len() < 2 { self.initial(number) } else { self.child(number) };
        let parameters = if number == 0 || self.free.is_empty() {
            self.centroid.clone()
        } else {
            self.space.from_unit(&unit)
        };
        let (number, generation) = self.ledger.enter(unit);
        Candidate { number, generation, parameters, fidelity: 0 }
    }

    /// The centroid, or a point near it.
    fn initial(&self, number: u64) -> Vec<f64> {
        let mut unit = self.space.to_unit(&self.centroid);
        if number > 0 {
            let mut normal = Seeded::new(self.settings.seed, "nsga start").normal(number);
            for &i in &self.free {
                unit[i] = (unit[i] + self.settings.sigma * normal()).clamp(-1.0, 1.0);
            }
        }
        unit
    }

    /// A child of two of the population.
    fn child(&self, number: u64) -> Vec<f64> {
        let mut uniform = Seeded::new(self.settings.seed, "nsga").uniform(number);
        let mut unit_deviate = move || 0.5 * (uniform() + 1.0);
        let count = self.population.len();
        let first = ((unit_deviate() * count as f64) as usize).min(count - 1);
        let step = 1 + ((unit_deviate() * (count - 1) as f64) as usize).min(count - 2);
        let (mother, father) = (&self.population[first], &self.population[(first + step) % count]);
        let mut child = mother.unit.clone();
        let rate = 1.0 / self.free.len().max(1) as f64;
        for &i in &self.free {
            let (a, b) = (mother.unit[i], father.unit[i]);
            let spread = crossover_spread(unit_deviate());
            // Half of the coordinates are the mother's alone (Deb & Agrawal 1995).
            if unit_deviate() < 0.5 {
                child[i] = 0.5 * ((1.0 + spread) * a + (1.0 - spread) * b);
            }
            let step = mutation_step(unit_deviate());
            if unit_deviate() < rate {
                child[i] += 2.0 * step; // The coordinate's range has the width 2.
            }
            child[i] = child[i].clamp(-1.0, 1.0);
        }
        child
    }

    fn objectives_of(&self, outcome: &Outcome) -> Vec<f64> {
        let count = self.groups.iter().max().map_or(0, |last| last + 1);
        if outcome.kind != OutcomeKind::Measured {
            return vec![f64::INFINITY; count];
        }
        let mut objectives = vec![0.0; count];
        for (t, (rule, &group)) in self.rules.iter().zip(&self.groups).enumerate() {
            objectives[group] += rule.score(outcome.values.get(t).copied().flatten());
        }
        objectives
    }
}

/// The spread factor of simulated binary crossover (Deb & Agrawal 1995) for a uniform deviate in
/// [0, 1].
fn crossover_spread(u: f64) -> f64 {
    let exponent = 1.0 / (CROSSOVER_INDEX + 1.0);
    if u <= 0.5 {
        libm::pow(2.0 * u, exponent)
    } else {
        libm::pow(0.5 / (1.0 - u).max(1e-12), exponent)
    }
}

/// The step of polynomial mutation (Deb & Goyal 1996) in widths of the range for a uniform deviate
/// in [0, 1].
fn mutation_step(u: f64) -> f64 {
    let exponent = 1.0 / (MUTATION_INDEX + 1.0);
    if u < 0.5 {
        libm::pow(2.0 * u, exponent) - 1.0
    } else {
        1.0 - libm::pow(2.0 * (1.0 - u), exponent)
    }
}

impl Optimizer for MultiObjective {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        (0..count).map(|_| self.propose()).collect()
    }

    fn take_over(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        earlier.iter().map(|earlier| self.enter(&earlier.parameters)).collect()
    }

    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        let objectives = self.objectives_of(outcome);
        let complete = self.ledger.resolve(candidate, outcome)?;
        if outcome.kind.is_ranked() {
            self.objectives.insert(candidate, objectives);
        }
        let Some(generation) = complete else { return Ok(()) };
        for survivor in generation {
            if let Some(objectives) = self.objectives.remove(&survivor.number) {
                self.population.push(Member { unit: survivor.memory, objectives });
            }
        }
        let objectives: Vec<&[f64]> =
            self.population.iter().map(|member| member.objectives.as_slice()).collect();
        let chosen = select(&objectives, self.settings.offspring_size, &self.references);
        self.population = chosen.into_iter().map(|i| self.population[i].clone()).collect();
        Ok(())
    }

    fn offspring_size(&self) -> usize {
        self.ledger.offspring_size()
    }

    fn generation(&self) -> u64 {
        self.ledger.generations()
    }

    fn stop_reason(&self) -> Option<String> {
        self.free.is_empty().then(|| "every parameter is fixed".to_owned())
    }

    fn recommend(&self, count: usize) -> Vec<Recommendation> {
        self.ledger.least_totals(count)
    }

    fn diagnostics(&self) -> Diagnostics {
        let members = self.population.len().max(1) as f64;
        let mean = |i: usize| self.population.iter().map(|m| m.unit[i]).sum::<f64>() / members;
        if self.population.len() < 2 {
            let centroid = self.centroid.clone();
            return Diagnostics {
                sigma: self.settings.sigma,
                axis_ratio: 1.0,
                centroid,
                model: None,
                fidelities: Vec::new(),
            };
        }
        let middle: Vec<f64> = (0..self.space.len()).map(mean).collect();
        let squares = self.population.iter().flat_map(|member| {
            let middle = &middle;
            self.free.iter().map(move |&i| (member.unit[i] - middle[i]).powi(2))
        });
        let variance = squares.sum::<f64>() / (members * self.free.len().max(1) as f64);
        Diagnostics {
            sigma: variance.sqrt(),
            axis_ratio: 1.0,
            centroid: self.space.from_unit(&middle),
            model: None,
            fidelities: Vec::new(),
        }
    }
}
