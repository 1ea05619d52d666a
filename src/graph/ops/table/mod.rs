//! The table of operations: what every known operation costs, by which formula, and why. It is the one place where an
//! operation is explained; a new operation is a new entry in one of the files. It may use the formulas beside it.
//!
//! Names are without overload, and without the underscore of an in-place variant. An operation that no entry names is
//! unknown to every convention.

mod entry;
mod moves;
mod normalisation;
mod pointwise;
mod products;
mod reductions;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use entry::{Locality, OpEntry, Work};

/// Every known operation, by kind.
static TABLE: [&[OpEntry]; 5] =
    [products::PRODUCTS, normalisation::NORMALISATION, pointwise::POINTWISE, reductions::REDUCTIONS, moves::MOVES];

fn all() -> impl Iterator<Item = &'static OpEntry> {
    TABLE.iter().copied().flatten()
}

static INDEX: LazyLock<HashMap<&'static str, &'static OpEntry>> =
    LazyLock::new(|| all().flat_map(|e| e.ops.iter().map(move |&op| (op, e))).collect());

/// The entry that explains an operation, by its name without overload, in place (`aten::relu_`) or not.
pub fn find(name: &str) -> Option<&'static OpEntry> {
    INDEX.get(name).or_else(|| INDEX.get(name.strip_suffix('_')?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_operation_is_explained_twice() {
        let mut seen = HashSet::new();
        for op in all().flat_map(|e| e.ops) {
            assert!(seen.insert(op), "{op}");
        }
    }

    #[test]
    fn every_entry_says_why() {
        for entry in all() {
            assert!(!entry.why.is_empty(), "{:?}", entry.ops);
            assert_eq!(entry.formula.is_empty(), matches!(entry.work, Work::Free), "{:?}", entry.ops);
        }
    }

    #[test]
    fn an_in_place_variant_is_the_same_operation() {
        assert!(std::ptr::eq(find("aten::relu_").unwrap(), find("aten::relu").unwrap()));
        assert!(find("aten::__and__").is_some());
        assert!(find("aten::equal").is_some(), "a program keeps the comparisons of its code");
        assert!(find("aten::relu__").is_none());
        assert!(find("esr::relu").is_none());
    }
}
