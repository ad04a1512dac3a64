//! The composite optimizer: it models the value of every target, applies the score rules to what
//! the model expects, and simulates where that promises most (composite Bayesian optimization,
//! Astudillo & Frazier 2019, arXiv:1906.01537, in a trust region, Eriksson et al. 2019,
//! arXiv:1910.01739).
//!
//! What happens, in the order in which it happens:
//!
//! 1. The first generation is the centroid and random steps from it, orthogonal to each other
//!    (`start`). While most of them fail, the next ones are nearer and further. With five measured
//!    simulations there is a model.
//! 2. Simulations are gathered by point (`sites`). Values are warped: linear near what is wanted
//!    and logarithmic far away, or logarithmic down to zero (`warp`), each target as its values
//!    suggest (`warping`).
//! 3. One Gaussian process models all targets: they share a covariance (`kernel`), which is fitted
//!    to all of them together (`evidence`) and knows the directions in which they change most;
//!    scale and noise are each one's own (`gaussian_process`, `noise`). Wild values far from all
//!    good ones count less (`surrogate`), and a target learns nothing where simulations from before
//!    were not measured for it (`worths`).
//! 4. Explosions, failures and missing values have probabilities, by logistic regressions (`risk`).
//! 5. From the posterior of every value follows the exact expectation of its score
//!    (`expected_score`); the sum of these, and the price of a failure times its probability, is
//!    the expected total (`surrogate`).
//! 6. The incumbent is the point with the least total by its own simulations and the model together
//!    (`incumbent`). The trust region is a box around it, which grows with success, shrinks
//!    without, and moves away when it is exhausted (`trust_region`).
//! 7. A generation is a portfolio (`portfolio`): the model's optimum in the box (`minimizer`), the
//!    optima of functions drawn from all that the data leave open (Thompson sampling,
//!    `prior_sample`), the greatest expected improvement (`evolution`), pre-screened normal
//!    deviates, and the incumbent again where its noise matters.
//! 8. Where there are cheaper simulations, they have models of the same kind (`belief`), on which
//!    that of the full ones is put target by target (`relation`, `stacked`) as soon as they predict
//!    themselves. How many of them come before the next full one depends on what they cost and on
//!    what is left for either to tell (`allocation`). Incumbent and recommendation are full ones.
//! 9. What the model expected is compared with what came (`forecasts`). While it is wrong, CMA-ES
//!    makes every second candidate (`fallback`).

use std::collections::BTreeMap;

use self::belief::{Belief, Evidence};
use self::coordinates::Coordinates;
use self::expected_score::WarpedRule;
use self::fallback::Fallback;
use self::forecasts::{Forecasts, Skill};
use self::incumbent::Standing;
pub use self::insight::Simulated;
use self::kernel::Point;
use self::plan::Plan;
use self::portfolio::Portfolio;
pub use self::settings::{CompositeError, CompositeSettings, Fidelity};
use self::sites::{Observation, Site};
use self::snapshot::Learnt;
pub use self::snapshot::Snapshot;
use crate::deviates::Seeded;
use crate::ledger::Ledger;
use crate::{
    Candidate, Diagnostics, Earlier, Insight, ModelDiagnostics, Optimizer, Outcome, OutcomeKind,
    Reading, Recommendation, ScoreRule, Space, TellError,
};

mod allocation;
mod belief;
mod coordinates;
mod evidence;
mod evolution;
mod expected_score;
mod fallback;
mod fidelities;
mod forecasts;
mod gaussian_process;
mod incumbent;
mod insight;
mod kernel;
mod minimizer;
mod noise;
mod plan;
mod portfolio;
mod prior_sample;
mod relation;
mod risk;
mod settings;
mod sites;
mod snapshot;
mod stacked;
mod start;
mod surrogate;
mod trust_region;
mod warp;
mod warping;
mod worths;

/// Outcomes that must have come before the kernel is fitted again or the trust region adapts: a
/// generation, but no fewer than the first of these numbers (fitted more often, the kernel finds
/// structure that is not there), and for the kernel no more than the second.
const TELLING_OUTCOMES: [usize; 2] = [6, 12];

