//! Where the cells are and what they prefer: six populations on jittered grids, and the orientation
//! map.
//!
//! All positions are in µm on the cortex, the retina's too: a degree of visual field is
//! `magnification_factor` µm.

use std::f64::consts::PI;
use std::ops::Range;

use crate::parameters::Parameters;
use crate::random::{Purpose, Stream};

/// How many populations are cortical; they come first.
pub const CORTICAL: usize = 4;
/// How many populations there are.
pub const POPULATIONS: usize = 6;
/// The names of the sheets, as in mozaik, in the order of the populations.
pub const SHEET_NAMES: [&str; POPULATIONS] =
    ["V1_Exc_L4", "V1_Inh_L4", "V1_Exc_L2/3", "V1_Inh_L2/3", "X_ON", "X_OFF"];
/// The keys of the cortical sheets in the parameter tree.
pub const SHEET_KEYS: [&str; CORTICAL] =
    ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"];

/// Whether the cells of this cortical population inhibit.
pub fn is_inhibitory(population: usize) -> bool {
    matches!(population, 1 | 3)
}

/// The cells of one sheet. They lie on a square grid, column after column from left to right, each
/// at a random place of its own square.
#[derive(Debug)]
pub struct Population {
    /// Positions, 0 in the middle of the sheet.
    pub x_um: Vec<f32>,
    /// See `x_um`.
    pub y_um: Vec<f32>,
    /// The preferred orientation in [0, π); empty in the LGN.
    pub orientation_rad: Vec<f32>,
    /// The phase of the receptive field in cycles; empty in the LGN.
    pub phase_cycles: Vec<f32>,
    /// Cells along one side of the grid.
    pub grid_side: usize,
    side_um: f64,
}

impl Population {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.x_um.len()
    }

    /// The cells of the columns that reach into [`from_um`, `to_um`] of the x-axis.
    pub fn cells_between(&self, from_um: f32, to_um: f32) -> Range<usize> {
        let column = |x_um: f32| (f64::from(x_um) / self.side_um + 0.5) * self.grid_side as f64;
        // A negative number becomes 0.
        let first = (libm::floor(column(from_um)) as usize).min(self.grid_side);
        let last = (libm::ceil(column(to_um)) as usize).clamp(first, self.grid_side);
        first * self.grid_side..last * self.grid_side
    }

    fn new(seed: u64, number: usize, side_um: f64, wanted: f64) -> Self {
        let grid_side = libm::round(libm::sqrt(wanted)).max(1.0) as usize;
        let spacing = side_um / grid_side as f64;
        let mut population = Self {
            x_um: vec![],
            y_um: vec![],
            orientation_rad: vec![],
            phase_cycles: vec![],
            grid_side,
            side_um,
        };
        let mut stream = Stream::new(seed, Purpose::Cells(number), 0);
        let mut place =
            |square: usize| ((square as f64 + stream.uniform()) * spacing - side_um / 2.0) as f32;
        for column in 0..grid_side {
            for row in 0..grid_side {
                population.x_um.push(place(column));
                population.y_um.push(place(row));
            }
        }
        if number < CORTICAL {
            let phases = (0..population.len()).map(|_| stream.uniform() as f32);
            population.phase_cycles = phases.collect();
        }
        population
    }
}

/// An orientation map with one dominant period (Niebur & Wörgötter 1994, "Design principles of
/// columnar organization in visual cortex"): θ = ½ arg Σⱼ exp i(±kⱼ·x + φⱼ) over 24 waves of equal
/// length in equally spaced directions, with random signs and phases.
struct OrientationMap {
    waves: Vec<[f64; 3]>,
}

impl OrientationMap {
    fn new(parameters: &Parameters) -> Self {
        let waves = 24;
        let seed = parameters.value("or_map.seed") as u64;
        let mut stream = Stream::new(seed, Purpose::OrientationMap, 0);
        let k = 2.0 * PI / parameters.value("or_map.period");
        let wave = |j: usize| {
            let direction = PI * j as f64 / waves as f64;
            let k = if stream.uniform() < 0.5 { -k } else { k };
            [k * libm::cos(direction), k * libm::sin(direction), 2.0 * PI * stream.uniform()]
        };
        Self { waves: (0..waves).map(wave).collect() }
    }

