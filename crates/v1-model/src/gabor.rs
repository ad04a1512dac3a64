//! Receptive fields of layer 4: Gabor functions, as patterns of LGN input and by their correlation.

use std::f32::consts::{FRAC_PI_2, LOG2_E, TAU};

use pulp::Simd;

use crate::geometry::Population;
use crate::lanes::{Lanes, cos_cycles, exp2};
use crate::parameters::Parameters;

/// The shape that all receptive fields share: exp(−(u² + γ²v²)/2σ²) · cos(2πfu + φ), with u along
/// the direction of the carrier, which is perpendicular to the preferred orientation.
#[derive(Debug, Clone, Copy)]
pub struct GaborShape {
    /// σ.
    size_deg: f32,
    /// γ.
    aspect_ratio: f32,
    /// f.
    cycles_per_deg: f32,
    /// The share of the envelope that is added to the sampling weight of either sign.
    gauss_coefficient: f32,
    /// Degrees per µm of cortex.
    deg_per_um: f32,
}

impl GaborShape {
    /// Reads the shape from the parameters of the afferent connection.
    pub fn new(parameters: &Parameters) -> Self {
        let value = |name: &str| {
            parameters.value(&format!("sheets.l4_cortex_exc.AfferentConnection.{name}"))
        };
        let um_per_deg = parameters.value("sheets.l4_cortex_exc.params.magnification_factor");
        Self {
            size_deg: value("size") as f32,
            aspect_ratio: value("aspect_ratio") as f32,
            cycles_per_deg: value("frequency") as f32,
            gauss_coefficient: value("gauss_coefficient") as f32,
            deg_per_um: (1.0 / um_per_deg) as f32,
        }
    }

    /// How far the receptive field of this orientation reaches along the x-axis, where its envelope
    /// has fallen to e⁻⁶.
    pub fn reach_um(&self, orientation_rad: f32) -> f32 {
        let (sin, cos) = libm::sincosf(orientation_rad + FRAC_PI_2);
        let across = sin / self.aspect_ratio;
        (12.0 * (cos * cos + across * across)).sqrt() * self.size_deg / self.deg_per_um
    }

    /// The weight with which ON (`sign` 1) or OFF (−1) cells at these places connect to cell
    /// `target`: the rectified Gabor function and a little of its envelope, 0 where that is below
    /// e⁻⁶.
    #[inline(always)]
    pub fn afferent_weights<S: Simd>(
        &self,
        simd: S,
        cells: &Population,
        target: usize,
        sign: f32,
        [x_um, y_um]: [&[f32]; 2],
        weights: &mut [f32],
    ) {
        let (sin, cos) = libm::sincosf(cells.orientation_rad[target] + FRAC_PI_2);
        let (x0, y0, phase) = (cells.x_um[target], cells.y_um[target], cells.phase_cycles[target]);
        let along = 0.5 * LOG2_E / (self.size_deg * self.size_deg);
        let across = along * self.aspect_ratio * self.aspect_ratio;
        for at in (0..weights.len()).step_by(S::F32_LANES) {
            let dx = (Lanes::load(simd, x_um, at) - x0) * self.deg_per_um;
            let dy = (Lanes::load(simd, y_um, at) - y0) * self.deg_per_um;
            let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
            let exponent = u * u * -along + v * v * -across;
            let carrier = cos_cycles(u * self.cycles_per_deg + phase) * sign;
            let rectified = carrier.max(Lanes::splat(simd, 0.0));
            let within = exponent.greater(Lanes::splat(simd, -6.0 * LOG2_E));
            let envelope = exp2(exponent).only(within);
            (envelope * (rectified + self.gauss_coefficient)).store(weights, at);
        }
    }
}

/// The receptive fields of a population, prepared for [`ReceptiveFields::correlations`].
#[derive(Debug)]
pub struct ReceptiveFields {
    shape: GaborShape,
    x_deg: Vec<f32>,
    y_deg: Vec<f32>,
    /// Cosine and sine of half the direction of the carrier.
    cos_half: Vec<f32>,
    sin_half: Vec<f32>,
    phase_cycles: Vec<f32>,
    /// 1/√ of the field's mean square, up to a factor that all share.
    normalization: Vec<f32>,
}

impl ReceptiveFields {
    /// The receptive fields of these cells.
    pub fn new(shape: GaborShape, cells: &Population) -> Self {
        let half = |&orientation: &f32| 0.5 * (orientation + FRAC_PI_2);
        let degrees = |&um: &f32| um * shape.deg_per_um;
        let carrier = TAU * shape.cycles_per_deg * shape.size_deg;
        let even = libm::expf(-carrier * carrier);
        let normalization =
            |&phase: &f32| 1.0 / (1.0 + even * libm::cosf(2.0 * TAU * phase)).sqrt();
        let orientations = &cells.orientation_rad;
        Self {
            shape,
            x_deg: cells.x_um.iter().map(degrees).collect(),
            y_deg: cells.y_um.iter().map(degrees).collect(),
            cos_half: orientations.iter().map(half).map(libm::cosf).collect(),
            sin_half: orientations.iter().map(half).map(libm::sinf).collect(),
            phase_cycles: cells.phase_cycles.clone(),
            normalization: cells.phase_cycles.iter().map(normalization).collect(),
        }
    }

