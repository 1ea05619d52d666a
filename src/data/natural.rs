//! The order in which people number files: `img2` before `img10`.

use std::cmp::Ordering;

/// Compares names so that runs of digits count as numbers. A total order: names that differ are never equal.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    alphanumeric_sort::compare_str(a, b)
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
        assert_eq!(sorted(vec!["b", "a10", "a", "a01", "a1"]), ["a", "a1", "a01", "a10", "b"]);
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in "[a-b0-2é中]{0,6}", b in "[a-b0-2é中]{0,6}", c in "[a-b0-2é中]{0,6}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            if compare(&a, &b).is_lt() && compare(&b, &c).is_lt() {
                prop_assert!(compare(&a, &c).is_lt());
            }
        }
    }
}
