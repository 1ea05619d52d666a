//! `einsum`: its MACs as libtorch contracts, and as fvcore estimates them through numpy's `einsum_path`.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::ops::call::{Call, product};

/// Index letters of one operand. An ellipsis becomes capital letters, one a dimension, counted from the end.
type Letters = Vec<char>;

struct Einsum {
    operands: Vec<Letters>,
    output: BTreeSet<char>,
    sizes: BTreeMap<char, u64>,
}

/// MACs: operands are contracted from left to right (what libtorch does without a path), each contraction multiplies
/// once for every combination of the indices that take part.
pub(crate) fn macs(call: &Call<'_>) -> Option<u64> {
    let e = Einsum::of(call)?;
    let mut sets: Vec<BTreeSet<char>> = e.operands.iter().map(|o| o.iter().copied().collect()).collect();
    if sets.len() == 1 {
        return Some(0);
    }
    let mut total = 0_u64;
    while sets.len() > 1 {
        let (all, kept) = e.contract(&sets, &[0, 1]);
        total = total.saturating_add(e.size(&all));
        sets.drain(..2);
        sets.insert(0, kept);
    }
    Some(total)
}

/// As fvcore counts: two forms of batched products by their MACs, everything else as half of numpy's "optimized FLOP
/// count", which is printed with four digits and read back.
pub(crate) fn fvcore(call: &Call<'_>) -> Option<u64> {
    let e = Einsum::of(call)?;
    let shapes = call.shapes("tensors").or_else(|| call.shapes("operands"))?;
    match canonical(call.text("equation")?).as_str() {
        "abc,abd->acd" => return Some(product(shapes[0]).saturating_mul(product(&shapes[1][2..]))),
        "abc,adc->adb" => return Some(product(shapes[0]).saturating_mul(product(&shapes[1][1..2]))),
        _ => {}
    }
    let sets: Vec<BTreeSet<char>> = e.operands.iter().map(|o| o.iter().copied().collect()).collect();
    let limit = sets.iter().chain([&e.output]).map(|s| e.size(s)).max()?;
    let flops = match sets.len() {
        1 | 2 => e.numpy_cost(&sets, &(0..sets.len()).collect::<Vec<_>>()),
        3..=5 => e.cheapest(&sets, limit)?,
        _ => return None,
    };
    let printed: f64 = format!("{:.3e}", flops.saturating_add(1) as f64).parse().ok()?;
    Some((printed / 2.0).floor() as u64)
}

/// The equation with its letters renamed in order of appearance.
fn canonical(equation: &str) -> String {
    let mut names = BTreeMap::new();
    equation
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| {
            if !c.is_alphabetic() {
                return c;
            }
            let next = char::from(b'a' + (names.len() % 26) as u8);
            *names.entry(c).or_insert(next)
        })
        .collect()
}

impl Einsum {
    fn of(call: &Call<'_>) -> Option<Einsum> {
        let equation: String = call.text("equation")?.chars().filter(|c| *c != ' ').collect();
        let shapes = call.shapes("tensors").or_else(|| call.shapes("operands"))?;
        let (left, right) = match equation.split_once("->") {
            Some((l, r)) => (l.to_owned(), Some(r.to_owned())),
            None => (equation, None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != shapes.len() || terms.is_empty() {
            return None;
        }
        let mut sizes = BTreeMap::new();
        let mut operands = Vec::new();
        for (term, shape) in terms.iter().zip(&shapes) {
            let letters = spell(term, shape.len())?;
            for (&letter, &n) in letters.iter().zip(*shape) {
                let n = n.max(0) as u64;
                let known = sizes.entry(letter).or_insert(n);
                *known = (*known).max(n);
            }
            operands.push(letters);
        }
        let ellipsis: BTreeSet<char> = sizes.keys().copied().filter(|c| is_ellipsis(*c)).collect();
        let output = match right {
            Some(term) => {
                let mut set: BTreeSet<char> = term.chars().filter(|c| c.is_alphabetic()).collect();
                if term.contains("...") {
                    set.extend(&ellipsis);
                }
                set
            }
            // Without an arrow: the letters that occur once.
            None => sizes
                .keys()
                .copied()
                .filter(|c| is_ellipsis(*c) || operands.iter().flatten().filter(|o| *o == c).count() == 1)
                .collect(),
        };
        output.iter().all(|c| sizes.contains_key(c)).then_some(Einsum { operands, output, sizes })
    }

    fn size(&self, set: &BTreeSet<char>) -> u64 {
        set.iter().fold(1_u64, |p, c| p.saturating_mul(self.sizes[c]))
    }

    /// Contracting the operands `which`: the indices that take part, and those of the result.
    fn contract(&self, sets: &[BTreeSet<char>], which: &[usize]) -> (BTreeSet<char>, BTreeSet<char>) {
        let all: BTreeSet<char> = which.iter().flat_map(|&i| sets[i].iter().copied()).collect();
        let mut needed = self.output.clone();
        for (i, set) in sets.iter().enumerate() {
            if !which.contains(&i) {
                needed.extend(set);
            }
        }
        let kept = all.intersection(&needed).copied().collect();
        (all, kept)
    }

    /// numpy's `_flop_count`: a multiplication for every further operand, an addition where an index is summed.
    fn numpy_cost(&self, sets: &[BTreeSet<char>], which: &[usize]) -> u64 {
        let (all, kept) = self.contract(sets, which);
        let factor = (which.len() as u64 - 1).max(1) + u64::from(kept.len() < all.len());
        self.size(&all).saturating_mul(factor)
    }

    /// The cheapest order of pairwise contractions whose results stay within `limit` elements.
    fn cheapest(&self, sets: &[BTreeSet<char>], limit: u64) -> Option<u64> {
        if sets.len() == 1 {
            return Some(0);
        }
        let mut best = None;
        for i in 0..sets.len() {
            for j in i + 1..sets.len() {
                let (_, kept) = self.contract(sets, &[i, j]);
                if self.size(&kept) > limit {
                    continue;
                }
                let cost = self.numpy_cost(sets, &[i, j]);
                let mut rest: Vec<_> =
                    sets.iter().enumerate().filter(|(n, _)| *n != i && *n != j).map(|(_, s)| s.clone()).collect();
                rest.push(kept);
                if let Some(more) = self.cheapest(&rest, limit) {
                    best = Some(best.unwrap_or(u64::MAX).min(cost.saturating_add(more)));
                }
            }
        }
        // numpy then contracts all that is left at once.
        best.or_else(|| Some(self.numpy_cost(sets, &(0..sets.len()).collect::<Vec<_>>())))
    }
}

fn is_ellipsis(c: char) -> bool {
    ('\u{e000}'..='\u{e0ff}').contains(&c)
}

/// One letter a dimension; those under an ellipsis come from a private range, counted from the end.
fn spell(term: &str, rank: usize) -> Option<Letters> {
    let named = term.chars().filter(|c| c.is_alphabetic()).count();
    let Some((before, after)) = term.split_once("...") else {
        return (named == rank).then(|| term.chars().collect());
    };
    let hidden = rank.checked_sub(named)?;
    let ellipsis = (0..hidden).rev().filter_map(|n| char::from_u32(0xe000 + n as u32));
    Some(before.chars().chain(ellipsis).chain(after.chars()).collect())
}