    /// The correlation of one field of `others` with the fields of this population from number
    /// `first` on.
    ///
    /// In closed form: the product of two Gabor functions is a Gaussian times two cosines, and the
    /// integral of each is the value of a Gaussian's characteristic function. Everything is written
    /// in the axes along and across the mean of the two carrier directions, in which the precision
    /// matrix of the product is diagonal.
    #[inline(always)]
    pub fn correlations<S: Simd>(
        &self,
        simd: S,
        first: usize,
        others: &Self,
        target: usize,
        result: &mut [f32],
    ) {
        let GaborShape { size_deg, aspect_ratio, cycles_per_deg, .. } = self.shape;
        let along = 1.0 / (size_deg * size_deg);
        let across = along * aspect_ratio * aspect_ratio;
        let (mean, deviation) = (0.5 * (along + across), 0.5 * (along - across));
        let half_log2 = 0.5 * LOG2_E;
        let wave = (TAU * cycles_per_deg) * (TAU * cycles_per_deg);
        let (bx, by) = (others.x_deg[target], others.y_deg[target]);
        let (bc, bs) = (others.cos_half[target], others.sin_half[target]);
        let b_phase = others.phase_cycles[target];
        let b_normalization = others.normalization[target];
        for at in (0..result.len()).step_by(S::F32_LANES) {
            let load = |values: &[f32]| Lanes::load(simd, values, first + at);
            let (ac, as_) = (load(&self.cos_half), load(&self.sin_half));
            // Half the difference D of the directions, D itself, and their mean.
            let (ch, sh) = (ac * bc + as_ * bs, as_ * bc - ac * bs);
            let (cd, sd) = (ch * ch - sh * sh, sh * ch * 2.0);
            let (cm, sm) = (ac * bc - as_ * bs, as_ * bc + ac * bs);
            let dx = Lanes::splat(simd, bx) - load(&self.x_deg);
            let dy = Lanes::splat(simd, by) - load(&self.y_deg);
            let (dx, dy) = (dx * cm + dy * sm, dy * cm - dx * sm);
            // Half the precision of the product, and its inverse.
            let (p1, p2) = (cd * deviation + mean, cd * -deviation + mean);
            let product = Lanes::splat(simd, 1.0) / (p1 * p2);
            let (v1, v2) = (p2 * product * 0.5, p1 * product * 0.5);
            // The precision of b times the displacement, and the mean of the product.
            let oblique = sd * deviation;
            let (qx, qy) = (p1 * dx - oblique * dy, p2 * dy - oblique * dx);
            let (mx, my) = (qx * v1, qy * v2);
            let apart = (dx - mx) * qx + (dy - my) * qy;
            let own = load(&self.phase_cycles);
            // The phase of b, as seen from the centre of a.
            let b_here = (ch * dx - sh * dy) * -cycles_per_deg + b_phase;
            let sum = cos_cycles(ch * mx * (2.0 * cycles_per_deg) + own + b_here)
                * exp2((apart + ch * ch * v1 * (4.0 * wave)) * -half_log2);
            let difference = cos_cycles(sh * my * (2.0 * cycles_per_deg) + own - b_here)
                * exp2((apart + sh * sh * v2 * (4.0 * wave)) * -half_log2);
            let overlap = (product * (along * across)).sqrt() * b_normalization;
            (overlap * (sum + difference) * load(&self.normalization)).store(result, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use pulp::Scalar;

    use super::*;
    use crate::geometry::populations;

    #[test]
    fn correlations_agree_with_quadrature() {
        let parameters = Parameters::defaults();
        let cells = populations(&parameters);
        let shape = GaborShape::new(&parameters);
        let fields = [0, 1].map(|p| ReceptiveFields::new(shape, &cells[p]));
        let gabor = |p: usize, i: usize, x: f64, y: f64| {
            let (x0, y0) =
                (f64::from(cells[p].x_um[i]) / 500.0, f64::from(cells[p].y_um[i]) / 500.0);
            let (sin, cos) = (f64::from(cells[p].orientation_rad[i]) + PI / 2.0).sin_cos();
            let (dx, dy) = (x - x0, y - y0);
            let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
            (-(u * u + 0.16 * v * v) / (2.0 * 0.17 * 0.17)).exp()
                * (2.0 * PI * (0.8 * u + f64::from(cells[p].phase_cycles[i]))).cos()
        };
        // The fields are smooth, so the rectangle rule converges fast: spacing 0.04 degrees.
        let product = |a: (usize, usize), b: (usize, usize)| -> f64 {
            let line = || (-150..=150).map(|i| f64::from(i) * 0.04);
            line()
                .flat_map(|x| line().map(move |y| (x, y)))
                .map(|(x, y)| gabor(a.0, a.1, x, y) * gabor(b.0, b.1, x, y))
                .sum()
        };
        let target = 312;
        // Neighbours in the middle of the sheet.
        let first = 1224;
        let mut correlations = [0.0; 20];
        fields[0].correlations(Scalar, first, &fields[1], target, &mut correlations);
        let own = product((1, target), (1, target));
        let mut strongest = 0.0_f64;
        for (i, &correlation) in correlations.iter().enumerate() {
            let source = (0, first + i);
            let expected = product(source, (1, target)) / (product(source, source) * own).sqrt();
            assert!((f64::from(correlation) - expected).abs() < 1.0e-5, "{correlation} {expected}");
            strongest = strongest.max(expected.abs());
        }
        assert!(strongest > 0.5, "{strongest}");
        let mut with_itself = [0.0];
        fields[0].correlations(Scalar, 7, &fields[0], 7, &mut with_itself);
        assert!((with_itself[0] - 1.0).abs() < 1.0e-6);
    }
}
