//! Vectors of single-precision numbers, and elementary functions that give the same bits on every
//! machine.
//!
//! A loop that decides about spikes or synapses is written once, over [`Lanes`] of any width, and
//! compiled for each instruction set by pulp. Only operations that IEEE 754 rounds exactly are
//! used, so the width of the vectors does not change a bit. Among them is the fused multiplication
//! and addition, which a processor without it computes slowly, but equally. The standard library's
//! `exp`, `ln` and `cos` differ between platforms; here they are polynomials.

use std::ops::{Add, Deref, DerefMut, Div, Mul, Sub};

use pulp::{Scalar, Simd};

/// Several numbers that are treated alike.
#[derive(Clone, Copy)]
pub struct Lanes<S: Simd> {
    /// The instruction set.
    pub simd: S,
    /// The numbers.
    pub values: S::f32s,
}

impl<S: Simd> Lanes<S> {
    /// The same number in all lanes.
    #[inline(always)]
    pub fn splat(simd: S, value: f32) -> Self {
        Self { simd, values: simd.splat_f32s(value) }
    }

    /// The numbers from place `at` on; where the slice ends the lanes are 0.
    #[inline(always)]
    pub fn load(simd: S, slice: &[f32], at: usize) -> Self {
        let rest = &slice[at..];
        let values = match S::as_simd_f32s(rest).0.first() {
            Some(&whole) => whole,
            None => simd.partial_load_f32s(rest),
        };
        Self { simd, values }
    }

    /// Stores the lanes from place `at` on, as far as the slice reaches.
    #[inline(always)]
    pub fn store(self, slice: &mut [f32], at: usize) {
        let rest = &mut slice[at..];
        match S::as_mut_simd_f32s(rest).0.first_mut() {
            Some(whole) => *whole = self.values,
            None => self.simd.partial_store_f32s(rest, self.values),
        }
    }

    /// These numbers times `factor` plus `summand`, rounded once.
    #[inline(always)]
    pub fn mul_add(self, factor: impl Operand<S>, summand: impl Operand<S>) -> Self {
        let (factor, summand) = (factor.lanes(self.simd), summand.lanes(self.simd));
        let values = self.simd.mul_add_f32s(self.values, factor.values, summand.values);
        Self { values, ..self }
    }

    /// `minuend` minus the product of these numbers and `factor`, rounded once.
    #[inline(always)]
    pub fn negate_mul_add(self, factor: Self, minuend: Self) -> Self {
        let values = self.simd.negate_mul_add_f32s(self.values, factor.values, minuend.values);
        Self { values, ..self }
    }

    /// The smaller one in each lane.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self { values: self.simd.min_f32s(self.values, other.values), ..self }
    }

    /// The larger one in each lane.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self { values: self.simd.max_f32s(self.values, other.values), ..self }
    }

    /// The absolute value.
    #[inline(always)]
    pub fn abs(self) -> Self {
        Self { values: self.simd.abs_f32s(self.values), ..self }
    }

    /// The square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self { values: self.simd.sqrt_f32s(self.values), ..self }
    }

    /// Where the number is greater than the other.
    #[inline(always)]
    pub fn greater(self, other: Self) -> S::m32s {
        self.simd.greater_than_f32s(self.values, other.values)
    }

    /// These numbers where the mask is set, and 0 elsewhere.
    #[inline(always)]
    pub fn only(self, mask: S::m32s) -> Self {
        self.or(mask, Self::splat(self.simd, 0.0))
    }

    /// These numbers where the mask is set, and the others elsewhere.
    #[inline(always)]
    pub fn or(self, mask: S::m32s, others: Self) -> Self {
        Self { values: self.simd.select_f32s(mask, self.values, others.values), ..self }
    }
}

/// Whether the mask is set in any lane.
#[inline(always)]
pub fn any<S: Simd>(simd: S, mask: S::m32s) -> bool {
    simd.first_true_m32s(mask) < S::F32_LANES
}

/// What lanes can be combined with: other lanes, or one number for all.
pub trait Operand<S: Simd> {
    /// As lanes.
    fn lanes(self, simd: S) -> Lanes<S>;
}

impl<S: Simd> Operand<S> for Lanes<S> {
    #[inline(always)]
    fn lanes(self, _simd: S) -> Self {
        self
    }
}

impl<S: Simd> Operand<S> for f32 {
    #[inline(always)]
    fn lanes(self, simd: S) -> Lanes<S> {
        Lanes::splat(simd, self)
    }
}

macro_rules! operation {
    ($trait:ident, $method:ident, $simd_method:ident) => {
        impl<S: Simd> $trait for Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self { values: self.simd.$simd_method(self.values, other.values), ..self }
            }
        }
        impl<S: Simd> $trait<f32> for Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f32) -> Self {
                self.$method(Self::splat(self.simd, other))
            }
        }
    };
}
operation!(Add, add, add_f32s);
operation!(Sub, sub, sub_f32s);
operation!(Mul, mul, mul_f32s);
operation!(Div, div, div_f32s);

