//! One operation backwards: which places of its arguments the needed places of its result need.

use std::collections::BTreeMap;

use crate::graph::analysis::receptive::axes::{Tag, Tags, extents, normal};
use crate::graph::ops::call::Call;
use crate::graph::ops::opgraph::OpGraph;
use crate::graph::ops::table::Locality;

/// First and last row or column.
pub(crate) type Range = (i64, i64);

/// No image is so large, and no step so long: graphs may come from strangers, and numbers must not overflow.
const FAR: i64 = 1 << 36;
const LONG: i64 = 1 << 12;

/// Rows and columns (in that order) that are needed of a tensor; absent where it has none, or none through windows.
pub(crate) type Need = [Option<Range>; 2];

/// The walk from the result back to the input.
pub(crate) struct Walk<'a> {
    graph: &'a OpGraph,
    tags: &'a [Tags],
    needs: Vec<Option<Need>>,
    /// Operations that look beyond windows, with their calls.
    pub(crate) beyond: BTreeMap<String, u64>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(graph: &'a OpGraph, tags: &'a [Tags]) -> Walk<'a> {
        Walk { graph, tags, needs: vec![None; graph.tensors.len()], beyond: BTreeMap::new() }
    }

    /// What is needed of a tensor, if anything.
    pub(crate) fn needed(&self, t: usize) -> Option<Need> {
        self.needs[t]
    }

    /// Needs so much of a tensor as well.
    pub(crate) fn need(&mut self, t: usize, need: Need) {
        let Some(known) = self.needs.get_mut(t) else { return };
        let known = known.get_or_insert([None, None]);
        let sane = |(a, b): Range| (a.clamp(-FAR, FAR), b.clamp(-FAR, FAR));
        for (known, new) in known.iter_mut().zip(need.map(|n| n.map(sane))) {
            *known = match (*known, new) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
        }
    }

    fn extents(&self, t: usize) -> [Option<i64>; 2] {
        self.tags.get(t).map_or([None, None], |tags| extents(tags, &self.graph.tensors[t].shape))
    }

    /// The same places, where the tensor has them; its only one where it is broadcast.
    fn same(&mut self, t: usize, need: Need, of: [Option<i64>; 2]) {
        let own = self.extents(t);
        let mut here = [None, None];
        for axis in 0..2 {
            here[axis] = match own[axis] {
                None => None,
                Some(1) if of[axis] != Some(1) => need[axis].map(|_| (0, 0)),
                Some(_) => need[axis],
            };
        }
        self.need(t, here);
    }

    /// The operation before: from its result's needs to its arguments'.
    pub(crate) fn step(&mut self, call: &Call<'_>, locality: Locality) {
        let inputs = call.op().inputs();
        for (n, &out) in call.op().outputs.iter().enumerate() {
            let Some(need) = self.result_need(call, out) else { continue };
            let size = self.extents(out);
            match locality {
                Locality::Nothing => {}
                Locality::Same | Locality::Permute => inputs.iter().for_each(|&t| self.same(t, need, size)),
                Locality::Reshape => {
                    for &t in &inputs {
                        if (0..2).any(|axis| self.extents(t)[axis].is_some_and(|n| n > 1) && size[axis].is_none()) {
                            self.looks_beyond(call);
                        }
                        self.same(t, need, size);
                    }
                }
                Locality::Whole => {
                    if inputs.iter().any(|&t| self.extents(t) != [None, None]) {
                        self.looks_beyond(call);
                    }
                    for &t in &inputs {
                        let kept = if self.extents(t) == size { need } else { [None, None] };
                        self.need(t, kept);
                    }
                }
                Locality::Reduce if call.tensor(&["other"]).is_none() => self.reduce(call, need),
                Locality::Reduce => inputs.iter().for_each(|&t| self.same(t, need, size)),
                Locality::MixLast => self.mix_last(call, need),
                Locality::Product => self.product(call, need),
                Locality::Part => self.part(call, n, need),
                Locality::Cat => self.cat(call, need, size),
                Locality::Window
                | Locality::Spread
                | Locality::Resize(_)
                | Locality::Shuffle
                | Locality::Unshuffle
                | Locality::Pad
                | Locality::Roll => self.window(call, locality, need),
            }
        }
    }

    /// What later operations need of a result, and of what it was written into.
    fn result_need(&mut self, call: &Call<'_>, out: usize) -> Option<Need> {
        let mut need = self.needs.get(out).copied().flatten();
        let in_place = call.base_name().len() < call.op().name.len();
        if in_place {
            let storage = self.graph.tensors[out].storage;
            for other in 0..self.needs.len() {
                let Some(more) = self.needs[other] else { continue };
                if other == out || self.graph.tensors[other].storage != storage {
                    continue;
                }
                if self.extents(other) == self.extents(out) {
                    self.need(out, more);
                    need = self.needs[out];
                } else {
                    // A part of something larger was written: where in it is not followed.
                    self.looks_beyond(call);
                    need = need.or(Some([None, None]));
                }
            }
        }
        need
    }

    fn looks_beyond(&mut self, call: &Call<'_>) {
        *self.beyond.entry(call.op().full_name()).or_default() += 1;
    }

    /// Needs of an argument without what the operation sums over; whether that looks beyond windows.
    fn without(&mut self, t: usize, need: Need, summed: &[usize]) -> bool {
        let mut kept = need;
        let mut looks = false;
        for &d in summed {
            let spatial = self.graph.tensors[t].shape.get(d).is_some_and(|&n| n > 1);
            match self.tags[t].get(d) {
                Some(Tag::Height) if spatial => (kept[0], looks) = (None, true),
                Some(Tag::Width) if spatial => (kept[1], looks) = (None, true),
                Some(Tag::Pixels(..)) if spatial => (kept, looks) = ([None, None], true),
                _ => {}
            }
        }
        self.same(t, kept, [None, None]);
        looks
    }

    /// Reductions of one tensor, or of two that are broadcast to each other (`cosine_similarity`).
    fn reduce(&mut self, call: &Call<'_>, need: Need) {
        let dims = call.ints(&["dim"]).filter(|d| !d.is_empty());
        let mut looks = false;
        for t in call.op().inputs() {
            let Some(rank) = self.tags.get(t).map(Vec::len) else { continue };
            let summed: Vec<usize> = match &dims {
                Some(dims) => dims.iter().filter_map(|&d| normal(d, rank)).collect(),
                None => (0..rank).collect(),
            };
            looks |= self.without(t, need, &summed);
        }
        if looks {
            self.looks_beyond(call);
        }
    }

    fn mix_last(&mut self, call: &Call<'_>, need: Need) {
        let Some(&t) = call.op().inputs().first() else { return };
        let rank = self.tags[t].len();
        let last = call.ints(&["normalized_shape"]).map_or(1, |s| s.len()).min(rank);
        if self.without(t, need, &(rank - last..rank).collect::<Vec<_>>()) {
            self.looks_beyond(call);
        }
    }

    fn product(&mut self, call: &Call<'_>, need: Need) {
        let inputs = call.op().inputs();
        let [first @ .., left, right] = inputs.as_slice() else { return };
        first.iter().for_each(|&t| self.same(t, need, [None, None]));
        let last = self.tags[*left].len().saturating_sub(1);
        let left_looks = self.without(*left, need, &[last]);
        let before_last = self.tags[*right].len().saturating_sub(2);
        let right_looks = self.without(*right, need, &[before_last]);
        for _ in [left_looks, right_looks].iter().filter(|looks| **looks) {
            self.looks_beyond(call);
        }
    }

    /// Slices and splits.
    fn part(&mut self, call: &Call<'_>, n: usize, need: Need) {
        let Some(&t) = call.op().inputs().first() else { return };
        let dim = call.int(&["dim"]).unwrap_or(0);
        let tag = normal(dim, self.tags[t].len()).map(|d| (d, self.tags[t][d]));
        let axis = match tag {
            Some((_, Tag::Height)) => 0,
            Some((_, Tag::Width)) => 1,
            Some((_, Tag::Pixels(..))) => {
                self.looks_beyond(call);
                return self.need(t, [None, None]);
            }
            _ => return self.same(t, need, [None, None]),
        };
        let size = tag.and_then(|(d, _)| self.graph.tensors[t].shape.get(d).copied()).unwrap_or(0);
        let from_end = |n: i64| if n < 0 { n.saturating_add(size) } else { n };
        let before = || -> i64 {
            let sizes = call.op().outputs[..n].iter().map(|&o| self.extents(o)[axis].unwrap_or(1));
            sizes.sum()
        };
        let mut moved = need;
        moved[axis] = match call.base_name() {
            "aten::select" | "aten::select_copy" => call.int(&["index"]).map(|i| (from_end(i), from_end(i))),
            "aten::unbind" => Some((n as i64, n as i64)),
            "aten::slice" | "aten::slice_copy" | "aten::narrow" => {
                let start = from_end(call.int(&["start"]).unwrap_or(0)).clamp(0, size);
                let step = call.int(&["step"]).unwrap_or(1).clamp(1, LONG);
                need[axis].map(|(a, b)| (a * step + start, b * step + start))
            }
            _ => {
                let start = before();
                need[axis].map(|(a, b)| (a + start, b + start))
            }
        };
        self.need(t, moved);
    }

    fn cat(&mut self, call: &Call<'_>, need: Need, size: [Option<i64>; 2]) {
        let inputs = call.op().inputs();
        let dim = call.int(&["dim"]).unwrap_or(0);
        let mut start = 0;
        for &t in &inputs {
            let axis = match normal(dim, self.tags[t].len()).map(|d| self.tags[t][d]) {
                Some(Tag::Height) => 0,
                Some(Tag::Width) => 1,
                _ => {
                    self.same(t, need, size);
                    continue;
                }
            };
            let length = self.extents(t)[axis].unwrap_or(0);
            let mut part = need;
            // Places that lie in other parts are clipped away; outside of the image the nearest part goes on.
            part[axis] = need[axis].map(|(a, b)| ((a - start).max(0), (b - start).min(length - 1)));
            start += length;
            if part[axis].is_none_or(|(a, b)| a <= b) {
                self.need(t, part);
            }
        }
    }

    /// Operations whose places move along rows and columns each on its own: (..., H, W) on both sides.
    fn window(&mut self, call: &Call<'_>, locality: Locality, need: Need) {
        let Some(&t) = call.op().inputs().first() else { return };
        let tags = &self.tags[t];
        let usual = matches!(tags.as_slice(), [.., Tag::Height, Tag::Width]);
        if !usual && locality != Locality::Pad && locality != Locality::Roll {
            if self.extents(t) != [None, None] {
                self.looks_beyond(call);
            }
            return self.need(t, [None, None]);
        }
        let mut moved = need;
        for axis in 0..2 {
            let from = self.extents(t)[axis];
            let to = call.op().outputs.first().and_then(|&o| self.extents(o)[axis]);
            moved[axis] = need[axis].and_then(|range| match locality {
                Locality::Window => slide(call, axis, range),
                Locality::Spread => spread(call, axis, range),
                Locality::Resize(reach) => resize(call, reach, range, from?, to?),
                Locality::Shuffle => {
                    let r = call.int(&["upscale_factor"]).filter(|r| (1..LONG).contains(r))?;
                    Some((range.0.div_euclid(r), range.1.div_euclid(r)))
                }
                Locality::Unshuffle => {
                    let r = call.int(&["downscale_factor"]).filter(|r| (1..LONG).contains(r))?;
                    Some((range.0 * r, range.1 * r + r - 1))
                }
                Locality::Pad => {
                    let d = dim_of(tags, axis)?;
                    let pads = call.ints(&["pad", "padding"])?;
                    let before = pads.get(2 * (tags.len() - 1 - d)).copied().unwrap_or(0).clamp(-FAR, FAR);
                    Some((range.0 - before, range.1 - before))
                }
                Locality::Roll => {
                    let (shifts, dims) = (call.ints(&["shifts"])?, call.ints(&["dims"])?);
                    let d = dim_of(tags, axis)?;
                    let at = dims.iter().position(|&x| normal(x, tags.len()) == Some(d));
                    let shift = at.and_then(|i| shifts.get(i)).copied().unwrap_or(0).clamp(-FAR, FAR);
                    Some((range.0 - shift, range.1 - shift))
                }
                _ => Some(range),
            });
        }
        if (0..2).any(|axis| need[axis].is_some() && moved[axis].is_none()) {
            // Arguments that no rule understands.
            self.looks_beyond(call);
        }
        self.need(t, moved);
        // A fused convolution adds another tensor of its result's size.
        for other in call.op().inputs().into_iter().skip(1) {
            if self.extents(other) != [None, None] {
                self.need(other, need);
            }
        }
    }
}

