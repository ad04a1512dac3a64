//! Ask/tell optimizers for fitting a model to targets.
//!
//! An [`Optimizer`] proposes parameter sets ([`Candidate`]s) and is told what became of each
//! ([`Outcome`]). It reads no file and no clock and starts no thread: what it proposes is a
//! function of its settings, its seed and the sequence of `ask` and `tell` calls. Whoever keeps
//! that sequence can therefore rebuild an optimizer by replaying it.
//!
//! ```
//! use optimizers::{CmaEs, CmaEsSettings, Dimension, Optimizer, Outcome, Scale, Space};
//!
//! let dimension = |name: &str, low, high| Dimension {
//!     name: name.to_owned(),
//!     low,
//!     high,
//!     scale: Scale::Linear,
//!     integer: false,
//! };
//! let space = Space::new(vec![dimension("K", 10.0, 90.0), dimension("weight", 0.0, 0.01)])?;
//! let mut optimizer = CmaEs::new(space, &[30.0, 0.001], CmaEsSettings::default())?;
//! while optimizer.generation() < 60 {
//!     for candidate in optimizer.ask(optimizer.offspring_size()) {
//!         let [k, weight] = candidate.parameters[..] else { unreachable!() };
//!         let scores = [((k - 60.0) / 10.0).powi(2), ((weight - 0.004) / 0.001).powi(2)];
//!         optimizer.tell(candidate.number, &Outcome::measured(&scores, scores.iter().sum()))?;
//!     }
//! }
//! assert!((optimizer.diagnostics().centroid[0] - 60.0).abs() < 0.1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(clippy::unwrap_used)]

mod cma_es;
mod composite;
mod deviates;
mod eigen;
mod insight;
mod ledger;
mod linear_algebra;
mod multi_objective;
mod sampling;
mod score_rule;
mod space;

pub use cma_es::{CmaEs, CmaEsError, CmaEsSettings, CmaEsVariant};
pub use composite::{Composite, CompositeError, CompositeSettings, Fidelity, Simulated, Snapshot};
pub use insight::{
    Coordinate, CurvePoint, Effect, Extent, Insight, Knowledge, Prediction, Predictions,
};
pub use multi_objective::{
    MultiObjective, MultiObjectiveError, MultiObjectiveSettings, pareto_front,
};
pub use sampling::Sampling;
pub use score_rule::{ScoreRule, ScoreRuleError};
pub use space::{CentroidError, Dimension, Scale, Space, SpaceError};

