//! The model of a search, as figures know it, and how good it is in words.

use optimizers::{Extent, Insight, Knowledge};

use crate::names::short_names;
use crate::theme::{BLUE, GREEN, OCHRE, PURPLE};
use crate::{NotEnough, Parameter, Search};

/// What a model knows of a search, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What it knows.
    pub insight: Insight,
    /// Whose it is.
    pub of: ModelOf,
    /// The names of cheaper simulations: of fidelity 1, 2, ….
    pub cheaper: Vec<String>,
}

/// Whose a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelOf {
    /// The search chooses its candidates by it.
    Search,
    /// The search chooses its candidates by one of the same kind, and this one was fitted to the
    /// same simulations.
    FittedAgain,
    /// The search has none: this one was fitted to what was simulated, to be shown.
    FittedOnly,
}

/// The colours of fidelities.
const FIDELITIES: [&str; 4] = [BLUE, OCHRE, PURPLE, GREEN];

impl Model {
    /// A searched parameter: its description, name and extent.
    pub(crate) fn parameters<'a>(&'a self, search: &'a Search) -> Vec<Shown<'a>> {
        let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
        let names = short_names(&paths);
        let shown = |extent: &'a Extent| {
            let parameter = search.parameters.get(extent.dimension)?;
            let name = names[extent.dimension].clone();
            Some(Shown { parameter, name, extent, dimension: extent.dimension })
        };
        self.insight.parameters.iter().filter_map(shown).collect()
    }

    /// What a fidelity is called.
    pub(crate) fn fidelity(&self, fidelity: usize) -> String {
        match fidelity.checked_sub(1) {
            None => "full simulations".to_owned(),
            Some(cheaper) => match self.cheaper.get(cheaper) {
                Some(name) => name.clone(),
                None => format!("cheaper simulations {fidelity}"),
            },
        }
    }

    pub(crate) fn colour_of(fidelity: usize) -> &'static str {
        FIDELITIES[fidelity % FIDELITIES.len()]
    }

    /// Whose model it is, and how much it has learnt from: the beginning of a caption.
    pub(crate) fn source(&self) -> String {
        let Insight { points, simulations, fidelity, .. } = self.insight;
        let whose = match self.of {
            ModelOf::Search => "The model by which the search chooses its candidates",
            ModelOf::FittedAgain => "The model of the search, fitted anew to its simulations",
            ModelOf::FittedOnly => {
                "A model that this search does not use, fitted for this figure: that of the composite optimizer"
            }
        };
        let stand_in = match fidelity {
            0 => String::new(),
            _ => format!("; of {}, since too few full ones were measured", self.fidelity(fidelity)),
        };
        format!(
            "{whose}: Gaussian processes of all targets on the n = {points} points nearest to the best, \
             {simulations} simulations known{stand_in}."
        )
    }
}

/// A searched parameter in a figure.
pub(crate) struct Shown<'a> {
    pub parameter: &'a Parameter,
    pub name: String,
    pub extent: &'a Extent,
    /// Its index among all.
    pub dimension: usize,
}

/// The model of a search.
pub(crate) fn model(search: &Search) -> Result<&Model, NotEnough> {
    let needed = "five measured simulations, of which a model can be made";
    search.model.as_ref().ok_or(NotEnough { needed })
}

/// How well something is predicted.
pub(crate) fn in_words(r_squared: Option<f64>) -> String {
    let Some(r_squared) = r_squared else { return "does not vary".to_owned() };
    let words = match r_squared {
        0.75.. => "well predicted",
        0.5.. => "fairly predicted",
        Insight::LEAST_R_SQUARED.. => "hardly predicted",
        _ => "unexplained",
    };
    format!("R² {}, {words}", shown(r_squared))
}

/// R² with two decimals, no more than it is.
pub(crate) fn shown(r_squared: f64) -> String {
    // 0.29 times 100 is a little less than 29.
    format!("{:.2}", ((100.0 * r_squared + 1e-9).floor() / 100.0).max(0.0))
}

/// What is not explained and so not shown, as a sentence; empty if there is nothing.
pub(crate) fn unexplained(search: &Search, model: &Model) -> String {
    let is_unexplained =
        |known: &Option<Knowledge>| known.as_ref().is_none_or(|known| !known.is_explained());
    let targets = search.targets.iter().zip(&model.insight.targets);
    let names: Vec<&str> = targets
        .filter(|(_, known)| is_unexplained(known))
        .map(|(target, _)| target.name.as_str())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let least = Insight::LEAST_R_SQUARED;
    format!(" The model does not explain (R² below {least}, so not shown): {}.", names.join(", "))
}

/// The order of the parameters by their share in the total's variance, the largest first.
pub(crate) fn by_importance(model: &Model) -> Vec<usize> {
    let effects = &model.insight.total.effects;
    let mut order: Vec<usize> = (0..effects.len()).collect();
    order.sort_by(|&a, &b| effects[b].overall.total_cmp(&effects[a].overall));
    order
}

/// What parameters vary over, as captions say it.
pub(crate) const REGION: &str = "Parameters vary uniformly and independently over the part of their ranges \
                                 where four fifths of these points are, not over the whole ranges";

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn how_good_a_model_is_is_said_in_words() {
        let words =
            [Some(0.9), Some(0.6), Some(0.25), Some(0.2499), Some(-3.0), None].map(in_words);
        assert_eq!(
            words,
            [
                "R² 0.90, well predicted",
                "R² 0.60, fairly predicted",
                "R² 0.25, hardly predicted",
                "R² 0.24, unexplained",
                "R² 0.00, unexplained",
                "does not vary",
            ]
        );
    }
}
