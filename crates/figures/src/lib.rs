//! Figures of a search, and of one simulation: data in, standard Vega-Lite specifications out, drawn to
//! SVG and PNG.
//!
//! One specification serves every use: a browser shows it interactively ([`Page`]), Altair and Jupyter open
//! it as it is, and [`Engine`] draws it. What a figure is made from is a [`Search`], or what [`inspection`] found
//! ([`BiologyKind`]); this crate knows nothing of files.
//!
//! Sort orders, domains and ticks are decided here and not left to vega-lite, which drops or changes
//! some of them where marks are layered.

mod axis;
mod biology;
mod convergence;
mod correlations;
mod covariance;
mod draw;
mod figure;
mod fitness;
mod kind;
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
pub use figure::{Figure, NotEnough};
pub use kind::Kind;
pub use page::{PLOTS, Page, STYLE, data_block, escaped, themes};
pub use search::{COMPLETED, Candidate, Outcome, Parameter, Search, Target};
pub use theme::Theme;
pub use vendored::{BUNDLE, LICENCES};
