//! The parameters that seed a mozaik model: those that a simulation's seed goes to, and those of
//! the network.

use configuration::SimulationSeed;

use crate::mistake::Mistake;
use crate::model::MozaikParameters;

/// The newest mozaik draws the noise of a simulation with this, which must not be 0, …
const NOISE: &str = "simulation_seed";
/// … and the network with this. What is presented (`experiment_seed`) stays the same.
const NETWORK: &str = "model_seed";
/// Earlier ones draw network and noise with these; a model has both or one of them.
const TOGETHER: [&str; 2] = ["mozaik_seed", "pynn_seed"];

/// The seeds of a mozaik model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeds {
    /// Those that every simulation gives its own seed.
    pub of_simulation: Vec<String>,
    /// Those of the network, which stays the same unless it is asked to vary.
    pub of_network: Vec<String>,
}

impl Seeds {
    /// The seeds that the user names, or those that mozaik is known to have.
    pub fn of(
        model: &MozaikParameters,
        given: Option<&[String]>,
        seed: SimulationSeed,
    ) -> Result<Self, Vec<Mistake>> {
        let has = |name: &str| model.resolved.root().entries.contains_key(name);
        let of_simulation = match given {
            Some(paths) => paths.to_vec(),
            None if has(NOISE) => vec![NOISE.to_owned()],
            None => TOGETHER.into_iter().filter(|seed| has(seed)).map(str::to_owned).collect(),
        };
        let unfit = of_simulation.iter().filter_map(|path| {
            let unfit = model.default(path).err()?;
            let help = unfit.help.unwrap_or_else(|| "name parameters of the model".to_owned());
            Some(Mistake::new(format!("`seeds` in [simulator]: {}", unfit.message), help))
        });
        let unfit: Vec<_> = unfit.collect();
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let fixed = match seed {
            SimulationSeed::Fixed(number) => Some(number),
            SimulationSeed::Drawn(_) => None,
        };
        if of_simulation.is_empty() && fixed.is_none() {
            return Err(vec![Mistake::new(
                "no parameter of the model is known to be a seed: every simulation would draw the same noise",
                format!(
                    "name the parameters that seed it in [simulator], `seeds = [\"path\"]` \
                     ({NOISE}, {} are known), or set `simulation_seed` there to a number: then \
                     nothing varies",
                    TOGETHER.join(", ")
                ),
            )]);
        }
        if fixed == Some(0) && of_simulation.iter().any(|path| path == NOISE) {
            let message = format!(
                "`simulation_seed` in [simulator] is 0, which the model's {NOISE} must not be"
            );
            return Err(vec![Mistake::new(message, "use another number, or \"drawn\"")]);
        }
        let is_of_network = has(NETWORK) && !of_simulation.iter().any(|path| path == NETWORK);
        let of_network = is_of_network.then(|| NETWORK.to_owned()).into_iter().collect();
        Ok(Self { of_simulation, of_network })
    }
}

/// Whether the model has a seed of any version of mozaik, so that simulations can differ in their
/// noise.
pub fn has_known_seed(model: &MozaikParameters) -> bool {
    let known = &model.resolved.root().entries;
    TOGETHER.iter().chain([&NOISE]).any(|seed| known.contains_key(*seed))
}

/// Whether these, given one seed, are known to draw network and noise.
pub fn drive_both(seeds: &[String]) -> bool {
    !seeds.is_empty() && seeds.iter().all(|seed| TOGETHER.contains(&seed.as_str()))
}
