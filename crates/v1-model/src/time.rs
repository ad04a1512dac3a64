//! How time advances: in steps, and in windows of several steps.

/// The step of integration.
pub const STEP_MS: f32 = 0.1;
/// Steps in 1 ms.
pub const STEPS_PER_MS: usize = 10;
/// Steps that are integrated before spikes are delivered: the shortest delay, and the shortest
/// refractory period, so that a neuron spikes at most once in a window.
pub const WINDOW: usize = 5;
/// The length of a window.
pub const WINDOW_MS: f64 = 0.5;
