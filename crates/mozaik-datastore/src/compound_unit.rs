//! Compound units, which `quantities` pickles by their name alone: `10*ms`, `1/kHz`, `(ms/mV)*V`.

use crate::scale::Scale;

/// Brackets may be nested so deep.
const DEEPEST: usize = 16;

/// What the name of a compound unit is worth: products, quotients and whole powers of numbers and
/// of units of time. `None` for anything else.
pub(crate) fn parse(name: &str) -> Option<Scale> {
    let mut parser = Parser { rest: name };
    let scale = parser.product(0)?;
    parser.peek().is_none().then_some(scale)
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn accept(&mut self, wanted: &str) -> bool {
        self.peek();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The longest beginning of such letters.
    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn product(&mut self, depth: usize) -> Option<Scale> {
        let mut product = self.power(depth)?;
        loop {
            let exponent = if self.accept("*") {
                1.0
            } else if self.accept("/") {
                -1.0
            } else {
                return Some(product);
            };
            product = product.times(&self.power(depth)?, exponent);
        }
    }

    fn power(&mut self, depth: usize) -> Option<Scale> {
        let base = self.factor(depth)?;
        if !self.accept("**") {
            return Some(base);
        }
        let sign = if self.accept("-") { -1.0 } else { 1.0 };
        self.peek();
        let exponent: f64 = self.take(|c| c.is_ascii_digit()).parse().ok()?;
        Some(Scale::number(1.0).times(&base, sign * exponent))
    }

    fn factor(&mut self, depth: usize) -> Option<Scale> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            '(' => {
                self.accept("(");
                let inside = self.product(depth + 1)?;
                self.accept(")").then_some(inside)
            }
            c if c.is_ascii_digit() || c == '.' => self.number().map(Scale::number),
            _ => Scale::known(self.take(|c| c.is_ascii_alphanumeric() || c == '_')),
        }
    }

    /// Digits with a point and an exponent: `1e-3`.
    fn number(&mut self) -> Option<f64> {
        let start = self.rest;
        self.take(|c| c.is_ascii_digit() || c == '.');
        if self.rest.starts_with(['e', 'E']) {
            self.rest = &self.rest[1..];
            self.rest = self.rest.strip_prefix(['+', '-']).unwrap_or(self.rest);
            self.take(|c| c.is_ascii_digit());
        }
        start[..start.len() - self.rest.len()].parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_worth_what_they_say() {
        let seconds = |name| parse(name).and_then(|scale| scale.in_seconds_to(1.0));
        assert_eq!(seconds("10*ms"), Some(0.01));
        assert_eq!(seconds("1/kHz"), Some(1e-3));
        assert_eq!(seconds(" ( min / s ) * 2.5e+1 * us "), Some(60.0 * 25.0 * 1e-6));
        assert_eq!(seconds("s**2*Hz"), Some(1.0));
        assert_eq!(seconds("1/(4*Hz)**1"), Some(0.25));
        assert_eq!(parse("ms**-1").and_then(|scale| scale.in_seconds_to(-1.0)), Some(1e3));
        for other in ["", "mV", "ms**", "10*", "(ms", "ms)", "ms ms", "1/0*s", "__import__('os')"] {
            assert_eq!(seconds(other), None, "{other}");
        }
        assert_eq!(seconds(&"(".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn any_name_is_read_or_refused(name in r"[0-9.eE()*/ +\-msHzk\PC]{0,60}") {
            parse(&name);
        }

        #[test]
        fn products_are_what_their_factors_make(
            factors in prop::collection::vec((0..4_usize, -3..=3_i32), 1..6),
        ) {
            const UNITS: [(&str, f64, i32); 4] =
                [("ms", 1e-3, 1), ("min", 60.0, 1), ("kHz", 1e3, -1), ("7.5", 7.5, 0)];
            let named = |&(unit, power): &(usize, i32)| format!("{}**{power}", UNITS[unit].0);
            let name = factors.iter().map(named).collect::<Vec<_>>().join(" * ");
            let (mut factor, mut exponent) = (1.0, 0);
            for (unit, power) in factors {
                factor *= UNITS[unit].1.powi(power);
                exponent += UNITS[unit].2 * power;
            }
            let found = parse(&name).unwrap();
            if exponent == 0 {
                prop_assert_eq!(found.in_seconds_to(1.0), None);
            } else {
                let found = found.in_seconds_to(f64::from(exponent)).unwrap();
                prop_assert!((found / factor - 1.0).abs() < 1e-12, "{} {} {}", name, found, factor);
            }
        }
    }
}
