//! A spiking model of cat primary visual cortex: layers 4 and 2/3 with their excitatory and
//! inhibitory cells, driven by the ON and OFF cells of the LGN. It is a reduced form of the
//! large-scale model of Antolík et al. ("A comprehensive data-driven model of cat primary visual
//! cortex") as it is built with mozaik, and its parameters have the same names; a whole protocol of
//! 16 s takes seconds.
//!
//! ```
//! use v1_model::{Event, Parameters, Simulation};
//!
//! // A quarter of the sheets' width, and one second without a stimulus.
//! let parameters = Parameters::with_overrides([
//!     ("sheets.l4_cortex_exc.params.sx", 500.0),
//!     ("experiments.settling_duration", 200.0),
//!     ("experiments.spontaneous_duration", 1000.0),
//!     ("experiments.trials", 0.0),
//! ])?;
//! let simulation = Simulation::build(&parameters, 1, 2)?;
//! let mut rates_hz = vec![];
//! let summary = simulation.run(&mut |event| {
//!     if let Event::Segment(header, segment) = event {
//!         let (spikes, cells) = (segment.spike_trains.spike_count(), segment.spike_trains.len());
//!         let duration_s = segment.duration_ms() / 1000.0;
//!         rates_hz.push((header.sheet, spikes as f64 / cells as f64 / duration_s));
//!     }
//!     Ok(())
//! })?;
//! assert_eq!(summary.simulated_ms, 1200.0);
//! assert!(!summary.explosion_detected());
//! // Without a stimulus the cells of the LGN fire at 10 Hz.
//! let (sheet, rate_hz) = &rates_hz[10];
//! assert_eq!(sheet, "X_ON");
//! assert!((rate_hz - 10.0).abs() < 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Results are the same, bit by bit, on every machine and for any number of threads.

#![warn(clippy::unwrap_used)]
// Code inherits the instruction set of the function into which it is inlined, so what vectorized
// loops call must be inlined into them.
#![allow(clippy::inline_always)]

mod connectivity;
mod description;
mod export;
mod gabor;
mod geometry;
mod lanes;
mod lgn;
mod network;
mod neurons;
mod parameters;
mod protocol;
mod random;
mod simulation;
mod synapses;
mod time;

pub use description::Description;
pub use export::{Cells, Connections};
pub use parameters::{ParameterError, Parameters};
pub use protocol::{Presentation, experiments, protocol, protocols};
pub use simulation::{Event, Explosion, Simulation, Summary};