fn dim_of(tags: &[Tag], axis: usize) -> Option<usize> {
    let wanted = if axis == 0 { Tag::Height } else { Tag::Width };
    tags.iter().position(|t| *t == wanted)
}

/// One number of a pair: (height, width), or one for both.
fn of_pair(list: &[i64], axis: usize) -> Option<i64> {
    match list {
        [] => None,
        [both] => Some(*both),
        [h, w] => Some(if axis == 0 { *h } else { *w }),
        _ => None,
    }
}

fn number(call: &Call<'_>, name: &str, axis: usize, default: i64) -> i64 {
    call.ints(&[name]).and_then(|l| of_pair(&l, axis)).unwrap_or(default).clamp(-LONG, LONG)
}

fn kernel(call: &Call<'_>, axis: usize) -> Option<i64> {
    if let Some([.., h, w]) = call.shape(&["weight"]) {
        return Some(if axis == 0 { *h } else { *w }.clamp(0, LONG));
    }
    Some(of_pair(&call.ints(&["kernel_size"])?, axis)?.clamp(0, LONG))
}

/// A convolution or a pooling: output place p reads p * stride - padding + [0, dilation * (kernel - 1)].
fn slide(call: &Call<'_>, axis: usize, range: Range) -> Option<Range> {
    if crate::graph::ops::cost::transposed(call) {
        return spread(call, axis, range);
    }
    let kernel = kernel(call, axis)?;
    let dilation = number(call, "dilation", axis, 1);
    let reach = dilation * (kernel - 1);
    // A pooling without a stride moves by its kernel.
    let stride = number(call, "stride", axis, if call.shape(&["weight"]).is_some() { 1 } else { kernel });
    let padding = match call.text("padding") {
        Some("same") => reach / 2,
        Some(_) => 0,
        None => number(call, "padding", axis, 0),
    };
    Some((range.0 * stride - padding, range.1 * stride - padding + reach))
}