    fn orientation_rad(&self, x_um: f32, y_um: f32) -> f32 {
        let (mut re, mut im) = (0.0, 0.0);
        for [kx, ky, phase] in &self.waves {
            let (sin, cos) = libm::sincos(kx * f64::from(x_um) + ky * f64::from(y_um) + phase);
            re += cos;
            im += sin;
        }
        let half = 0.5 * libm::atan2(im, re);
        (if half < 0.0 { half + PI } else { half }) as f32
    }
}

/// Places the cells of all populations.
pub fn populations(parameters: &Parameters) -> [Population; POPULATIONS] {
    let seed = parameters.value("pynn_seed") as u64;
    let side_um = parameters.value("sheets.l4_cortex_exc.params.sx");
    let side_mm = side_um / 1000.0;
    let excitatory = side_mm * side_mm * parameters.value("sheets.l4_cortex_exc.params.density");
    let um_per_deg = parameters.value("sheets.l4_cortex_exc.params.magnification_factor");
    let lgn_side_deg =
        side_um / um_per_deg + 2.0 * parameters.value("sheets.retina_lgn.params.margin");
    let lgn = lgn_side_deg * lgn_side_deg * parameters.value("sheets.retina_lgn.params.density");
    let map = OrientationMap::new(parameters);
    std::array::from_fn(|number| {
        if number >= CORTICAL {
            return Population::new(seed, number, lgn_side_deg * um_per_deg, lgn);
        }
        let share = if is_inhibitory(number) { 0.25 } else { 1.0 };
        let mut cells = Population::new(seed, number, side_um, share * excitatory);
        let positions = cells.x_um.iter().zip(&cells.y_um);
        cells.orientation_rad = positions.map(|(&x, &y)| map.orientation_rad(x, y)).collect();
        cells
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_lies_in_its_own_square() {
        let cells = &populations(&Parameters::defaults())[0];
        assert_eq!(cells.len(), 2500);
        for (i, (&x, &y)) in cells.x_um.iter().zip(&cells.y_um).enumerate() {
            let square = |um: f32| ((um + 1000.0) / 40.0).floor() as usize;
            assert_eq!((square(x), square(y)), (i / 50, i % 50));
        }
    }

    #[test]
    fn a_range_of_x_holds_all_cells_in_it() {
        let cells = &populations(&Parameters::defaults())[3];
        let range = cells.cells_between(-310.0, 95.0);
        let inside: Vec<usize> =
            (0..cells.len()).filter(|&i| (-310.0..=95.0).contains(&cells.x_um[i])).collect();
        assert!(inside.iter().all(|i| range.contains(i)));
        assert!(range.len() <= inside.len() + 2 * cells.grid_side);
        assert_eq!(cells.cells_between(-5000.0, 5000.0), 0..cells.len());
        assert!(cells.cells_between(5000.0, 6000.0).is_empty());
    }

    #[test]
    fn orientations_are_uniform_and_repeat_after_the_period() {
        let side = ("sheets.l4_cortex_exc.params.sx", 20_000.0);
        let density = ("sheets.l4_cortex_exc.params.density", 100.0);
        let parameters = Parameters::with_overrides([side, density]).unwrap();
        let cells = &populations(&parameters)[0];
        // Over 400 squared periods the mean of exp 2iθ is near 0.
        let n = cells.len() as f64;
        let mean = |f: fn(f64) -> f64| {
            cells.orientation_rad.iter().map(|&o| f(2.0 * f64::from(o))).sum::<f64>() / n
        };
        assert!(mean(f64::cos).hypot(mean(f64::sin)) < 0.05);
        // A map of one wavelength has the autocorrelation J₀(k d): first zero at 0.383 periods,
        // −0.40 at 0.61 periods. Orientations follow it up to the normalization of the amplitude.
        let map = OrientationMap::new(&parameters);
        let likeness = |distance: f32| {
            let pair = |i: usize| {
                let (x, y) = (cells.x_um[i], cells.y_um[i]);
                let difference = map.orientation_rad(x, y) - map.orientation_rad(x + distance, y);
                f64::from((2.0 * difference).cos())
            };
            (0..cells.len()).map(pair).sum::<f64>() / n
        };
        assert!(likeness(383.0).abs() < 0.05, "{}", likeness(383.0));
        assert!((-0.45..-0.2).contains(&likeness(610.0)), "{}", likeness(610.0));
    }
}