/// Generations whose forecasts decide whether the model is trusted.
const JUDGED_GENERATIONS: usize = 3;

/// So many regions are searched to exhaustion before the search is given up.
const EXHAUSTED_REGIONS: usize = 3;

/// Factors of the first candidates' spread, generation after generation, while most simulations
/// fail: nearer to the centroid, then further away.
const SPREADS: [f64; 4] = [1.0, 0.5, 0.25, 2.0];

/// Composite Bayesian optimization in a trust region.
///
/// The first candidates are the centroid and random steps from it. As soon as five simulations
/// were measured, every target's value has a model (a Gaussian process), and so has the
/// probability of an explosion, a failure or a missing value. The score rules, applied to what the
/// model expects of the values, give the expected total of any point. Candidates are chosen by it,
/// in ways that complement each other, and the best point is one on which model and simulations
/// agree.
///
/// The total of an outcome is not used: it follows from the values and the rules. An exploded or
/// failed simulation teaches where such things happen and nothing about values.
///
/// Asynchronous use is the same: the model is fitted anew as soon as a third of a generation has
/// come back since, and points under way are not proposed again.
///
/// With [`fidelities`](CompositeSettings::fidelities) in the settings, candidates are for cheaper
/// simulations, too. The first is the centroid's full simulation, and what is recommended was
/// simulated in full. Their outcomes are to tell their core-seconds.
///
/// On another machine other vector instructions round differently, and a search amplifies that. A
/// search that is to go on there takes over its earlier proposals with [`Optimizer::repeat`].
///
/// # Examples
///
/// A network is to fire at 2 to 4 Hz, and irregularly:
///
/// ```
/// use optimizers::{
///     Composite, CompositeSettings, Dimension, Optimizer, Outcome, Scale, ScoreRule, Space,
/// };
///
/// let conductance = |name: &str| Dimension {
///     name: name.to_owned(), low: 0.0, high: 1.0, scale: Scale::Linear, integer: false,
/// };
/// let space = Space::new(vec![conductance("g_exc"), conductance("g_inh")])?;
/// let rules = [
///     ScoreRule::new(2.0, 4.0, 0.5, 20.0)?,
///     ScoreRule::new(0.8, f64::INFINITY, 0.1, 20.0)?,
/// ];
/// let settings = CompositeSettings { offspring_size: 6, ..CompositeSettings::default() };
/// let mut optimizer = Composite::new(space, &[0.9, 0.1], &rules, settings)?;
/// for _ in 0..5 {
///     for candidate in optimizer.ask(6) {
///         let [exc, inh] = candidate.parameters[..] else { unreachable!() };
///         let values = [10.0 * exc - 5.0 * inh, 0.3 + 0.7 * inh];
///         let total = rules.iter().zip(values).map(|(rule, value)| rule.score(Some(value))).sum();
///         optimizer.tell(candidate.number, &Outcome::measured(&values, total))?;
///     }
/// }
/// // The start scores 9 for its 8.5 Hz and 4.3 for its irregularity of 0.37.
/// assert!(optimizer.recommend(1)[0].total < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Composite {
    coordinates: Coordinates,
    rules: Vec<WarpedRule>,
    settings: CompositeSettings,
    ledger: Ledger<()>,
    /// All candidates, by number.
    proposals: Vec<Proposal>,
    observations: BTreeMap<u64, Observation>,
    /// Further simulations of candidates, in the order in which they were told.
    repetitions: Vec<(u64, Observation)>,
    forecasts: Forecasts,
    belief: Option<Belief>,
    fallback: Option<Fallback>,
    plan: Plan,
    /// How many outcomes were told.
    told: u64,
    /// The fidelity of candidates, and their core-seconds, as far as these were told.
    core_seconds: BTreeMap<u64, (usize, f64)>,
    /// Candidates whose outcomes the belief does not contain.
    unlearnt: Vec<u64>,
    /// How many of the latest repetitions it does not contain.
    unlearnt_repetitions: usize,
    /// Outcomes since there was an attempt to learn, since the kernel was fitted, and since the
    /// trust region adapted.
    news: usize,
    /// For every fidelity.
    since_fit: Vec<usize>,
    since_adaptation: usize,
    /// What to go on from, once as much was proposed and told as then; nothing is learnt before.
    restoring: Option<Box<Snapshot>>,
}

