//! Figures of a search, and of one simulation: data in, standard Vega-Lite specifications out,
//! drawn to SVG and PNG.
//!
//! One specification serves every use: a browser shows it interactively ([`Page`]), Altair and
//! Jupyter open it as it is, and [`Engine`] draws it. What a figure is made from is a [`Search`],
//! with what its [`Model`] knows, or what [`inspection`] found ([`BiologyKind`]); this crate knows
//! nothing of files.
//!
//! Sort orders, domains and ticks are decided here and not left to vega-lite, which drops or
//! changes some of them where marks are layered.
//!
//! ```
//! use figures::{Candidate, Kind, Outcome, Parameter, Search, Target, Theme};
//! use simulation::OutcomeClass;
//!
//! let parameter = Parameter { path: "weight".to_owned(), low: 0.0, high: 0.01, log_scale: false };
//! let target = Target {
//!     name: "rate".to_owned(),
//!     unit: Some("Hz".to_owned()),
//!     lowest_wanted: Some(2.0),
//!     highest_wanted: Some(4.0),
//!     wanted: "2 – 4".to_owned(),
//!     norm: 0.5,
//! };
//! let candidate = |number, generation, weight, rate_hz, total| Candidate {
//!     number,
//!     generation,
//!     parameters: vec![weight],
//!     began_h: Some(0.0),
//!     finished_h: Some(0.1),
//!     outcome: Some(Outcome {
//!         class: OutcomeClass::Completed,
//!         machine: None,
//!         total,
//!         values: vec![Some(rate_hz)],
//!         scores: vec![total],
//!     }),
//! };
//! let search = Search {
//!     parameters: vec![parameter],
//!     targets: vec![target],
//!     candidates: vec![candidate(0, 1, 0.004, 5.0, 2.0), candidate(1, 2, 0.003, 4.5, 1.0)],
//!     best: Some(1),
//!     model: None,
//! };
//!
//! let kind = Kind::ALL.into_iter().find(|kind| kind.name == "evo_fitness").expect("it is a kind");
//! let figure = kind.figure(&search)?;
//! let specification = figure.specification(Theme::Light);
//! assert_eq!(specification["$schema"], "https://vega.github.io/schema/vega-lite/v6.json");
//! let rows = specification["data"]["values"].as_array().expect("the figure has rows");
//! assert_eq!((rows.len(), &rows[1]["best"]), (2, &1.0.into()));
//! # Ok::<(), figures::NotEnough>(())
//! ```

mod axis;
mod biology;
mod convergence;
mod correlations;
mod covariance;
mod draw;
mod effects;
mod figure;
mod fitness;
mod importance;
mod kind;
mod machines;
mod model;
mod names;
mod page;
mod panels;
mod parallel;
mod population;
mod predictions;
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
pub use model::{Model, ModelOf};
pub use page::{PLOTS, Page, STYLE, data_block, escaped, themes};
pub use search::{Candidate, Outcome, Parameter, Search, Target};
pub use theme::Theme;
pub use vendored::{BUNDLE, LICENCES};
