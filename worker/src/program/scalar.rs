//! Python's arithmetic on sizes: the nodes of an exported graph that compute with symbolic integers.

use super::dispatch::Value;

/// A number or a truth value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar {
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Scalar {
    fn float(self) -> f64 {
        match self {
            Scalar::Int(i) => i as f64,
            Scalar::Float(f) => f,
            Scalar::Bool(b) => f64::from(u8::from(b)),
        }
    }

    fn truth(self) -> bool {
        self.float() != 0.0
    }

    pub(super) fn value(self) -> Value {
        match self {
            Scalar::Int(i) => Value::Int(i),
            Scalar::Float(f) => Value::Float(f),
            Scalar::Bool(b) => Value::Bool(b),
        }
    }
}

/// Evaluates `target` (`_operator.floordiv`, `torch.sym_max`, ...); `None` where it is unknown or undefined.
pub(super) fn evaluate(target: &str, args: &[Scalar]) -> Option<Scalar> {
    use Scalar::{Bool, Float, Int};
    let name = target.rsplit('.').next().unwrap_or(target);
    Some(match (name, args) {
        ("add", &[Int(a), Int(b)]) => Int(a.checked_add(b)?),
        ("sub", &[Int(a), Int(b)]) => Int(a.checked_sub(b)?),
        ("mul", &[Int(a), Int(b)]) => Int(a.checked_mul(b)?),
        ("floordiv", &[Int(a), Int(b)]) => Int(floor_div(a, b)?),
        ("mod", &[Int(a), Int(b)]) => Int(a.checked_sub(b.checked_mul(floor_div(a, b)?)?)?),
        ("pow", &[Int(a), Int(b)]) if b >= 0 => Int(a.checked_pow(u32::try_from(b).ok()?)?),
        ("neg", &[Int(a)]) => Int(a.checked_neg()?),
        ("add", &[a, b]) => Float(a.float() + b.float()),
        ("sub", &[a, b]) => Float(a.float() - b.float()),
        ("mul", &[a, b]) => Float(a.float() * b.float()),
        ("truediv", &[a, b]) if b.float() != 0.0 => Float(a.float() / b.float()),
        ("floordiv", &[a, b]) if b.float() != 0.0 => Float((a.float() / b.float()).floor()),
        ("pow", &[a, b]) => Float(a.float().powf(b.float())),
        ("neg", &[a]) => Float(-a.float()),
        ("sym_max" | "max", &[Int(a), Int(b)]) => Int(a.max(b)),
        ("sym_min" | "min", &[Int(a), Int(b)]) => Int(a.min(b)),
        ("sym_max" | "max", &[a, b]) => Float(a.float().max(b.float())),
        ("sym_min" | "min", &[a, b]) => Float(a.float().min(b.float())),
        ("trunc" | "sym_int", &[a]) => Int(a.float().trunc() as i64),
        ("floor", &[a]) => Int(a.float().floor() as i64),
        ("ceil", &[a]) => Int(a.float().ceil() as i64),
        ("round", &[a]) => Int(a.float().round_ties_even() as i64),
        ("sym_float", &[a]) => Float(a.float()),
        ("sqrt" | "_sym_sqrt", &[a]) => Float(a.float().sqrt()),
        ("eq", &[a, b]) => Bool(a.float() == b.float()),
        ("ne", &[a, b]) => Bool(a.float() != b.float()),
        ("lt", &[a, b]) => Bool(a.float() < b.float()),
        ("le", &[a, b]) => Bool(a.float() <= b.float()),
        ("gt", &[a, b]) => Bool(a.float() > b.float()),
        ("ge", &[a, b]) => Bool(a.float() >= b.float()),
        ("and_", &[a, b]) => Bool(a.truth() && b.truth()),
        ("or_", &[a, b]) => Bool(a.truth() || b.truth()),
        ("not_" | "sym_not", &[a]) => Bool(!a.truth()),
        ("sym_ite", &[c, a, b]) => {
            if c.truth() {
                a
            } else {
                b
            }
        }
        _ => return None,
    })
}

/// Python's `//`, which rounds down.
fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

#[cfg(test)]
mod tests {
    use super::Scalar::{Bool, Float, Int};
    use super::*;

    #[test]
    fn division_and_remainder_follow_python() {
        for (a, b, quotient, remainder) in
            [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (-8, 2, -4, 0)]
        {
            assert_eq!(evaluate("_operator.floordiv", &[Int(a), Int(b)]), Some(Int(quotient)), "{a} // {b}");
            assert_eq!(evaluate("_operator.mod", &[Int(a), Int(b)]), Some(Int(remainder)), "{a} % {b}");
        }
    }

    #[test]
    fn nothing_panics_where_python_would_raise() {
        assert_eq!(evaluate("_operator.floordiv", &[Int(1), Int(0)]), None);
        assert_eq!(evaluate("_operator.mul", &[Int(i64::MAX), Int(2)]), None);
        assert_eq!(evaluate("_operator.mod", &[Int(i64::MIN), Int(-1)]), None);
        assert_eq!(evaluate("math.frobnicate", &[Int(1)]), None);
    }

    #[test]
    fn mixed_numbers_become_floats() {
        assert_eq!(evaluate("_operator.truediv", &[Int(7), Int(2)]), Some(Float(3.5)));
        assert_eq!(evaluate("math.trunc", &[Float(-3.5)]), Some(Int(-3)));
        assert_eq!(evaluate("_operator.le", &[Int(2), Float(2.0)]), Some(Bool(true)));
    }
}
