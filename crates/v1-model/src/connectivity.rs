//! Who connects to whom: the projections of the model, and the sampling of presynaptic partners.
//!
//! As in mozaik, each neuron of the target sheet draws a number of partners with replacement, with
//! probabilities that are products of functions of distance and of what the two cells prefer.

use std::f32::consts::{LOG2_E, PI, TAU};
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::gabor::{GaborShape, ReceptiveFields};
use crate::geometry::{CORTICAL, POPULATIONS, Population};
use crate::lanes::{Lanes, exp2};
use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};
use crate::time::{GRID_MS, STEP_MS};

/// One projection: its path in the parameter tree, and the populations that it connects. An
/// afferent connection of mozaik is two projections here, from ON and from OFF cells.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// For example `sheets.l4_cortex_exc.L4ExcL4ExcConnection`.
    pub path: &'static str,
    /// The number of the presynaptic population.
    pub source: usize,
    /// The number of the postsynaptic population.
    pub target: usize,
    profile: Profile,
}

/// What the probability of a connection depends on.
#[derive(Debug, Clone, Copy)]
enum Profile {
    /// The receptive field in the LGN.
    Afferent,
    /// Distance (hyperbolic) and the correlation of receptive fields: cells like to connect to
    /// cells with fields as similar (1) or as opposite (−1) as possible.
    PushPull(f32),
    /// Distance (hyperbolic) and the difference of preferred orientations.
    HyperbolicMap,
    /// Distance (hyperbolic) alone.
    Hyperbolic,
    /// Distance (Gaussian) alone.
    Local,
    /// Distance (Gaussian) and the difference of preferred orientations.
    LongRange,
    /// The sum of the last two.
    LocalAndLongRange,
    /// As `LongRange`, with the width of feedback.
    Feedback,
}

/// All projections, those of one source together.
pub static PROJECTIONS: [Projection; 17] = {
    const fn new(path: &'static str, source: usize, target: usize, profile: Profile) -> Projection {
        Projection { path, source, target, profile }
    }
    use Profile::{
        Afferent, Feedback, Hyperbolic, HyperbolicMap, Local, LocalAndLongRange, LongRange,
        PushPull,
    };
    [
        new("sheets.l4_cortex_exc.L4ExcL4ExcConnection", 0, 0, PushPull(1.0)),
        new("sheets.l4_cortex_exc.L4ExcL4InhConnection", 0, 1, PushPull(1.0)),
        new("sheets.l23_cortex_exc.L4ExcL23ExcConnection", 0, 2, HyperbolicMap),
        new("sheets.l23_cortex_inh.L4ExcL23InhConnection", 0, 3, HyperbolicMap),
        new("sheets.l4_cortex_inh.L4InhL4ExcConnection", 1, 0, PushPull(-1.0)),
        new("sheets.l4_cortex_inh.L4InhL4InhConnection", 1, 1, PushPull(-1.0)),
        new("sheets.l23_cortex_exc.L23ExcL23ExcConnection", 2, 2, Local),
        new("sheets.l23_cortex_exc.L23ExcL23ExcConnection_biais", 2, 2, LongRange),
        new("sheets.l23_cortex_exc.L23ExcL23InhConnection", 2, 3, LocalAndLongRange),
        new("sheets.l23_cortex_exc.L23ExcL4ExcConnection", 2, 0, Feedback),
        new("sheets.l23_cortex_exc.L23ExcL4InhConnection", 2, 1, Feedback),
        new("sheets.l23_cortex_inh.L23InhL23ExcConnection", 3, 2, Hyperbolic),
        new("sheets.l23_cortex_inh.L23InhL23InhConnection", 3, 3, Hyperbolic),
        new("sheets.l4_cortex_exc.AfferentConnection", 4, 0, Afferent),
        new("sheets.l4_cortex_inh.AfferentConnection", 4, 1, Afferent),
        new("sheets.l4_cortex_exc.AfferentConnection", 5, 0, Afferent),
        new("sheets.l4_cortex_inh.AfferentConnection", 5, 1, Afferent),
    ]
};

/// How the logarithm of a connection's probability falls with distance.
#[derive(Debug, Clone, Copy)]
enum Distance {
    /// −½(d/σ)².
    Gaussian { sigma_um: f32 },
    /// −α(√(θ² + d²) − θ), the `HyperbolicModularConnectorFunction` of mozaik (Stepanyants et al.
    /// 2009).
    Hyperbolic { alpha_per_um: f32, theta_um: f32 },
}

