//! The order in which people number files: `img2` before `img10`.

use std::cmp::Ordering;

/// Compares names so that runs of digits count as numbers. A total order: names that differ are never equal.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    while let (Some(&first), Some(&second)) = (x.first(), y.first()) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (m, rest_x) = number(x);
            let (n, rest_y) = number(y);
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => (x, y) = (rest_x, rest_y),
                unequal => return unequal,
            }
        } else if first == second {
            (x, y) = (&x[1..], &y[1..]);
        } else {
            return first.cmp(&second);
        }
    }
    // Equal but for leading zeros, or one is the other's beginning.
    x.len().cmp(&y.len()).then_with(|| a.cmp(b))
}

/// A run of digits without its leading zeros, and what follows.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let start = text[..end].iter().position(|&c| c != b'0').unwrap_or(end);
    (&text[start..end], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(mut names: Vec<&str>) -> Vec<&str> {
        names.sort_by(|a, b| compare(a, b));
        names
    }

    #[test]
    fn numbers_count_as_numbers() {
        assert_eq!(sorted(vec!["img10", "img2", "img1"]), ["img1", "img2", "img10"]);
        assert_eq!(sorted(vec!["000010", "0901", "9", "0801"]), ["9", "000010", "0801", "0901"]);
        assert_eq!(sorted(vec!["b", "a10", "a", "a01", "a1"]), ["a", "a01", "a1", "a10", "b"]);
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in "[a-b0-2]{0,6}", b in "[a-b0-2]{0,6}", c in "[a-b0-2]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            if compare(&a, &b).is_lt() && compare(&b, &c).is_lt() {
                prop_assert!(compare(&a, &c).is_lt());
            }
        }
    }
}
