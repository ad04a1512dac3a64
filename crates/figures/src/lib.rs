//! Figures of a search, and of one simulation: data in, standard Vega-Lite specifications out,
//! drawn to SVG and PNG.
//!
//! One specification serves every use: a browser shows it interactively ([`Page`]), Altair and
//! Jupyter open it as it is, and [`Engine`] draws it. What a figure is made from is a [`Search`],
//! or what [`inspection`] found ([`BiologyKind`]); this crate knows nothing of files.
//!
//! Sort orders, domains and ticks are decided here and not left to vega-lite, which drops or
//! changes some of them where marks are layered.

mod axis;
mod biology;
mod convergence;
mod correlations;
mod covariance;
mod draw;
mod figure;
mod fitness;
mod machines;
mod names;
mod page;
mod panels;
mod parallel;
mod population;
mod ridge;
mod scores;
mod search;
mod sensitivity;
mod simulations;
mod statistics;
mod theme;
mod vendored;

pub use biology::BiologyKind;
pub use convergence::convergence;
pub use draw::{DrawError, Drawing, Engine};
pub use figure::Figure;
pub use page::{PLOTS, Page, STYLE, data_block, escaped, themes};
pub use search::{COMPLETED, Candidate, Outcome, Parameter, Search, Target};
pub use theme::Theme;
pub use vendored::{BUNDLE, LICENCES};

/// A kind of figure.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The figure's name: that of its file.
    pub name: &'static str,
    make: fn(&Search) -> Result<Figure, NotEnough>,
}

/// Why there is no figure yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes {needed}")]
pub struct NotEnough {
    /// What is lacking, as the object of a sentence.
    pub needed: &'static str,
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