/// A transposed convolution: input place q writes q * stride - padding + [0, dilation * (kernel - 1)].
fn spread(call: &Call<'_>, axis: usize, range: Range) -> Option<Range> {
    let stride = number(call, "stride", axis, 1).max(1);
    let padding = number(call, "padding", axis, 0);
    let reach = number(call, "dilation", axis, 1) * (kernel(call, axis)? - 1);
    let low = range.0 + padding - reach;
    Some((-((-low).div_euclid(stride)), (range.1 + padding).div_euclid(stride)))
}

/// Interpolation between `from` and `to` places.
fn resize(call: &Call<'_>, reach: i64, range: Range, from: i64, to: i64) -> Option<Range> {
    if from <= 0 || to <= 0 {
        return None;
    }
    let aligned = call.flag("align_corners") == Some(true);
    let place = |p: i64| {
        let p = p as f64;
        match reach {
            0 => p * from as f64 / to as f64,
            _ if aligned && to > 1 => p * (from - 1) as f64 / (to - 1) as f64,
            _ => (p + 0.5) * from as f64 / to as f64 - 0.5,
        }
        .floor() as i64
    };
    let (before, after) = if reach == 0 { (0, 0) } else { (reach - 1, reach) };
    Some((place(range.0) - before, place(range.1) + after))
}
