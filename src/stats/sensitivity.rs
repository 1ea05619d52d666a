//! Would another protocol, another edition's rules, another convention of FLOPs or another estimator change the top places?

use serde::{Deserialize, Serialize};

/// One ranking, by whatever it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Alternative {
    /// What is different: `published protocol`, `rules of ntire2024`, `FLOPs by fvcore`.
    pub name: String,
    /// Every ranked entry with its place.
    pub places: Vec<(String, u32)>,
}

/// The top places of one ranking beside those of the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Changed {
    /// What is different.
    pub name: String,
    /// The entries at the top places, best first, with their places.
    pub top: Vec<(String, u32)>,
    /// Those that are not at the top of the reference.
    pub joined: Vec<String>,
    /// Those that are at the top of the reference alone.
    pub left: Vec<String>,
    /// Whether the top is the same, places included.
    pub same: bool,
    /// Entries that only one of the two rankings has: the top cannot be compared fairly.
    pub not_in_both: Vec<String>,
}

/// One row for each alternative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sensitivity {
    /// The reference's top, best first.
    pub reference: Changed,
    /// The others, in the order given.
    pub alternatives: Vec<Changed>,
}

impl Sensitivity {
    /// Whether every alternative has the same top.
    pub fn stable(&self) -> bool {
        self.alternatives.iter().all(|a| a.same)
    }
}

/// Compares the places up to `top` of each alternative with the reference's.
pub fn sensitivity(reference: &Alternative, alternatives: &[Alternative], top: u32) -> Sensitivity {
    let row = |other: &Alternative| changed(reference, other, top);
    Sensitivity { reference: row(reference), alternatives: alternatives.iter().map(row).collect() }
}

fn changed(reference: &Alternative, other: &Alternative, top: u32) -> Changed {
    let (of_reference, of_other) = (at_top(reference, top), at_top(other, top));
    let lacks = |all: &[(String, u32)], name: &str| !all.iter().any(|(n, _)| n == name);
    let without = |a: &[(String, u32)], b: &[(String, u32)]| -> Vec<String> {
        a.iter().filter(|(name, _)| lacks(b, name)).map(|(name, _)| name.clone()).collect()
    };
    let mut not_in_both = without(&reference.places, &other.places);
    not_in_both.extend(without(&other.places, &reference.places));
    Changed {
        name: other.name.clone(),
        joined: without(&of_other, &of_reference),
        left: without(&of_reference, &of_other),
        same: of_other == of_reference,
        top: of_other,
        not_in_both,
    }
}

/// Entries that share a place come in the order of their names, so that equal tops are equal.
fn at_top(ranking: &Alternative, top: u32) -> Vec<(String, u32)> {
    let mut out: Vec<(String, u32)> = ranking.places.iter().filter(|(_, place)| *place <= top).cloned().collect();
    out.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(name: &str, names: &str) -> Alternative {
        Alternative { name: name.into(), places: names.chars().map(String::from).zip(1..).collect() }
    }

    #[test]
    fn who_joins_and_who_leaves() {
        let s = sensitivity(
            &ranking("now", "abcde"),
            &[ranking("same", "abced"), ranking("other", "bacde"), ranking("third", "abdce")],
            3,
        );
        assert_eq!(s.alternatives.iter().map(|a| a.same).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!((s.alternatives[2].joined.join(""), s.alternatives[2].left.join("")), ("d".into(), "c".into()));
        assert!(s.alternatives[1].joined.is_empty() && !s.stable());
        assert!(s.reference.same);
    }

    #[test]
    fn an_entry_that_one_ranking_lacks_is_named_and_shared_places_have_no_order() {
        let mut shared = ranking("shared", "ab");
        shared.places[1].1 = 1;
        let mut turned = shared.clone();
        turned.places.reverse();
        assert!(sensitivity(&shared, &[turned], 3).stable());
        assert_eq!(sensitivity(&shared, &[ranking("more", "abc")], 1).alternatives[0].not_in_both, ["c"]);
    }
}
