//! Letters for what cannot be told apart.

/// Letters by which two entries share one exactly if they are not told apart (Piepho 2004: insert and absorb). `apart(i, j)` is
/// symmetric; entries come in the order in which letters are to be given.
pub fn letters(count: usize, apart: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut groups: Vec<Vec<bool>> = vec![vec![true; count]];
    for i in 0..count {
        for j in i + 1..count {
            if !apart(i, j) {
                continue;
            }
            let (both, mut kept): (Vec<_>, Vec<_>) = groups.into_iter().partition(|g| g[i] && g[j]);
            for group in both {
                for leave in [i, j] {
                    let mut half = group.clone();
                    half[leave] = false;
                    let covers = |g: &Vec<bool>| g.iter().zip(&half).all(|(has, needs)| *has || !needs);
                    if !kept.iter().any(covers) {
                        kept.push(half);
                    }
                }
            }
            groups = kept;
        }
    }
    // A group inserted early may be part of a later one.
    let whole = groups.clone();
    let covered = |g: &Vec<bool>, other: &Vec<bool>| g != other && g.iter().zip(other).all(|(a, b)| *b || !a);
    groups.retain(|g| !whole.iter().any(|other| covered(g, other)));
    groups.sort_by_key(|g| g.iter().position(|&member| member));
    (0..count)
        .map(|entry| groups.iter().enumerate().filter(|(_, g)| g[entry]).map(|(index, _)| letter(index)).collect())
        .collect()
}

/// a to z, then a2 to z2, ...
fn letter(index: usize) -> String {
    let first = char::from(b'a' + (index % 26) as u8);
    if index < 26 { first.to_string() } else { format!("{first}{}", index / 26 + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_say_exactly_who_is_told_apart() {
        // A chain: neighbours are alike, others are not.
        assert_eq!(letters(4, |i, j| i.abs_diff(j) > 1), ["a", "ab", "bc", "c"]);
        assert_eq!(letters(3, |_, _| true), ["a", "b", "c"]);
        assert_eq!(letters(3, |_, _| false), ["a", "a", "a"]);
        assert!(letters(0, |_, _| true).is_empty());
        // Not an order: 0 and 2 are alike, 1 differs from both.
        assert_eq!(letters(3, |i, j| i == 1 || j == 1), ["a", "b", "a"]);
        assert_eq!(letter(27), "b2");
    }

    proptest::proptest! {
        #[test]
        fn a_shared_letter_means_not_apart(bits in proptest::collection::vec(proptest::bool::weighted(0.7), 28)) {
            let apart = |i: usize, j: usize| { let (i, j) = (i.min(j), i.max(j)); bits[j * (j - 1) / 2 + i] };
            let groups = letters(8, apart);
            for j in 0..8 {
                for i in 0..j {
                    let share = groups[i].chars().any(|c| groups[j].contains(c));
                    proptest::prop_assert_eq!(share, !apart(i, j));
                }
            }
        }
    }
}