/// A vector of numbers that begins at a cache line, so that whole [`Lanes`] do not straddle two.
#[derive(Debug)]
pub struct Aligned<T> {
    storage: Vec<T>,
    start: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// A vector of these numbers.
    pub fn new(numbers: impl ExactSizeIterator<Item = T>) -> Self {
        let line = 64 / size_of::<T>();
        let mut storage: Vec<T> = Vec::with_capacity(numbers.len() + line);
        let start = storage.as_ptr().align_offset(64).min(line);
        storage.resize(start, T::default());
        storage.extend(numbers);
        Self { storage, start }
    }

    /// A vector of zeros.
    pub fn zeros(count: usize) -> Self {
        Self::new((0..count).map(|_| T::default()))
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.storage[self.start..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.start..]
    }
}

// Adding and subtracting 1.5 · 2²³ rounds a number below 2²² to the nearest integer.
const ROUND: f32 = 12_582_912.0;

/// 2ˣ to 3 · 10⁻⁶ relative, for x below 127; below −120 it is 2⁻¹²⁰.
#[inline(always)]
pub fn exp2<S: Simd>(x: Lanes<S>) -> Lanes<S> {
    exp2_in_range(x.max(Lanes::splat(x.simd, -120.0)))
}

/// [`exp2`] for x between −126 and 127.
#[inline(always)]
pub fn exp2_in_range<S: Simd>(x: Lanes<S>) -> Lanes<S> {
    let simd = x.simd;
    let shifted = x + ROUND;
    let r = x - (shifted - ROUND);
    // Pairs of terms, which do not wait for each other.
    let r2 = r * r;
    let p = r2.mul_add(0.009_570_102, r.mul_add(0.055_917_86, 0.240_247_45));
    let p = p.mul_add(r2, r.mul_add(0.693_121_8, 0.999_999_3));
    // The low bits of `shifted` are the integer part; adding them to the exponent multiplies.
    let whole =
        simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted.values), simd.splat_u32s(23));
    let bits = simd.add_u32s(simd.transmute_u32s_f32s(p.values), whole);
    Lanes { simd, values: simd.transmute_f32s_u32s(bits) }
}

/// cos 2πx to 3 · 10⁻⁷ absolute, for |x| < 2²¹.
#[inline(always)]
pub fn cos_cycles<S: Simd>(x: Lanes<S>) -> Lanes<S> {
    let fraction = x - ((x + ROUND) - ROUND);
    let s = Lanes::splat(x.simd, 0.25) - fraction.abs();
    let z = s * s;
    let p = z * 39.710_92 - 76.574_99;
    s * (z * (z * (z * p + 81.602_23) - 41.341_68) + std::f32::consts::TAU)
}

/// eˣ of one number, as [`exp2`].
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    exp2(Lanes::splat(Scalar, x * std::f32::consts::LOG2_E)).values
}

/// The natural logarithm of a positive normal number, to 2 · 10⁻⁷ of 1 + |ln x| (the polynomial is
/// that of `logf` in Moshier's Cephes library).
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let root = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    let offset = x.to_bits().wrapping_sub(root);
    let exponent = (offset as i32 >> 23) as f32;
    let f = f32::from_bits((offset & 0x007f_ffff).wrapping_add(root)) - 1.0;
    let p = f * 0.070_376_84 - 0.115_146_1;
    let p = f * (f * (f * (f * p + 0.116_769_99) - 0.124_201_41) + 0.142_493_23) - 0.166_680_58;
    let p = f * (f * (f * p + 0.200_007_15) - 0.25) + 0.333_333_3;
    let z = f * f;
    exponent * std::f32::consts::LN_2 + (f + (f * z * p - 0.5 * z))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(from: f64, to: f64, error: impl Fn(f32) -> f64) -> f64 {
        let at = |i: u32| from + (to - from) * f64::from(i) / 200_000.0;
        (0..=200_000).map(|i| error(at(i) as f32)).fold(0.0, f64::max)
    }

    #[test]
    fn elementary_functions_agree_with_double_precision() {
        let exp2_error = worst(-119.0, 126.0, |x| {
            let exact = libm::exp2(f64::from(x));
            (f64::from(exp2(Lanes::splat(Scalar, x)).values) - exact).abs() / exact
        });
        assert!(exp2_error < 3.0e-6, "{exp2_error:e}");
        let exp_error = worst(-10.0, 10.0, |x| {
            let exact = libm::exp(f64::from(x));
            (f64::from(exp(x)) - exact).abs() / exact
        });
        assert!(exp_error < 4.0e-6, "{exp_error:e}");
        let cos_error = worst(-2.0, 2.0, |x| {
            let exact = libm::cos(2.0 * std::f64::consts::PI * f64::from(x));
            (f64::from(cos_cycles(Lanes::splat(Scalar, x)).values) - exact).abs()
        });
        assert!(cos_error < 3.0e-7, "{cos_error:e}");
        let ln_error = worst(1.0e-6, 3.0, |x| {
            let exact = libm::log(f64::from(x));
            (f64::from(ln(x)) - exact).abs() / (1.0 + exact.abs())
        });
        assert!(ln_error < 2.0e-7, "{ln_error:e}");
    }

    #[test]
    fn the_smallest_power_is_as_good_as_0() {
        assert!(exp(-1.0e9) < 1.0e-36 && exp(f32::NEG_INFINITY) < 1.0e-36);
    }
}
