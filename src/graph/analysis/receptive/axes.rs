//! Which dimension of each tensor is the image's height, and which its width.

use crate::graph::ops::call::Call;
use crate::graph::ops::opgraph::OpGraph;
use crate::graph::ops::table;
use crate::graph::ops::table::Locality;

/// What a dimension is to the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tag {
    /// Nothing: batch, channels, heads.
    #[default]
    None,
    /// Rows.
    Height,
    /// Columns.
    Width,
    /// Both, as one list of so many rows and columns: tokens.
    Pixels(i64, i64),
}

/// The tags of a tensor's dimensions.
pub(crate) type Tags = Vec<Tag>;

/// Rows and columns of a tensor, where it has them.
pub(crate) fn extents(tags: &[Tag], shape: &[i64]) -> [Option<i64>; 2] {
    let mut found = [None, None];
    for (tag, &n) in tags.iter().zip(shape) {
        match *tag {
            Tag::None => {}
            Tag::Height => found[0] = Some(n),
            Tag::Width => found[1] = Some(n),
            Tag::Pixels(h, w) => found = [Some(h), Some(w)],
        }
    }
    found
}

/// A dimension counted from the end may be negative.
pub(crate) fn normal(dim: i64, rank: usize) -> Option<usize> {
    let dim = if dim < 0 { dim.checked_add(rank as i64)? } else { dim };
    usize::try_from(dim).ok().filter(|&d| d < rank.max(1))
}

/// Tags of every tensor, from the input's (N, C, H, W) on.
pub(crate) fn of_all(graph: &OpGraph, input: usize) -> Vec<Tags> {
    let mut tags: Vec<Tags> = graph.tensors.iter().map(|t| vec![Tag::None; t.shape.len()]).collect();
    if tags[input].len() == 4 {
        tags[input][2] = Tag::Height;
        tags[input][3] = Tag::Width;
    }
    for index in 0..graph.ops.len() {
        let call = Call { graph, index };
        let locality = table::find(&call.op().name).map_or(Locality::Whole, |e| e.locality);
        for &out in &call.op().outputs {
            // An in-place result keeps what it is.
            if out < tags.len() && tags[out].iter().all(|t| *t == Tag::None) {
                tags[out] = result(&call, locality, &tags, out);
            }
        }
    }
    tags
}

fn result(call: &Call<'_>, locality: Locality, tags: &[Tags], out: usize) -> Tags {
    let shape = &call.graph.tensors[out].shape;
    let rank = shape.len();
    let inputs = call.op().inputs();
    let lost = || vec![Tag::None; rank];
    let first = || inputs.first().filter(|&&t| t < tags.len()).map(|&t| (t, &tags[t]));
    match locality {
        Locality::Nothing => lost(),
        Locality::Product => product(&inputs, tags, rank).unwrap_or_else(lost),
        Locality::Permute => {
            first().and_then(|(_, t)| permuted(call, t)).filter(|t| t.len() == rank).unwrap_or_else(lost)
        }
        Locality::Reshape => first().map_or_else(lost, |(t, tags)| reshaped(tags, &call.graph.tensors[t].shape, shape)),
        Locality::Reduce | Locality::Part if first().is_some_and(|(_, t)| t.len() != rank) => {
            let Some((_, from)) = first() else { return lost() };
            let dims = call.ints(&["dim"]).unwrap_or_default();
            let gone: Vec<usize> = dims.iter().filter_map(|&d| normal(d, from.len())).collect();
            let kept: Tags = from.iter().enumerate().filter(|(i, _)| !gone.contains(i)).map(|(_, t)| *t).collect();
            if kept.len() == rank { kept } else { lost() }
        }
        Locality::Cat if first().is_some_and(|(_, t)| t.len() + 1 == rank) => {
            let Some((_, from)) = first() else { return lost() };
            let mut tags = from.clone();
            match call.int(&["dim"]).or(Some(0)).and_then(|d| normal(d, rank)) {
                Some(at) => tags.insert(at, Tag::None),
                None => return lost(),
            }
            tags
        }
        _ => aligned(&inputs, tags, rank),
    }
}