/// A candidate, in the coordinates of the search and in the parameters' own units.
#[derive(Clone)]
struct Proposal {
    point: Point,
    parameters: Vec<f64>,
    fidelity: usize,
}

impl Composite {
    /// A search that starts around `centroid` (one value per dimension, in the parameters' units).
    /// Outcomes have one value for each of the `rules`, in their order.
    ///
    /// # Errors
    /// The centroid does not fit the space or lies outside, there are no rules, or a setting is out
    /// of its range.
    pub fn new(
        space: Space,
        centroid: &[f64],
        rules: &[ScoreRule],
        settings: CompositeSettings,
    ) -> Result<Composite, CompositeError> {
        let coordinates = Coordinates::new(space, centroid)?;
        let CompositeSettings { offspring_size, sigma, .. } = settings;
        let fidelities = 1 + settings.fidelities.len();
        if rules.is_empty() {
            return Err(CompositeError::NoTarget);
        }
        if offspring_size == 0 {
            return Err(CompositeError::OffspringSize);
        }
        if !(sigma > 0.0 && sigma <= 1e6) {
            return Err(CompositeError::Sigma { sigma });
        }
        for (place, &Fidelity { assumed_cost: cost }) in settings.fidelities.iter().enumerate() {
            if !(cost > 0.0 && cost.is_finite()) {
                return Err(CompositeError::AssumedCost { fidelity: place + 1, cost });
            }
        }
        Ok(Composite {
            coordinates,
            rules: rules.iter().copied().map(WarpedRule::new).collect(),
            settings,
            ledger: Ledger::new(offspring_size),
            proposals: Vec::new(),
            observations: BTreeMap::new(),
            repetitions: Vec::new(),
            forecasts: Forecasts::default(),
            belief: None,
            fallback: None,
            plan: Plan::default(),
            told: 0,
            core_seconds: BTreeMap::new(),
            unlearnt: Vec::new(),
            unlearnt_repetitions: 0,
            news: 0,
            since_fit: vec![0; fidelities],
            since_adaptation: 0,
            restoring: None,
        })
    }

    /// The next candidate: that of an earlier run, or the one that is best now.
    fn propose(&mut self, earlier: Option<&Earlier>) -> Candidate {
        let number = self.ledger.next_number();
        let from = |earlier: &Earlier| (earlier.parameters.clone(), earlier.fidelity);
        if let Some(earlier) = earlier.filter(|_| self.restoring.is_some()) {
            let candidate = self.enter(self.proposal_of(from(earlier)));
            self.restore_when_due();
            return candidate;
        }
        self.renew_plan(number);
        let fidelity = self.plan.fidelities[(number - self.plan.first) as usize];
        let is_centroid = number == 0 || self.coordinates.dimension() == 0;
        let proposal = match earlier {
            Some(earlier) => self.proposal_of(from(earlier)),
            None if is_centroid || (self.belief.is_none() && self.is_first_of(fidelity)) => {
                self.proposal_of((self.coordinates.centroid().to_vec(), fidelity))
            }
            None => {
                let point = self.planned_point(number, fidelity);
                // A replicate is one to the last bit, which rounding would otherwise take.
                let known = self.proposals.iter().find(|proposal| proposal.point == point);
                match known {
                    Some(known) => Proposal { fidelity, ..known.clone() },
                    None => self.proposal_of((self.coordinates.parameters_at(&point), fidelity)),
                }
            }
        };
        let is_forecast = |belief: &&Belief| belief.is_of_full && proposal.fidelity == 0;
        if let Some(belief) = self.belief.as_ref().filter(is_forecast) {
            self.forecasts.enter(number, belief.surrogate.predict_seen(&proposal.point));
        }
        self.enter(proposal)
    }

