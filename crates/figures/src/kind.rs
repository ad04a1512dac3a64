//! The kinds of figures of a search.

use crate::figure::{Figure, NotEnough};
use crate::search::Search;
use crate::{
    correlations, covariance, effects, fitness, importance, machines, panels, parallel, population,
    predictions, scores, sensitivity, simulations,
};

/// A kind of figure.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The figure's name: that of its file.
    pub name: &'static str,
    /// Whether it shows the [`Model`](crate::Model) of the search.
    pub shows_model: bool,
    make: Make,
}

type Make = fn(&Search) -> Result<Figure, NotEnough>;

impl Kind {
    /// Every kind, in the order in which people read them.
    pub const ALL: [Kind; 18] = [
        Kind::of_search("evo_fitness", fitness::evo_fitness),
        Kind::of_search("scores", scores::scores),
        Kind::of_search("scores_over_time", scores::scores_over_time),
        Kind::of_search("values", panels::values),
        Kind::of_search("evo_parameters", population::evo_parameters),
        Kind::of_search("slices", panels::slices),
        Kind::of_model("predictions", predictions::predictions),
        Kind::of_model("importance", importance::importance),
        Kind::of_model("effects", effects::effects),
        Kind::of_model("target_effects", effects::target_effects),
        Kind::of_search("correlations", correlations::correlations),
        Kind::of_search("sensitivity", sensitivity::sensitivity),
        Kind::of_search("covariance_matrix", covariance::covariance_matrix),
        Kind::of_search("eigenvalues", covariance::eigenvalues),
        Kind::of_search("parallel", parallel::parallel),
        Kind::of_search("failures", simulations::failures),
        Kind::of_search("machines", machines::machines),
        Kind::of_search("simulations", simulations::simulations),
    ];

    const fn of_search(name: &'static str, make: Make) -> Kind {
        Kind { name, shows_model: false, make }
    }

    const fn of_model(name: &'static str, make: Make) -> Kind {
        Kind { name, shows_model: true, make }
    }

    /// Makes the figure.
    ///
    /// # Errors
    /// When the search is too young for it.
    pub fn figure(self, search: &Search) -> Result<Figure, NotEnough> {
        (self.make)(search)
    }
}
