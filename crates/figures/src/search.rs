//! What is known about a search: the data of every figure.

use simulation::OutcomeClass;

use crate::Model;

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The searched parameters.
    pub parameters: Vec<Parameter>,
    /// The targets.
    pub targets: Vec<Target>,
    /// The candidates in the order of their numbers.
    pub candidates: Vec<Candidate>,
    /// The number of the recommended candidate; `None` while nothing was measured.
    pub best: Option<u64>,
    /// What its model knows, if it has one; figures of other kinds need none.
    pub model: Option<Model>,
}

/// A searched parameter.
///
/// # Examples
///
/// ```
/// use figures::Parameter;
///
/// let weight = Parameter { path: "weight".to_owned(), low: 0.001, high: 0.1, log_scale: true };
/// assert!((weight.place(0.01) - 0.5).abs() < 1e-12);
/// assert!((weight.at(0.5) - 0.01).abs() < 1e-12);
/// assert_eq!(weight.place(7.0), 1.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The dotted path into the model's parameters.
    pub path: String,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Whether it is searched on a log scale; then the bounds are positive.
    pub log_scale: bool,
}

/// What the model should reproduce.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The unit of its value; `None` for a pure number.
    pub unit: Option<String>,
    /// The smallest value that is as wanted; `None` where any small value is.
    pub lowest_wanted: Option<f64>,
    /// The largest value that is as wanted; `None` where any large value is.
    pub highest_wanted: Option<f64>,
    /// What is wanted, for people: `1 – 2`.
    pub wanted: String,
    /// The distance that scores 1.
    pub norm: f64,
}

/// A candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its number.
    pub number: u64,
    /// 1, 2, ….
    pub generation: u64,
    /// The parameters' values, in their order.
    pub parameters: Vec<f64>,
    /// When its simulation began, or was submitted where no more is known, in hours since the
    /// search began.
    pub began_h: Option<f64>,
    /// When its outcome was known, in hours since the search began.
    pub finished_h: Option<f64>,
    /// The outcome; `None` until it is known.
    pub outcome: Option<Outcome>,
}

/// What became of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What kind of end it came to.
    pub class: OutcomeClass,
    /// The machine that simulated, where it is known.
    pub machine: Option<String>,
    /// The sum of the scores.
    pub total: f64,
    /// The targets' values, in their order.
    pub values: Vec<Option<f64>>,
    /// The targets' scores, in their order.
    pub scores: Vec<f64>,
}

impl Parameter {
    /// How far from the lower to the upper bound a value lies, 0 to 1, on the scale that is
    /// searched.
    pub fn place(&self, value: f64) -> f64 {
        let on_scale = |value: f64| if self.log_scale { value.ln() } else { value };
        let (low, high) = (on_scale(self.low), on_scale(self.high));
        if high > low { ((on_scale(value) - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The value at a place.
    pub fn at(&self, place: f64) -> f64 {
        if self.log_scale {
            (self.low.ln() + place * (self.high / self.low).ln()).exp()
        } else {
            self.low + place * (self.high - self.low)
        }
    }
}

impl Outcome {
    /// Whether it ran through and was measured.
    pub fn completed(&self) -> bool {
        self.class == OutcomeClass::Completed
    }
}

impl Search {
    /// The candidates whose outcome is known, with it.
    pub fn finished(&self) -> impl Iterator<Item = (&Candidate, &Outcome)> {
        self.candidates.iter().filter_map(|c| c.outcome.as_ref().map(|outcome| (c, outcome)))
    }

    /// The candidates that completed, with their outcomes.
    pub fn completed(&self) -> impl Iterator<Item = (&Candidate, &Outcome)> {
        self.finished().filter(|(_, outcome)| outcome.completed())
    }

    /// The recommended candidate.
    pub fn best(&self) -> Option<(&Candidate, &Outcome)> {
        let best = self.best?;
        self.finished().find(|(candidate, _)| candidate.number == best)
    }

    /// The last generation; 0 before the first.
    pub fn generations(&self) -> u64 {
        self.candidates.iter().map(|candidate| candidate.generation).max().unwrap_or(0)
    }

    /// After each generation, from the first, the completed candidate with the least total so far.
    pub fn best_so_far(&self) -> Vec<Option<(&Candidate, &Outcome)>> {
        let mut best: Vec<Option<(&Candidate, &Outcome)>> = vec![None; self.generations() as usize];
        for (candidate, outcome) in self.completed() {
            let Some(slot) = best.get_mut((candidate.generation as usize).wrapping_sub(1)) else {
                continue;
            };
            if slot.is_none_or(|(_, known)| outcome.total < known.total) {
                *slot = Some((candidate, outcome));
            }
        }
        for generation in 1..best.len() {
            let earlier = best[generation - 1];
            let is_worse = |(_, now): (&Candidate, &Outcome)| {
                earlier.is_some_and(|(_, before)| before.total <= now.total)
            };
            if best[generation].is_none_or(is_worse) {
                best[generation] = earlier;
            }
        }
        best
    }

    /// At most `most` of the candidates whose outcome is known, evenly over the search, with every
    /// new best and the recommended one among them.
    pub fn sample(&self, most: usize) -> Vec<(&Candidate, &Outcome)> {
        let count = self.finished().count();
        let step = count.div_ceil(most.max(1)).max(1);
        let mut least = f64::INFINITY;
        let taken = |(i, (candidate, outcome)): &(usize, (&Candidate, &Outcome))| {
            let improves = outcome.completed() && outcome.total < least;
            if improves {
                least = outcome.total;
            }
            i % step == 0 || improves || Some(candidate.number) == self.best
        };
        self.finished().enumerate().filter(taken).map(|(_, pair)| pair).collect()
    }
}
