//! Rounding to printed decimals, and the interval that a printed number stands for.

/// `value` rounded to `decimals`, half to even on its exact binary value: what `format!` and Python's `round` print.
pub fn round_to(value: f64, decimals: usize) -> f64 {
    let scale = 10f64.powi(decimals as i32);
    let scaled = value * scale;
    if !scaled.is_finite() || scaled.abs() >= 1e15 {
        return value;
    }
    // Far from a half, the product's own error cannot matter; near it, only the exact decimal expansion decides.
    if (scaled.fract().abs() - 0.5).abs() > 1e-6 {
        return scaled.round() / scale;
    }
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

/// A printed number: its value and half a unit of its last digit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// The number as printed.
    pub value: f64,
    /// Half a unit of the last printed digit: the true value lies within it.
    pub half: f64,
}

impl Printed {
    /// Reads `28.95`, `7`, `383.46e1`.
    pub fn parse(text: &str) -> Option<Printed> {
        let text = text.trim();
        let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let decimals = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len()) as i32;
        let exponent: i32 = exponent.parse().ok()?;
        Some(Printed { value, half: 0.5 * 10f64.powi(exponent.saturating_sub(decimals)) })
    }

    /// The least value that prints so.
    pub fn low(self) -> f64 {
        self.value - self.half
    }

    /// The greatest value that prints so.
    pub fn high(self) -> f64 {
        self.value + self.half
    }

    /// Whether a value within `low..=high` prints so; the slack covers the binary representation of decimals.
    pub fn meets(self, low: f64, high: f64) -> bool {
        let slack = 1e-9 * self.value.abs().max(self.half);
        low <= self.high() + slack && high >= self.low() - slack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_exact_binary_value() {
        assert_eq!(round_to(26.896448, 2), 26.9);
        assert_eq!(round_to(26.894999, 2), 26.89);
        // 1.005 and 1.115 lie below the half in binary, 0.125 exactly on it.
        assert_eq!(round_to(1.005, 2), 1.0);
        assert_eq!(round_to(1.115, 2), 1.11);
        assert_eq!(round_to(0.125, 2), 0.12);
        assert_eq!(round_to(1e300, 3), 1e300);
        assert!(round_to(f64::NAN, 2).is_nan());
    }

    #[test]
    fn a_printed_number_stands_for_an_interval() {
        let p = Printed::parse("383.46e1").unwrap();
        assert_eq!((p.value, p.half), (3834.6, 0.05));
        assert_eq!(Printed::parse("7").unwrap().half, 0.5);
        assert!(Printed::parse("28.95").unwrap().meets(28.9451, 28.9452));
        assert!(!Printed::parse("28.95").unwrap().meets(28.94, 28.9449));
        assert_eq!(Printed::parse("abc"), None);
        assert_eq!(Printed::parse("inf"), None);
    }
}