impl Distance {
    fn per_log2(self) -> [f32; 3] {
        match self {
            Self::Gaussian { sigma_um } => [-0.5 * LOG2_E / (sigma_um * sigma_um), 0.0, 0.0],
            Self::Hyperbolic { alpha_per_um, theta_um } => [0.0, -alpha_per_um * LOG2_E, theta_um],
        }
    }

    /// Where the probability has fallen to e⁻¹⁰ of its maximum: partners farther away are not
    /// considered.
    fn reach_um(self) -> f32 {
        match self {
            Self::Gaussian { sigma_um } => sigma_um * 20.0_f32.sqrt(),
            Self::Hyperbolic { alpha_per_um, theta_um } => {
                let reach = 10.0 / alpha_per_um;
                (reach * (reach + 2.0 * theta_um)).sqrt()
            }
        }
    }
}

/// What two cells must have in common.
#[derive(Debug, Clone, Copy)]
enum Feature {
    Nothing,
    /// Gaussian in the difference of preferred orientations.
    Orientation {
        sigma_rad: f32,
    },
    /// Gaussian in the distance of the receptive fields' correlation from `favourite`.
    Correlation {
        sigma: f32,
        favourite: f32,
    },
}

/// One summand of a probability.
#[derive(Debug, Clone, Copy)]
struct Term {
    scale: f32,
    distance: Distance,
    feature: Feature,
}

/// A projection with everything that is needed to draw its connections.
pub struct Wiring<'a> {
    number: usize,
    sources: &'a Population,
    targets: &'a Population,
    fields: Option<[&'a ReceptiveFields; 2]>,
    shape: GaborShape,
    terms: Vec<Term>,
    samples: f64,
    samples_spread: f64,
    delay0_ms: f32,
    delay_ms_per_um: f32,
    seed: u64,
}

/// The partners that a range of target neurons drew.
#[derive(Debug, Default)]
pub struct Partners {
    /// The presynaptic neurons, one target after another.
    pub sources: Vec<u32>,
    /// How many of them each target drew.
    pub counts: Vec<u32>,
}

impl<'a> Wiring<'a> {
    /// Prepares projection `number` of [`PROJECTIONS`]. `fields` are the receptive fields of the
    /// two populations of layer 4.
    pub fn new(
        parameters: &Parameters,
        populations: &'a [Population; POPULATIONS],
        fields: &'a [ReceptiveFields; 2],
        number: usize,
    ) -> Self {
        let Projection { path, source, target, profile } = PROJECTIONS[number];
        let value = |name: &str| parameters.value(&format!("{path}.{name}"));
        let afferent = source >= CORTICAL;
        let within_layer = (source < 2) == (target < 2);
        let reduction = parameters.value("num_samples_reduction");
        let delay_ms_per_um = parameters.value("delay_linear_scaler");
        Self {
            number,
            sources: &populations[source],
            targets: &populations[target],
            fields: matches!(profile, Profile::PushPull(_))
                .then(|| [&fields[source], &fields[target]]),
            shape: GaborShape::new(parameters),
            terms: terms(parameters, path, profile),
            samples: value("num_samples") / reduction,
            samples_spread: if afferent { value("num_samples_var") / reduction } else { 0.0 },
            delay0_ms: value("delay0") as f32,
            delay_ms_per_um: if within_layer && !afferent { delay_ms_per_um as f32 } else { 0.0 },
            seed: parameters.value("pynn_seed") as u64,
        }
    }

    /// How many target neurons there are.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// How many synapses there will be, on average.
    pub fn expected_synapses(&self) -> f64 {
        (self.samples + self.samples_spread) * self.targets.len() as f64
    }

