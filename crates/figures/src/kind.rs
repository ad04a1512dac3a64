//! The kinds of figures of a search.

use crate::figure::{Figure, NotEnough};
use crate::search::Search;
use crate::{
    correlations, covariance, fitness, machines, panels, parallel, population, scores, sensitivity,
    simulations,
};

/// A kind of figure.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The figure's name: that of its file.
    pub name: &'static str,
    make: fn(&Search) -> Result<Figure, NotEnough>,
}

impl Kind {
    /// Every kind, in the order in which people read them.
    pub const ALL: [Kind; 14] = [
        Kind { name: "evo_fitness", make: fitness::evo_fitness },
        Kind { name: "scores", make: scores::scores },
        Kind { name: "scores_over_time", make: scores::scores_over_time },
        Kind { name: "values", make: panels::values },
        Kind { name: "evo_parameters", make: population::evo_parameters },
        Kind { name: "slices", make: panels::slices },
        Kind { name: "correlations", make: correlations::correlations },
        Kind { name: "sensitivity", make: sensitivity::sensitivity },
        Kind { name: "covariance_matrix", make: covariance::covariance_matrix },
        Kind { name: "eigenvalues", make: covariance::eigenvalues },
        Kind { name: "parallel", make: parallel::parallel },
        Kind { name: "failures", make: simulations::failures },
        Kind { name: "machines", make: machines::machines },
        Kind { name: "simulations", make: simulations::simulations },
    ];

    /// Makes the figure.
    ///
    /// # Errors
    /// When the search is too young for it.
    pub fn figure(self, search: &Search) -> Result<Figure, NotEnough> {
        (self.make)(search)
    }
}