    fn enter(&mut self, proposal: Proposal) -> Candidate {
        let Proposal { parameters, fidelity, .. } = proposal.clone();
        self.proposals.push(proposal);
        let (number, generation) = self.ledger.enter(());
        Candidate { number, generation, parameters, fidelity }
    }

    fn proposal_of(&self, (parameters, fidelity): (Vec<f64>, usize)) -> Proposal {
        Proposal { point: self.coordinates.point_of(&parameters), parameters, fidelity }
    }

    fn is_first_of(&self, fidelity: usize) -> bool {
        !self.proposals.iter().any(|proposal| proposal.fidelity == fidelity)
    }

    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            observations: &self.observations,
            repetitions: &self.repetitions,
            rules: &self.rules,
            fidelities: self.fidelities(),
        }
    }

    /// Learns and plans anew, when all that was planned has been asked for or a third of a
    /// generation has come back since.
    fn renew_plan(&mut self, number: u64) {
        let size = self.settings.offspring_size;
        if number < self.plan.end && !self.has_much_news() {
            return;
        }
        self.learn();
        let pending = self.ledger.pending().map(|number| {
            let Proposal { point, fidelity, .. } = &self.proposals[number as usize];
            (point.clone(), *fidelity)
        });
        let failed = self.observations.values().filter(|o| o.has_failed()).count();
        let complete = self.observations.values().filter(|o| o.is_complete()).count();
        let generation = number as usize / size;
        let do_most_fail = failed > complete;
        let spread = if do_most_fail { SPREADS[generation % SPREADS.len()] } else { 1.0 };
        self.plan = Plan {
            first: number,
            end: number + size as u64,
            fidelities: self.next_fidelities(number, size),
            pending: pending.collect(),
            spread,
            points: None,
        };
    }

    fn planned_point(&mut self, number: u64, fidelity: usize) -> Point {
        let before: Vec<usize> = (0..self.fidelities())
            .map(|f| self.proposals.iter().filter(|proposal| proposal.fidelity == f).count())
            .collect();
        let is_odd = fidelity == 0 && before[0] % 2 == 1;
        let Some(belief) = &self.belief else { return self.initial_point(number) };
        if fidelity == 0
            && !belief.is_of_full
            && !(1..self.fidelities()).any(|f| belief.is_believed(f))
        {
            return self.initial_point(number);
        }
        if let Some(fallback) = self.fallback.as_ref().filter(|_| is_odd) {
            let normal = Seeded::new(self.settings.seed, "composite fallback").normal(number);
            return self.coordinates.admissible(&fallback.sample(normal));
        }
        let Plan { first, pending, points, fidelities, .. } = &mut self.plan;
        let points = points.get_or_insert_with(|| {
            let (earlier, _) = self.proposals.split_at(*first as usize);
            let of = |f: usize| earlier.iter().filter(move |proposal| proposal.fidelity == f);
            let is_unpaired =
                |full: &&Proposal| !earlier.iter().any(|p| p.fidelity > 0 && p.point == full.point);
            let portfolio = Portfolio {
                surrogate: &belief.surrogate,
                region: &belief.region,
                sites: &belief.sites,
                standings: &belief.standings,
                guides: &belief.guides,
                coordinates: &self.coordinates,
                pending,
                unpaired: of(0).filter(is_unpaired).map(|full| full.point.clone()).collect(),
                before: (0..before.len()).map(|f| of(f).count()).collect(),
                seed: self.settings.seed,
            };
            portfolio.propose(*first, fidelities)
        });
        points[(number - *first) as usize].clone()
    }

    /// A random point around the centroid.
    fn initial_point(&self, number: u64) -> Point {
        let centroid = self.coordinates.point_of(self.coordinates.centroid());
        let random = Seeded::new(self.settings.seed, "composite start");
        let step = start::step(&random, number, centroid.len());
        let sigma = self.plan.spread * self.settings.sigma;
        let point: Point = centroid.iter().zip(step).map(|(c, x)| c + sigma * x).collect();
        self.coordinates.admissible(&point)
    }

    fn has_much_news(&self) -> bool {
        self.news >= self.settings.offspring_size.div_ceil(3)
    }

    fn learn(&mut self) {
        if std::mem::take(&mut self.news) == 0 {
            return;
        }
        self.plan.end = 0;
        if self.coordinates.dimension() == 0 {
            return;
        }
        let [least, most] = TELLING_OUTCOMES;
        let enough = self.settings.offspring_size.clamp(least, most);
        let is_due: Vec<bool> = self.since_fit.iter().map(|since| *since >= enough).collect();
        let next = match &self.belief {
            None => Belief::first(self.evidence()),
            Some(belief) => belief.next(self.evidence(), &is_due),
        };
        let Some(mut belief) = next else { return };
        self.unlearnt.clear();
        self.unlearnt_repetitions = 0;
        for (since, is_due) in self.since_fit.iter_mut().zip(is_due) {
            if is_due || self.belief.is_none() {
                *since = 0;
            }
        }
        belief.follow_best();
        self.adapt(&mut belief);
        if let Some(incumbent) = belief.incumbent() {
            self.judge_model(incumbent, belief.region.radius);
        }
        self.belief = Some(belief);
    }

    /// Lets the trust region grow, shrink, or begin elsewhere, once this many outcomes have come.
    fn adapt(&mut self, belief: &mut Belief) {
        if self.since_adaptation < self.settings.offspring_size.max(TELLING_OUTCOMES[0]) {
            return;
        }
        self.since_adaptation = 0;
        belief.region.adapt();
        if belief.region.is_exhausted() {
            let number = self.ledger.next_number();
            let uniform = Seeded::new(self.settings.seed, "composite restart").uniform(number);
            let dimension = self.coordinates.dimension();
            let elsewhere: Point = std::iter::repeat_with(uniform).take(dimension).collect();
            let elsewhere = self.coordinates.admissible(&elsewhere);
            let points: Vec<Point> = belief.guides.iter().map(|it| it.point.clone()).collect();
            belief.region.abandon(points, elsewhere);
        }
    }

    /// Falls back to another search for half of the candidates while forecasts are bad.
    fn judge_model(&mut self, incumbent: &Point, radius: f64) {
        if !self.skill().is_some_and(|skill| skill.is_bad()) {
            self.fallback = None;
            return;
        }
        let next = self.ledger.next_number();
        let fallback = self
            .fallback
            .get_or_insert_with(|| Fallback::new(incumbent.clone(), radius / 2.0, next));
        let told = self.observations.range(fallback.since..);
        let told = told.filter(|(_, told)| told.fidelity == 0);
        let told = told.filter(|(_, told)| told.has_failed() || told.is_complete());
        let total = |observation: &Observation| {
            if observation.has_failed() { f64::INFINITY } else { observation.total(&self.rules) }
        };
        fallback.learn(told.map(|(&number, told)| (number, &told.point, total(told))));
        fallback.since = next;
    }

    fn observe(&mut self, candidate: u64, observation: Observation) {
        self.told += 1;
        if self.restoring.is_some() {
            self.observations.insert(candidate, observation);
            return self.restore_when_due();
        }
        if observation.is_complete() {
            self.forecasts.compare(candidate, observation.total(&self.rules));
        }
        let fidelity = observation.fidelity;
        self.observations.insert(candidate, observation);
        self.unlearnt.push(candidate);
        self.news += 1;
        self.since_fit[fidelity] += 1;
        // Cheaper simulations move the region as long as they stand for full ones.
        let counts = fidelity == 0 || self.belief.as_ref().is_none_or(|belief| !belief.is_of_full);
        self.since_adaptation += usize::from(counts);
        self.learn_when_idle();
    }

    /// With nothing under way there is nothing to wait for, and whoever wants a recommendation gets
    /// the latest.
    fn learn_when_idle(&mut self) {
        if self.has_much_news() && self.ledger.pending().next().is_none() {
            self.learn();
        }
    }

    /// How many of the latest forecasts are judged.
    fn judged(&self) -> usize {
        JUDGED_GENERATIONS * self.settings.offspring_size
    }

    fn skill(&self) -> Option<Skill> {
        self.forecasts.skill(self.judged())
    }

    /// Goes on from the snapshot, if as much was proposed and told as when it was made.
    fn restore_when_due(&mut self) {
        let now = (self.ledger.next_number(), self.told);
        let Some(snapshot) = self.restoring.take_if(|then| (then.proposed, then.told) == now)
        else {
            return;
        };
        if let Some(Learnt { fits, region, unlearnt, unlearnt_repetitions }) = &snapshot.learnt {
            let mut learnt = self.observations.clone();
            learnt.retain(|number, _| !unlearnt.contains(number));
            let repeated = self.repetitions.len().saturating_sub(*unlearnt_repetitions);
            let repetitions = &self.repetitions[..repeated];
            let evidence = Evidence { observations: &learnt, repetitions, ..self.evidence() };
            self.belief = Belief::again(evidence, fits.clone(), region.clone());
            if self.belief.is_none() {
                self.restoring = Some(snapshot);
                return;
            }
            self.unlearnt.clone_from(unlearnt);
            self.unlearnt_repetitions = *unlearnt_repetitions;
        } else {
            self.unlearnt = self.observations.keys().copied().collect();
            self.unlearnt_repetitions = self.repetitions.len();
        }
        let Snapshot { forecasts, fallback, plan, news, since_fit, since_adaptation, .. } =
            *snapshot;
        (self.forecasts, self.fallback, self.plan) = (forecasts, fallback, plan);
        (self.news, self.since_fit, self.since_adaptation) = (news, since_fit, since_adaptation);
    }
}