    /// Draws the partners of these target neurons.
    pub fn draw(&self, targets: Range<usize>) -> Partners {
        let mut partners = Partners::default();
        let mut cumulative = vec![];
        let arch = Arch::new();
        for target in targets {
            let candidates = self.candidates(target);
            cumulative.clear();
            cumulative.resize(candidates.len(), 0.0);
            let result = &mut cumulative[..];
            arch.dispatch(Weights { wiring: self, target, candidates: candidates.clone(), result });
            let total = accumulate(&mut cumulative);
            let mut stream = Stream::new(self.seed, Purpose::Partners(self.number), target as u64);
            let spread = self.samples_spread * (2.0 * stream.uniform() - 1.0);
            let wanted = libm::round(self.samples + spread).max(0.0) as usize;
            let count = if total > 0.0 { wanted } else { 0 };
            partners.counts.push(count as u32);
            for _ in 0..count {
                let point = stream.uniform() as f32 * total;
                let drawn = cumulative.partition_point(|&c| c <= point).min(cumulative.len() - 1);
                partners.sources.push((candidates.start + drawn) as u32);
            }
        }
        partners
    }

    /// How many steps after the one in which a spike is fired it arrives. A spike is fired in the
    /// middle of its step on average, and the delay begins at the end of a step of NEST's grid.
    pub fn delay_steps(&self, source: usize, target: usize) -> u32 {
        ((self.delay_ms(source, target) + 0.5 * GRID_MS) / STEP_MS + 0.5 + 0.5) as u32
    }

    /// The delay of a connection. Within a layer it grows with distance; that of an afferent is
    /// random over 1 ms.
    pub fn delay_ms(&self, source: usize, target: usize) -> f32 {
        let variable_ms = if PROJECTIONS[self.number].source >= CORTICAL {
            let pair = (target * self.sources.len() + source) as u64;
            Stream::new(self.seed, Purpose::Delays(self.number), pair).uniform() as f32
        } else {
            let dx = self.sources.x_um[source] - self.targets.x_um[target];
            let dy = self.sources.y_um[source] - self.targets.y_um[target];
            self.delay_ms_per_um * (dx * dx + dy * dy).sqrt()
        };
        self.delay0_ms + variable_ms
    }

    /// An upper bound of the delays.
    pub fn longest_delay_ms(&self) -> f64 {
        let side = f64::from(self.targets.x_um.iter().fold(0.0_f32, |far, x| far.max(x.abs())));
        f64::from(self.delay0_ms) + 1.0 + f64::from(self.delay_ms_per_um) * side * 2.0 * 1.42
    }

    /// The source neurons that are near enough along the x-axis.
    fn candidates(&self, target: usize) -> Range<usize> {
        let reach = if self.terms.is_empty() {
            self.shape.reach_um(self.targets.orientation_rad[target])
        } else {
            self.terms.iter().map(|term| term.distance.reach_um()).fold(0.0, f32::max)
        };
        let x = self.targets.x_um[target];
        self.sources.cells_between(x - reach, x + reach)
    }

    /// The unnormalized probabilities of these candidates.
    #[inline(always)]
    fn weights<S: Simd>(
        &self,
        simd: S,
        target: usize,
        candidates: Range<usize>,
        weights: &mut [f32],
    ) {
        let x_um = &self.sources.x_um[candidates.clone()];
        let y_um = &self.sources.y_um[candidates.clone()];
        if self.terms.is_empty() {
            let sign = if PROJECTIONS[self.number].source == 4 { 1.0 } else { -1.0 };
            self.shape.afferent_weights(simd, self.targets, target, sign, [x_um, y_um], weights);
            return;
        }
        let (x0, y0) = (self.targets.x_um[target], self.targets.y_um[target]);
        let preferred = self.targets.orientation_rad[target];
        let orientations = &self.sources.orientation_rad[candidates.clone()];
        let mut correlations = vec![];
        if let Some([sources, targets]) = self.fields {
            correlations.resize(weights.len(), 0.0);
            sources.correlations(simd, candidates.start, targets, target, &mut correlations);
        }
        for term in &self.terms {
            let [square, linear, theta] = term.distance.per_log2();
            for at in (0..weights.len()).step_by(S::F32_LANES) {
                let dx = Lanes::load(simd, x_um, at) - x0;
                let dy = Lanes::load(simd, y_um, at) - y0;
                let d2 = dx * dx + dy * dy;
                let exponent = d2 * square + ((d2 + theta * theta).sqrt() - theta) * linear;
                let exponent = match term.feature {
                    Feature::Nothing => exponent,
                    Feature::Orientation { sigma_rad } => {
                        let apart = (Lanes::load(simd, orientations, at) - preferred).abs();
                        let apart = apart.min(Lanes::splat(simd, PI) - apart);
                        exponent + apart * apart * (-0.5 * LOG2_E / (sigma_rad * sigma_rad))
                    }
                    Feature::Correlation { sigma, favourite } => {
                        let off = Lanes::load(simd, &correlations, at) - favourite;
                        exponent + off * off * (-0.5 * LOG2_E / (sigma * sigma))
                    }
                };
                let weight = Lanes::load(simd, weights, at) + exp2(exponent) * term.scale;
                weight.store(weights, at);
            }
        }
        let Projection { source, target: target_population, .. } = PROJECTIONS[self.number];
        if source == target_population
            && let Some(own) = target.checked_sub(candidates.start)
            && let Some(weight) = weights.get_mut(own)
        {
            *weight = 0.0;
        }
    }
}