/// A search that proposes candidates and learns from their outcomes.
///
/// What every implementation keeps:
///
/// - Candidates are numbered 0, 1, 2, … in the order in which they were asked for; the numbers are
///   never used again. Candidate `k` belongs to generation `k / offspring_size + 1`.
/// - Proposed parameters are finite, inside their ranges, and integers where the space says so.
/// - Outcomes may be told in any order and at any time, or never. Asking goes on working whatever
///   was told and also after [`stop_reason`](Optimizer::stop_reason) has given one.
/// - When all candidates of a generation are told before the next is asked for, the order of the
///   tells inside the generation, and how many candidates one `ask` took, make no difference.
/// - The same calls on an optimizer with the same settings give the same bits on the same machine,
///   and (all but `CmaEsVariant::BluePyOpt` and [`Composite`]) the same up to rounding on any. (On
///   another the last digits may differ where linear algebra uses other vector instructions.)
///
/// # Examples
///
/// Outcomes come in any order, each once:
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use optimizers::{Dimension, Optimizer, Outcome, Sampling, Scale, Space, TellError};
///
/// # let (name, scale) = ("weight".to_owned(), Scale::Linear);
/// # let weight = Dimension { name, low: 0.0, high: 0.01, scale, integer: false };
/// let space = Space::new(vec![weight])?;
/// let two = NonZeroUsize::new(2).expect("a generation is not empty");
/// let mut optimizer = Sampling::sobol(space, &[0.004], two, 1)?;
/// let candidates = optimizer.ask(2);
/// assert_eq!(candidates[0].parameters, [0.004]);
///
/// optimizer.tell(1, &Outcome::lost())?;
/// optimizer.tell(0, &Outcome::measured(&[2.5], 0.8))?;
/// assert_eq!(optimizer.generation(), 1);
/// assert_eq!(optimizer.recommend(1)[0].candidate, 0);
/// let again = optimizer.tell(0, &Outcome::lost());
/// assert_eq!(again, Err(TellError::AlreadyTold { number: 0 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Optimizer: Send {
    /// The next `count` candidates.
    fn ask(&mut self, count: usize) -> Vec<Candidate>;

    /// As [`ask`](Self::ask), with what the same calls gave in an earlier run. A search whose
    /// proposals depend on rounding takes these over, so that it goes on on any machine; others
    /// propose again what they propose.
    fn repeat(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        self.ask(earlier.len())
    }

    /// Candidates that an earlier run proposed when it knew something that this one does not: an
    /// outcome that was taken back since. The search learns from them as from its own. What does
    /// not fit the space or has a fidelity that is unknown is replaced by what the search proposes.
    fn take_over(&mut self, earlier: &[Earlier]) -> Vec<Candidate>;

    /// Tells what became of a candidate.
    ///
    /// # Errors
    /// The number was never given out, or its outcome has been told before. The optimizer is then
    /// unchanged.
    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError>;

    /// Tells what is known of a candidate that was simulated before, when only some of the targets
    /// were measured. It has no total; a search that does not model values takes it as lost. What
    /// it cost is not counted, as it was spent before.
    ///
    /// # Errors
    /// As for [`tell`](Self::tell).
    fn tell_some(&mut self, candidate: u64, readings: &[Reading]) -> Result<(), TellError> {
        let _ = readings;
        self.tell(candidate, &Outcome::lost())
    }

    /// Tells of a further simulation of a candidate, with a seed of its own: the same parameters,
    /// observed once more. It resolves nothing and may come at any time, as often as there are such
    /// simulations; a search that does not model values ignores it.
    ///
    /// # Errors
    /// The number was never given out, where that matters. The optimizer is then unchanged.
    fn tell_again(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        let _ = (candidate, outcome);
        Ok(())
    }

    /// What a search would have to learn again from one generation after the other: with it,
    /// [`restore`](Self::restore) is fast however long the search is. `None` where there is no
    /// need.
    fn snapshot(&self) -> Option<Snapshot> {
        None
    }

    /// To a search that was asked for nothing yet: learns nothing from what is repeated from now
    /// on, and goes on from the snapshot once as much was repeated and told as when it was made.
    fn restore(&mut self, snapshot: Snapshot) {
        let _ = snapshot;
    }

    /// Whether there is no snapshot any more that waits for what was repeated and told before it.
    fn is_restored(&self) -> bool {
        true
    }

    /// How many candidates make up a generation, at least 1.
    fn offspring_size(&self) -> usize;

    /// Generations completed: how many times `offspring_size` candidates have been resolved.
    fn generation(&self) -> u64;

    /// Why going on is of no use, in words for a user; `None` while it may be.
    fn stop_reason(&self) -> Option<String>;

    /// Up to `count` (at most 32) measured candidates that are the best as far as the search can
    /// tell, best first. With noise the least total seen is mostly luck; a search that knows better
    /// recommends by that.
    fn recommend(&self, count: usize) -> Vec<Recommendation>;

    /// What its model knows and how well, if it has one by now. That takes a while to compute, and
    /// changes nothing.
    fn insight(&self) -> Option<Insight> {
        None
    }

    /// Where the search stands.
    fn diagnostics(&self) -> Diagnostics;
}

/// A proposed parameter set.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// 0, 1, 2, … in the order of asking.
    pub number: u64,
    /// 1, 2, …
    pub generation: u64,
    /// One value per dimension of the space, in the parameters' own units.
    pub parameters: Vec<f64>,
    /// Which simulation is to be run: 0 is the full one, 1, 2, … are the cheaper ones in the order
    /// of the settings.
    pub fidelity: usize,
}

/// What was proposed in an earlier run.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// As in [`Candidate`].
    pub parameters: Vec<f64>,
    /// As in [`Candidate`].
    pub fidelity: usize,
}

/// For the full simulation.
impl From<Vec<f64>> for Earlier {
    fn from(parameters: Vec<f64>) -> Earlier {
        Earlier { parameters, fidelity: 0 }
    }
}

impl From<&Candidate> for Earlier {
    fn from(candidate: &Candidate) -> Earlier {
        Earlier { parameters: candidate.parameters.clone(), fidelity: candidate.fidelity }
    }
}

/// What became of a candidate, as the optimizer sees it.
///
/// # Examples
///
/// ```
/// use optimizers::{Outcome, OutcomeKind};
///
/// // The second target could not be measured, which scores the worst: 20.
/// let measured = Outcome { values: vec![Some(2.5), None], ..Outcome::measured(&[], 0.8 + 20.0) };
/// assert_eq!((measured.kind, measured.total), (OutcomeKind::Measured, 20.8));
/// assert_eq!(Outcome::lost().total, f64::INFINITY);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How the simulation ended.
    pub kind: OutcomeKind,
    /// The measured value of every target; `None` where it could not be measured.
    pub values: Vec<Option<f64>>,
    /// Sum of the scores, smaller is better. A total that is not finite counts as worse than every
    /// finite one.
    pub total: f64,
    /// What the simulation cost, if it is known: seconds times cores. Who chooses among fidelities
    /// compares these.
    pub core_seconds: Option<f64>,
}