/// As broadcasting aligns: from the last dimension on.
fn aligned(inputs: &[usize], tags: &[Tags], rank: usize) -> Tags {
    let mut out = vec![Tag::None; rank];
    for &t in inputs.iter().filter(|&&t| t < tags.len()) {
        for (to, from) in out.iter_mut().rev().zip(tags[t].iter().rev()) {
            if *to == Tag::None {
                *to = *from;
            }
        }
    }
    out
}

fn product(inputs: &[usize], tags: &[Tags], rank: usize) -> Option<Tags> {
    // `addmm` and its kin have the addend first.
    let [.., left, right] = inputs else { return None };
    let (left, right) = (tags.get(*left)?, tags.get(*right)?);
    if left.len() < 2 || right.len() < 2 {
        return None;
    }
    let mut out = vec![Tag::None; rank];
    for (i, to) in out.iter_mut().rev().enumerate() {
        let of = |tags: &Tags| tags.len().checked_sub(i + 1).map_or(Tag::None, |d| tags[d]);
        *to = match i {
            0 => of(right),
            1 => of(left),
            _ if of(left) != Tag::None => of(left),
            _ => of(right),
        };
    }
    Some(out)
}

fn permuted(call: &Call<'_>, tags: &Tags) -> Option<Tags> {
    let rank = tags.len();
    let swap = |a: usize, b: usize| {
        let mut out = tags.clone();
        out.swap(a, b);
        out
    };
    match call.base_name() {
        "aten::permute" => call.ints(&["dims"])?.iter().map(|&d| normal(d, rank).map(|d| tags[d])).collect(),
        "aten::transpose" | "aten::swapaxes" | "aten::swapdims" => {
            let (a, b) = (call.int(&["dim0", "axis0"])?, call.int(&["dim1", "axis1"])?);
            Some(swap(normal(a, rank)?, normal(b, rank)?))
        }
        "aten::t" | "aten::mT" | "aten::adjoint" if rank >= 2 => Some(swap(rank - 2, rank - 1)),
        "aten::numpy_T" => Some(tags.iter().rev().copied().collect()),
        "aten::movedim" | "aten::moveaxis" => {
            let (from, to) = (normal(call.int(&["source"])?, rank)?, normal(call.int(&["destination"])?, rank)?);
            let mut out = tags.clone();
            let moved = out.remove(from);
            out.insert(to, moved);
            Some(out)
        }
        _ => None,
    }
}

/// Groups dimensions of equal product. A group of one keeps its tag; rows and columns may become pixels and back.
fn reshaped(tags: &[Tag], from: &[i64], to: &[i64]) -> Tags {
    let mut out = vec![Tag::None; to.len()];
    let solid = |shape: &[i64]| (0..shape.len()).filter(|&i| shape[i] != 1).collect::<Vec<_>>();
    let (ins, outs) = (solid(from), solid(to));
    let (mut i, mut j) = (0, 0);
    while i < ins.len() && j < outs.len() {
        let (start_i, start_j) = (i, j);
        let (mut have, mut want) = (from[ins[i]], to[outs[j]]);
        (i, j) = (i + 1, j + 1);
        while have != want {
            if have < want && i < ins.len() {
                have = have.saturating_mul(from[ins[i]]);
                i += 1;
            } else if want < have && j < outs.len() {
                want = want.saturating_mul(to[outs[j]]);
                j += 1;
            } else {
                return out;
            }
        }
        let group: Vec<Tag> = ins[start_i..i].iter().map(|&d| tags[d]).collect();
        match (group.as_slice(), &outs[start_j..j]) {
            ([tag], [to]) => out[*to] = *tag,
            ([Tag::Height, Tag::Width], [pixels]) => {
                out[*pixels] = Tag::Pixels(from[ins[start_i]], from[ins[start_i + 1]]);
            }
            ([Tag::Pixels(h, w)], [rows, columns]) if to[*rows] == *h && to[*columns] == *w => {
                out[*rows] = Tag::Height;
                out[*columns] = Tag::Width;
            }
            _ => {}
        }
    }
    out
}