impl Optimizer for Composite {
    fn ask(&mut self, count: usize) -> Vec<Candidate> {
        // Who asks before all was repeated gets what follows from the outcomes alone.
        self.restoring = None;
        (0..count).map(|_| self.propose(None)).collect()
    }

    fn repeat(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        self.take_over(earlier)
    }

    fn take_over(&mut self, earlier: &[Earlier]) -> Vec<Candidate> {
        let (parameters, fidelities) = (self.coordinates.centroid().len(), self.fidelities());
        let fits = |earlier: &&Earlier| {
            earlier.parameters.len() == parameters && earlier.fidelity < fidelities
        };
        let fitting = earlier.iter().map(|earlier| Some(earlier).filter(fits));
        fitting.into_iter().map(|earlier| self.propose(earlier)).collect()
    }

    fn tell(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        let fidelity = self.proposals.get(candidate as usize).map_or(0, |it| it.fidelity);
        // Only full simulations are ranked by the totals that were seen.
        let ranked = if fidelity == 0 { outcome } else { &Outcome::lost() };
        self.ledger.resolve(candidate, ranked)?;
        if let Some(cost) = outcome.core_seconds.filter(|cost| cost.is_finite() && *cost >= 0.0) {
            self.core_seconds.insert(candidate, (fidelity, cost));
        }
        if outcome.kind == OutcomeKind::Lost {
            self.told += 1;
            self.restore_when_due();
            return Ok(());
        }
        let point = self.proposals[candidate as usize].point.clone();
        self.observe(candidate, Observation::new((point, fidelity), outcome, self.rules.len()));
        Ok(())
    }

