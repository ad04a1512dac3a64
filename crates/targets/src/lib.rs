//! What a model is fitted to: statistics of its spike trains and conductances (values), and how far
//! they are from the wanted ones (scores).
//!
//! A [`Target`] names one of the [`TargetClass`]es, a sheet, and a [`Scoring`]. [`measure()`]
//! computes the values of many targets from a [`recording::Recording`], and [`Scoring::score`]
//! turns a value, or its absence, into a [`Score`]. The statistics themselves are public, one
//! module for each.

#![warn(clippy::unwrap_used)]

pub mod conductance;
pub mod histogram;
pub mod isi;
mod measure;
pub mod modulation;
mod needed_stimuli;
pub mod orientation;
pub mod orientation_tuning;
mod predecessor;
mod presentations;
pub mod rate;
mod scoring;
pub mod size_tuning;
pub mod spontaneous;
pub mod synchrony;
mod target;
mod target_class;

pub use measure::measure;
pub use needed_stimuli::NeededStimulus;
pub use predecessor::measure_as_predecessor;
pub use presentations::{DISK, FULL_FIELD};
pub use scoring::{Rule, Score, Scoring, ScoringError, Wanted};
pub use spontaneous::{
    LEAST_DURATION_MS, SPONTANEOUS, USUAL_DURATION_MS, is_spontaneous, spontaneous_duration,
    spontaneous_durations,
};
pub use target::{Missing, Target, Value};
pub use target_class::{TargetClass, UnknownTargetClass};