impl Outcome {
    /// Of a simulation of which nothing will be known.
    pub fn lost() -> Outcome {
        Outcome {
            kind: OutcomeKind::Lost,
            values: Vec::new(),
            total: f64::INFINITY,
            core_seconds: None,
        }
    }

    /// A simulation that ran to its end, with the value of every target and the sum of the scores.
    pub fn measured(values: &[f64], total: f64) -> Outcome {
        Outcome {
            kind: OutcomeKind::Measured,
            values: values.iter().copied().map(Some).collect(),
            total,
            core_seconds: None,
        }
    }
}

/// What a simulation from before says of one target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Its value.
    Value(f64),
    /// It could not be measured.
    Missing,
    /// It was not asked for.
    Unknown,
}

/// How the simulation of a candidate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeKind {
    /// It ran to its end and was evaluated.
    Measured,
    /// The network's activity exploded.
    Exploded,
    /// It crashed, ran out of time or of memory; the total is the worst possible.
    Failed,
    /// It ran to its end and left nothing that can be measured. A search that models where things
    /// go wrong learns where; to others it is lost.
    NoData,
    /// Its outcome will never be known and says nothing about the parameters; the total is ignored.
    Lost,
}

impl OutcomeKind {
    /// Whether the total says how the candidate compares with others.
    pub(crate) fn is_ranked(self) -> bool {
        !matches!(self, OutcomeKind::NoData | OutcomeKind::Lost)
    }
}

/// An outcome that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TellError {
    /// The number was never given out by `ask`.
    #[error("candidate {number} was never proposed")]
    UnknownCandidate {
        /// The number that was told.
        number: u64,
    },
    /// The candidate's outcome is known already.
    #[error("the outcome of candidate {number} has already been told")]
    AlreadyTold {
        /// The number that was told.
        number: u64,
    },
}

/// A candidate that is worth being looked at again.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Recommendation {
    /// Its number; of several candidates with the same parameters the first.
    pub candidate: u64,
    /// The total that is to be expected of another simulation, or that was seen where the search
    /// has no expectation. The risk is not part of it.
    pub total: f64,
    /// How many simulations of these parameters it rests on.
    pub simulations: usize,
    /// The probability that another simulation explodes, fails or leaves nothing, where the search
    /// has a model of it.
    pub risk: Option<f64>,
}

/// Where a search stands: the distribution that new candidates come from.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Diagnostics {
    /// Overall standard deviation, in coordinates in which every range is [-1, 1].
    pub sigma: f64,
    /// Longest over shortest axis of the distribution, at least 1.
    pub axis_ratio: f64,
    /// Its middle, in the parameters' own units.
    pub centroid: Vec<f64>,
    /// What the model thinks, if the search has one by now.
    pub model: Option<ModelDiagnostics>,
    /// Of every cheaper simulation, in the order of the settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fidelities: Vec<FidelityDiagnostics>,
}

/// What was learnt of a cheaper simulation.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FidelityDiagnostics {
    /// How many candidates it had.
    pub candidates: usize,
    /// What it costs in full simulations; what was assumed as long as that is not known.
    pub cost: f64,
    /// How much of its own targets' variance its model predicts, if it has one. While that is
    /// little, it is not believed.
    pub skill: Option<f64>,
    /// For every target; `None` where the full simulation was not modelled yet, or not measured for
    /// the target.
    pub relations: Vec<Option<Relation>>,
}

/// What a cheaper simulation tells of a target of the full one, in the coordinates of the model.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Relation {
    /// How many times its value the full one's has. With 0 it is not believed.
    pub scale: f64,
    /// The share of the variance that it explains.
    pub explained: f64,
}

/// What the model of a search thinks, and how often it was right.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ModelDiagnostics {
    /// Distinct points that were simulated.
    pub sites: usize,
    /// What total the best point is expected to have.
    pub expected_total: f64,
    /// The probability that the best point explodes or fails.
    pub risk: f64,
    /// The share of all simulations that exploded or failed.
    pub failed_share: f64,
    /// Rank correlation (Spearman) of the totals that were expected of the latest candidates and
    /// those that were seen; `None` while there are few.
    pub rank_correlation: Option<f64>,
    /// The median of the differences between them in standard deviations; that of a perfect model
    /// is 0.67.
    pub median_error: Option<f64>,
    /// Whether the model is so bad that half of the candidates come without it.
    pub falls_back: bool,
}
