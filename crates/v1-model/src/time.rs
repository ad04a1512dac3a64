//! How time advances: in steps, and in windows of several steps.

/// The step of integration.
pub const STEP_MS: f32 = 0.25;
/// Steps in 1 ms.
pub const STEPS_PER_MS: usize = 4;
/// Steps that are integrated before spikes are delivered: the shortest delay, and the shortest
/// refractory period, so that a neuron spikes at most once in a window.
pub const WINDOW: usize = 2;
/// The length of a window.
pub const WINDOW_MS: f64 = 0.5;
/// The grid of NEST in mozaik's simulations. There a spike belongs to the end of the grid's step in
/// which it is fired: its delay and the refractory period begin half a step later on average, and
/// that is kept here.
pub const GRID_MS: f32 = 0.1;