/// Replaces each number by the sum of all up to it, and returns the last sum.
fn accumulate(numbers: &mut [f32]) -> f32 {
    let mut total = 0.0;
    let mut chunks = numbers.chunks_exact_mut(8);
    for chunk in &mut chunks {
        // Sums within the chunk do not wait for those before it.
        for i in 1..chunk.len() {
            chunk[i] += chunk[i - 1];
        }
        for number in &mut *chunk {
            *number += total;
        }
        total = chunk[7];
    }
    for number in chunks.into_remainder() {
        total += *number;
        *number = total;
    }
    total
}

/// The arguments of [`Wiring::weights`], which pulp compiles for several instruction sets.
struct Weights<'a> {
    wiring: &'a Wiring<'a>,
    target: usize,
    candidates: Range<usize>,
    result: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.wiring.weights(simd, self.target, self.candidates, self.result);
    }
}

fn terms(parameters: &Parameters, path: &str, profile: Profile) -> Vec<Term> {
    let value = |name: &str| parameters.value(&format!("{path}.{name}")) as f32;
    let kernel_scale = parameters.value("kernel_scale") as f32;
    let hyperbolic = || Distance::Hyperbolic {
        alpha_per_um: value("alpha") / kernel_scale,
        theta_um: value("theta") * kernel_scale,
    };
    let gaussian = |function: &str| Distance::Gaussian {
        sigma_um: value(&format!("weight_functions.{function}.params.arborization_constant")),
    };
    let sigma = || value("weight_functions.f1.params.sigma");
    let orientation = || Feature::Orientation { sigma_rad: sigma() };
    let term = |distance, feature| Term { scale: 1.0, distance, feature };
    match profile {
        Profile::Afferent => vec![],
        Profile::PushPull(favourite) => {
            vec![term(hyperbolic(), Feature::Correlation { sigma: sigma(), favourite })]
        }
        Profile::HyperbolicMap => vec![term(hyperbolic(), orientation())],
        Profile::Hyperbolic => vec![term(hyperbolic(), Feature::Nothing)],
        Profile::Local => vec![term(gaussian("f2"), Feature::Nothing)],
        Profile::LongRange => vec![term(gaussian("f3"), orientation())],
        Profile::Feedback => vec![term(gaussian("f1"), orientation())],
        Profile::LocalAndLongRange => {
            // Here the normalization of the Gaussian functions matters.
            let height = |distance| match distance {
                Distance::Gaussian { sigma_um } => 1.0 / (sigma_um * TAU.sqrt()),
                Distance::Hyperbolic { .. } => 1.0,
            };
            let (local, far) = (gaussian("f2"), gaussian("f3"));
            let share = value("weight_functions.f3.params.arborization_scaler");
            let far_height = share * height(far) / (sigma() * TAU.sqrt());
            vec![
                Term { scale: height(local), distance: local, feature: Feature::Nothing },
                Term { scale: far_height, distance: far, feature: orientation() },
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use pulp::Scalar;

    use super::*;
    use crate::geometry::populations;

    struct Model {
        parameters: Parameters,
        populations: [Population; POPULATIONS],
        fields: [ReceptiveFields; 2],
    }

    impl Model {
        fn new() -> Self {
            let parameters = Parameters::defaults();
            let populations = populations(&parameters);
            let shape = GaborShape::new(&parameters);
            let fields = [0, 1].map(|p| ReceptiveFields::new(shape, &populations[p]));
            Self { parameters, populations, fields }
        }

        fn wiring(&self, number: usize) -> Wiring<'_> {
            Wiring::new(&self.parameters, &self.populations, &self.fields, number)
        }
    }

    /// The probability of a connection up to a factor, from the parameters and in double precision.
    fn probability(model: &Model, number: usize, source: usize, target: usize) -> f64 {
        let Projection { path, source: from, target: to, profile } = PROJECTIONS[number];
        let value = |name: &str| model.parameters.value(&format!("{path}.{name}"));
        let normal =
            |x: f64, sigma: f64| (-0.5 * (x / sigma).powi(2)).exp() / (sigma * (2.0 * PI).sqrt());
        let (cells, others) = (&model.populations[from], &model.populations[to]);
        let distance = f64::from(cells.x_um[source] - others.x_um[target])
            .hypot(f64::from(cells.y_um[source] - others.y_um[target]));
        if from == to && source == target {
            return 0.0;
        }
        let apart = f64::from(cells.orientation_rad[source] - others.orientation_rad[target]).abs();
        let apart = apart.min(PI - apart);
        let hyperbolic = || {
            let scale = model.parameters.value("kernel_scale");
            let (theta, alpha) = (value("theta") * scale, value("alpha") / scale);
            (-alpha * (theta.hypot(distance) - theta)).exp()
        };
        let sigma = || value("weight_functions.f1.params.sigma");
        let width = |f: &str| value(&format!("weight_functions.{f}.params.arborization_constant"));
        match profile {
            Profile::Afferent => unreachable!(),
            Profile::PushPull(favourite) => {
                let mut correlation = [0.0];
                let fields = &model.fields;
                fields[from].correlations(Scalar, source, &fields[to], target, &mut correlation);
                hyperbolic() * normal(f64::from(correlation[0] - favourite), sigma())
            }
            Profile::HyperbolicMap => hyperbolic() * normal(apart, sigma()),
            Profile::Hyperbolic => hyperbolic(),
            Profile::Local => normal(distance, width("f2")),
            Profile::LongRange => normal(distance, width("f3")) * normal(apart, sigma()),
            Profile::Feedback => normal(distance, width("f1")) * normal(apart, sigma()),
            Profile::LocalAndLongRange => {
                let share = value("weight_functions.f3.params.arborization_scaler");
                normal(distance, width("f2"))
                    + share * normal(distance, width("f3")) * normal(apart, sigma())
            }
        }
    }

    /// Whether the mean of a property of the drawn partners is the expected one, within 4 standard
    /// errors. `weight` are the exact probabilities of all sources for a target.
    fn assert_mean(
        what: &str,
        drawn: &Partners,
        targets: Range<usize>,
        sources: usize,
        weight: impl Fn(usize, usize) -> f64,
        property: impl Fn(usize, usize) -> f64,
    ) {
        let (mut excess, mut variance) = (0.0, 0.0);
        let mut partners = drawn.sources.iter();
        for (target, &count) in targets.zip(&drawn.counts) {
            let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
            for source in 0..sources {
                let (w, x) = (weight(source, target), property(source, target));
                total += w;
                first += w * x;
                second += w * x * x;
            }
            let mean = first / total;
            variance += f64::from(count) * (second / total - mean * mean);
            for &source in partners.by_ref().take(count as usize) {
                excess += property(source as usize, target) - mean;
            }
        }
        let z = excess / variance.sqrt();
        assert!(z.abs() < 4.0, "{what}: {z} standard errors");
    }

    #[test]
    fn partners_have_the_right_distances_and_orientations() {
        let model = Model::new();
        for (number, projection) in PROJECTIONS.iter().enumerate().filter(|(_, p)| p.source < 4) {
            let Projection { path, source, target, .. } = *projection;
            let (cells, others) = (&model.populations[source], &model.populations[target]);
            let targets = 300..340;
            let drawn = model.wiring(number).draw(targets.clone());
            let in_degree = model.parameters.value(&format!("{path}.num_samples")) / 4.0;
            assert!(drawn.counts.iter().all(|&count| f64::from(count) == in_degree.round()));
            let weight = |i: usize, j: usize| probability(&model, number, i, j);
            let check = |what: &str, property: &dyn Fn(usize, usize) -> f64| {
                let what = format!("{path}: {what}");
                assert_mean(&what, &drawn, targets.clone(), cells.len(), weight, property);
            };
            check("distance", &|i, j| {
                f64::from((cells.x_um[i] - others.x_um[j]).hypot(cells.y_um[i] - others.y_um[j]))
            });
            check("displacement", &|i, j| f64::from(cells.y_um[i] - others.y_um[j]));
            check("orientation", &|i, j| {
                f64::from((2.0 * (cells.orientation_rad[i] - others.orientation_rad[j])).cos())
            });
        }
    }

    #[test]
    fn afferents_follow_the_receptive_field() {
        let model = Model::new();
        for (number, projection) in PROJECTIONS.iter().enumerate().filter(|(_, p)| p.source >= 4) {
            let Projection { path, source, target, .. } = *projection;
            let (cells, others) = (&model.populations[source], &model.populations[target]);
            let (size, aspect, frequency, envelope_share) = (0.17, 0.4, 0.8, 0.03);
            // Along and across the carrier in degrees, and the Gabor function.
            let field = |i: usize, j: usize| {
                let degrees = |a: f32, b: f32| f64::from(a - b) / 500.0;
                let (dx, dy) = (
                    degrees(cells.x_um[i], others.x_um[j]),
                    degrees(cells.y_um[i], others.y_um[j]),
                );
                let (sin, cos) = (f64::from(others.orientation_rad[j]) + PI / 2.0).sin_cos();
                let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let exponent = (u * u + (aspect * v).powi(2)) / (2.0 * size * size);
                let envelope = if exponent > 6.0 { 0.0 } else { (-exponent).exp() };
                let phase = f64::from(others.phase_cycles[j]);
                (u, v, envelope, (2.0 * PI * (frequency * u + phase)).cos())
            };
            let sign = if source == 4 { 1.0 } else { -1.0 };
            let weight = |i: usize, j: usize| {
                let (_, _, envelope, carrier) = field(i, j);
                envelope * ((sign * carrier).max(0.0) + envelope_share)
            };
            let targets = 100..220;
            let drawn = model.wiring(number).draw(targets.clone());
            let value = |name: &str| model.parameters.value(&format!("{path}.{name}")) / 4.0;
            let (mean, spread) = (value("num_samples"), value("num_samples_var"));
            let bounds = (mean - spread).round()..=(mean + spread).round();
            assert!(drawn.counts.iter().all(|&count| bounds.contains(&f64::from(count))));
            let check = |what: &str, property: &dyn Fn(usize, usize) -> f64| {
                let what = format!("{path} from {source}: {what}");
                assert_mean(&what, &drawn, targets.clone(), cells.len(), weight, property);
            };
            check("along", &|i, j| field(i, j).0);
            check("across", &|i, j| field(i, j).1.abs());
            check("carrier", &|i, j| field(i, j).3);
        }
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        let model = Model::new();
        for number in [1, 8, 13] {
            let wiring = model.wiring(number);
            let candidates = wiring.candidates(77);
            let [mut wide, mut narrow] = [0, 1].map(|_| vec![0.0; candidates.len()]);
            let weights = |result| {
                let candidates = candidates.clone();
                Weights { wiring: &wiring, target: 77, candidates, result }
            };
            Arch::new().dispatch(weights(&mut wide));
            weights(&mut narrow).with_simd(Scalar);
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&wide), bits(&narrow));
        }
    }

    #[test]
    fn delays_grow_with_distance_within_a_layer_only() {
        let model = Model::new();
        let within = model.wiring(0);
        let cells = &model.populations[0];
        let distance_um =
            (cells.x_um[0] - cells.x_um[2499]).hypot(cells.y_um[0] - cells.y_um[2499]);
        assert!((within.delay_ms(0, 2499) - (1.4 + 0.003_333_3 * distance_um)).abs() < 1.0e-5);
        assert_eq!(model.wiring(2).delay_ms(0, 2499), 1.4);
        let afferent = model.wiring(14);
        let delays: Vec<f32> = (0..1000).map(|i| afferent.delay_ms(i, 5)).collect();
        assert!(delays.iter().all(|ms| (0.5..1.5).contains(ms)));
        // 1.4 ms, on average 0.125 ms from the beginning of the step to the spike and 0.05 ms more.
        assert_eq!(model.wiring(2).delay_steps(0, 2499), 6);
        // 0.5 to 1.5 ms.
        let steps: Vec<u32> = (0..1000).map(|i| afferent.delay_steps(i, 5)).collect();
        assert_eq!((steps.iter().min(), steps.iter().max()), (Some(&3), Some(&7)));
    }
}
