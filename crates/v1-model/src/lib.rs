//! A spiking model of cat primary visual cortex: layers 4 and 2/3 with their excitatory and inhibitory
//! cells, driven by the ON and OFF cells of the LGN. It is a reduced form of the large-scale model of
//! Antolík et al. ("A comprehensive data-driven model of cat primary visual cortex") as it is
//! built with mozaik, and its parameters have the same names; a whole protocol of 16 s takes seconds.
//!
//! ```no_run
//! use v1_model::{Event, Parameters, Simulation};
//!
//! let weight = "sheets.l4_cortex_exc.AfferentConnection.base_weight";
//! let parameters = Parameters::with_overrides([(weight, 0.0006)])?;
//! let simulation = Simulation::build(&parameters, 1, 2)?;
//! let summary = simulation.run(&mut |event| {
//!     if let Event::Segment(header, segment) = event {
//!         println!("{}: {} spikes", header.sheet, segment.spike_trains.spike_count());
//!     }
//!     Ok(())
//! })?;
//! println!("exploded: {}", summary.explosion_detected());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Results are the same, bit by bit, on every machine and for any number of threads.

#![warn(clippy::unwrap_used)]
// Code inherits the instruction set of the function into which it is inlined, so what vectorized loops call
// must be inlined into them.
#![allow(clippy::inline_always)]

mod connectivity;
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

pub use parameters::{ParameterError, Parameters};
pub use protocol::{Presentation, protocol, protocols};
pub use simulation::{Event, Explosion, Simulation, Summary};