    fn tell_some(&mut self, candidate: u64, readings: &[Reading]) -> Result<(), TellError> {
        self.ledger.resolve(candidate, &Outcome::lost())?;
        let reading = |t: usize| readings.get(t).copied().unwrap_or(Reading::Unknown);
        let readings = (0..self.rules.len()).map(reading).collect();
        let Proposal { point, fidelity, .. } = self.proposals[candidate as usize].clone();
        let kind = OutcomeKind::Measured;
        self.observe(candidate, Observation { point, fidelity, kind, readings });
        Ok(())
    }

    fn insight(&self) -> Option<Insight> {
        self.what_it_knows()
    }

    fn tell_again(&mut self, candidate: u64, outcome: &Outcome) -> Result<(), TellError> {
        let number = candidate;
        let proposal = self.proposals.get(candidate as usize);
        let Proposal { point, fidelity, .. } =
            proposal.ok_or(TellError::UnknownCandidate { number })?.clone();
        self.told += 1;
        if outcome.kind == OutcomeKind::Lost {
            self.restore_when_due();
            return Ok(());
        }
        let observation = Observation::new((point, fidelity), outcome, self.rules.len());
        self.repetitions.push((candidate, observation));
        if self.restoring.is_some() {
            self.restore_when_due();
            return Ok(());
        }
        self.unlearnt_repetitions += 1;
        self.news += 1;
        self.since_fit[fidelity] += 1;
        // What is planned rests on what was believed of this candidate.
        self.plan.end = 0;
        self.learn_when_idle();
        Ok(())
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let learnt = self.belief.as_ref().map(|belief| Learnt {
            fits: belief.fits.clone(),
            region: belief.region.clone(),
            unlearnt: self.unlearnt.clone(),
            unlearnt_repetitions: self.unlearnt_repetitions,
        });
        self.restoring.is_none().then(|| Snapshot {
            proposed: self.ledger.next_number(),
            told: self.told,
            learnt,
            forecasts: self.forecasts.latest(self.judged(), self.ledger.pending()),
            fallback: self.fallback.clone(),
            plan: self.plan.clone(),
            news: self.news,
            since_fit: self.since_fit.clone(),
            since_adaptation: self.since_adaptation,
        })
    }

