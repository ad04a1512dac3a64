//! Arithmetic as Python does it with `int` and `float`.

use std::fmt;

/// A number. An integer stays one as long as Python keeps it one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Python's `int`, as far as it fits into 64 bits.
    Integer(i64),
    /// Python's `float`.
    Float(f64),
}

/// The arithmetic of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Power => "**",
        })
    }
}

/// Why an operation has no result. Python raises an exception in all cases but the first, in which
/// it goes on with more than 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ArithmeticError {
    #[error("the result is an integer of more than 64 bits")]
    IntegerOverflow,
    #[error("division by zero")]
    DivisionByZero,
    #[error("zero has no negative power")]
    NegativePowerOfZero,
    #[error("a broken power of a negative number is not real")]
    NotReal,
    #[error("the power is too large for a float")]
    FloatOverflow,
}

impl Number {
    /// `self operator right`. True division gives a float, a power of integers an integer unless
    /// the exponent is negative.
    ///
    /// # Errors
    /// There is no result, or none that fits.
    pub fn apply(self, operator: Operator, right: Number) -> Result<Number, ArithmeticError> {
        if let (Number::Integer(a), Number::Integer(b)) = (self, right) {
            let exact = match operator {
                Operator::Add => a.checked_add(b),
                Operator::Subtract => a.checked_sub(b),
                Operator::Multiply => a.checked_mul(b),
                Operator::Divide => return quotient(a, b).map(Number::Float),
                Operator::Power if b < 0 => return power(a as f64, b as f64).map(Number::Float),
                Operator::Power => integer_power(a, b),
            };
            return exact.map(Number::Integer).ok_or(ArithmeticError::IntegerOverflow);
        }
        let (a, b) = (self.to_f64(), right.to_f64());
        let result = match operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide if b == 0.0 => return Err(ArithmeticError::DivisionByZero),
            Operator::Divide => a / b,
            Operator::Power => power(a, b)?,
        };
        Ok(Number::Float(result))
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Integer(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}

/// The float nearest to the true quotient, which two roundings of large integers would miss.
fn quotient(a: i64, b: i64) -> Result<f64, ArithmeticError> {
    if b == 0 {
        return Err(ArithmeticError::DivisionByZero);
    }
    let (numerator, denominator) = (u128::from(a.unsigned_abs()), u128::from(b.unsigned_abs()));
    let shift = if a == 0 { 0 } else { numerator.leading_zeros() };
    let shifted = numerator << shift;
    // At least 64 bits; the lowest says whether there is more below it.
    let digits = (shifted / denominator) | u128::from(shifted % denominator != 0);
    let size = digits as f64 / 2f64.powi(shift as i32);
    Ok(if (a < 0) == (b < 0) { size } else { -size })
}

fn integer_power(base: i64, exponent: i64) -> Option<i64> {
    match base {
        0 | 1 if exponent > 0 => Some(base),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn power(base: f64, exponent: f64) -> Result<f64, ArithmeticError> {
    if base == 0.0 && exponent < 0.0 {
        return Err(ArithmeticError::NegativePowerOfZero);
    }
    let result = base.powf(exponent);
    if base.is_finite() && exponent.is_finite() {
        if result.is_nan() {
            return Err(ArithmeticError::NotReal);
        }
        if result.is_infinite() {
            return Err(ArithmeticError::FloatOverflow);
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Number::{Float, Integer};
    use Operator::{Divide, Power};

    #[test]
    fn integers_stay_integers_where_python_keeps_them() {
        assert_eq!(Integer(7).apply(Operator::Multiply, Integer(6)), Ok(Integer(42)));
        assert_eq!(Integer(8).apply(Divide, Integer(4)), Ok(Float(2.0)));
        assert_eq!(Integer(2).apply(Power, Integer(10)), Ok(Integer(1024)));
        assert_eq!(Integer(2).apply(Power, Integer(-1)), Ok(Float(0.5)));
        assert_eq!(Integer(0).apply(Power, Integer(0)), Ok(Integer(1)));
        assert_eq!(Integer(-1).apply(Power, Integer(i64::MAX)), Ok(Integer(-1)));
    }

    #[test]
    fn a_quotient_is_rounded_once() {
        // Python: 9007199254740993 / 3 is 3002399751580331.0; 9223372036854775807 /
        // 9223372036854775805 is 1.0.
        assert_eq!(
            Integer(9_007_199_254_740_993).apply(Divide, Integer(3)),
            Ok(Float(3_002_399_751_580_331.0))
        );
        assert_eq!(Integer(i64::MAX).apply(Divide, Integer(i64::MAX - 2)), Ok(Float(1.0)));
        assert_eq!(Integer(0).apply(Divide, Integer(-5)), Ok(Float(-0.0)));
    }

    #[test]
    fn what_python_refuses_is_refused() {
        use ArithmeticError::{
            DivisionByZero, FloatOverflow, IntegerOverflow, NegativePowerOfZero, NotReal,
        };
        assert_eq!(Integer(1).apply(Divide, Integer(0)), Err(DivisionByZero));
        assert_eq!(Float(1.0).apply(Divide, Integer(0)), Err(DivisionByZero));
        assert_eq!(Integer(0).apply(Power, Integer(-1)), Err(NegativePowerOfZero));
        assert_eq!(Float(-8.0).apply(Power, Float(0.5)), Err(NotReal));
        assert_eq!(Float(10.0).apply(Power, Integer(400)), Err(FloatOverflow));
        assert_eq!(Integer(2).apply(Power, Integer(63)), Err(IntegerOverflow));
    }
}
