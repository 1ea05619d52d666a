//! One entry of the table of operations.

use crate::graph::ops::cost::Formula;

/// The costs and the locality of some operations.
#[derive(Clone, Copy)]
pub struct OpEntry {
    /// Their names: composite and decomposed forms of the same work share an entry.
    pub ops: &'static [&'static str],
    /// Their work.
    pub work: Work,
    /// The formula of `work` in words; empty where nothing is computed.
    pub formula: &'static str,
    /// fvcore's handle for them; without one, fvcore counts nothing.
    pub fvcore: Option<Formula>,
    /// The module classes whose call the challenge's hook counts when one of these operations runs directly inside.
    pub modules: &'static [&'static str],
    /// How places of the result depend on places of the arguments.
    pub locality: Locality,
    /// Why it is counted as it is.
    pub why: &'static str,
}

/// The work of an operation.
#[derive(Clone, Copy)]
pub enum Work {
    /// Multiply-accumulates.
    Macs(Formula),
    /// Other arithmetic: so many operations an output element. A transcendental function is one.
    PerOutput(u64),
    /// Other arithmetic: so many operations an input element.
    PerInput(u64),
    /// Other arithmetic by a formula.
    Arithmetic(Formula),
    /// No arithmetic: it moves data, views it in another shape, creates it, or reads its size.
    Free,
}

/// How pixels of the result depend on pixels of the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locality {
    /// The same place of each argument; size 1 is broadcast.
    Same,
    /// A window that slides: convolutions and poolings.
    Window,
    /// A transposed convolution.
    Spread,
    /// Interpolation over so many neighbours to each side: 0 nearest, 1 linear, 2 cubic.
    Resize(i64),
    /// Channels become pixels.
    Shuffle,
    /// Pixels become channels.
    Unshuffle,
    /// Sums over the dimensions that the arguments name; over all without such an argument.
    Reduce,
    /// Each result sums over the last dimensions, as many as the argument `normalized_shape` has.
    MixLast,
    /// A product of matrices: sums over the left operand's last dimension.
    Product,
    /// Another order of dimensions.
    Permute,
    /// The same elements in another shape.
    Reshape,
    /// A part of a dimension.
    Part,
    /// Borders added, or cropped where negative.
    Pad,
    /// A concatenation.
    Cat,
    /// A cyclic shift.
    Roll,
    /// It depends on no pixel: created data, or a size.
    Nothing,
    /// Every pixel may depend on every other.
    Whole,
}

pub(super) const fn entry(
    ops: &'static [&'static str],
    work: Work,
    formula: &'static str,
    locality: Locality,
) -> OpEntry {
    OpEntry { ops, work, formula, fvcore: None, modules: &[], locality, why: "" }
}

pub(super) const fn pointwise(ops: &'static [&'static str], each: u64, why: &'static str) -> OpEntry {
    let formula = match each {
        1 => "output elements",
        2 => "2 x output elements",
        3 => "3 x output elements",
        _ => "4 x output elements",
    };
    entry(ops, Work::PerOutput(each), formula, Locality::Same).why(why)
}

pub(super) const fn free(ops: &'static [&'static str], locality: Locality, why: &'static str) -> OpEntry {
    entry(ops, Work::Free, "", locality).why(why)
}

impl OpEntry {
    pub(super) const fn why(self, why: &'static str) -> OpEntry {
        OpEntry { why, ..self }
    }

    pub(super) const fn fvcore(self, handle: Formula) -> OpEntry {
        OpEntry { fvcore: Some(handle), ..self }
    }

    pub(super) const fn modules(self, modules: &'static [&'static str]) -> OpEntry {
        OpEntry { modules, ..self }
    }
}