    fn restore(&mut self, snapshot: Snapshot) {
        self.restoring = Some(Box::new(snapshot));
    }

    fn is_restored(&self) -> bool {
        self.restoring.is_none()
    }

    fn offspring_size(&self) -> usize {
        self.ledger.offspring_size()
    }

    fn generation(&self) -> u64 {
        self.ledger.generations()
    }

    fn stop_reason(&self) -> Option<String> {
        if self.coordinates.dimension() == 0 {
            return Some("every parameter is fixed".to_owned());
        }
        let exhausted = self.belief.as_ref().map_or(0, |belief| belief.region.exhausted());
        (exhausted >= EXHAUSTED_REGIONS).then(|| {
            format!(
                "no improvement is expected any more: {exhausted} regions were searched, the last of \
                 them without finding anything better"
            )
        })
    }

    fn recommend(&self, count: usize) -> Vec<Recommendation> {
        let Some(Belief { sites, standings, .. }) = &self.belief else {
            return self.ledger.least_totals(count);
        };
        let recommend = |standing: &Standing| {
            let Site { candidates, .. } = &sites[standing.site];
            Recommendation {
                candidate: candidates[0],
                total: standing.score,
                simulations: candidates.len(),
                risk: Some(standing.risk),
            }
        };
        standings.iter().take(count).map(recommend).collect()
    }

    fn diagnostics(&self) -> Diagnostics {
        let known = self.belief.as_ref().and_then(|it| Some((it, it.standings.first()?)));
        let Some((Belief { sites, region, .. }, best)) = known else {
            let centroid = self.coordinates.centroid().to_vec();
            return Diagnostics {
                sigma: self.settings.sigma,
                axis_ratio: 1.0,
                centroid,
                model: None,
                fidelities: self.fidelity_diagnostics(),
            };
        };
        let skill = self.skill();
        let full = || self.observations.values().filter(|o| o.fidelity == 0);
        let (failed, full) = (full().filter(|o| o.has_failed()).count(), full().count());
        Diagnostics {
            sigma: region.radius,
            axis_ratio: 1.0,
            centroid: self.coordinates.parameters_at(&region.centre),
            model: Some(ModelDiagnostics {
                sites: sites.len(),
                expected_total: best.score,
                risk: best.risk,
                failed_share: failed as f64 / full.max(1) as f64,
                rank_correlation: skill.map(|skill| skill.rank_correlation),
                median_error: skill.map(|skill| skill.median_error),
                falls_back: self.fallback.is_some(),
            }),
            fidelities: self.fidelity_diagnostics(),
        }
    }
}
