//! One network's costs: for people, as CSV, as JSON.

use std::fmt::Write;

use crate::error::{Error, Result};
use crate::graph::BlockDiff;
use crate::graph::Counter;
use crate::graph::Growth;
use crate::graph::Inspection;
use crate::graph::{Grouping, Row};
use crate::text::{Align, Table, fixed, grouped};

/// The rows' columns in CSV: the same for every grouping.
pub const CSV_HEADER: [&str; 17] = [
    "name",
    "class",
    "ops",
    "params",
    "flops",
    "share",
    "macs",
    "elementwise",
    "activations",
    "convs",
    "elements",
    "bytes",
    "intensity",
    "output",
    "growth",
    "formula",
    "why",
];

/// JSON: the object that [`Inspection`] is.
pub fn json(inspection: &Inspection) -> Result<String> {
    to_json(inspection)
}

/// The rows as CSV, in full precision.
pub fn csv(inspection: &Inspection) -> Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::io("write", "CSV")(std::io::Error::other(e));
    out.write_record(CSV_HEADER).map_err(failed)?;
    for (i, row) in inspection.rows.iter().enumerate() {
        let numbers = [row.ops, row.params, row.flops].map(|n| n.to_string());
        let more =
            [row.macs, row.elementwise, row.activations, row.convs, row.elements, row.bytes].map(|n| n.to_string());
        let record: Vec<String> = [row.name.clone(), row.class.clone()]
            .into_iter()
            .chain(numbers)
            .chain([row.share.to_string()])
            .chain(more)
            .chain([
                row.intensity.to_string(),
                sizes(&row.output),
                law(inspection, i),
                row.formula.clone(),
                row.why.clone(),
            ])
            .collect();
        out.write_record(&record).map_err(failed)?;
    }
    let bytes = out.into_inner().map_err(|e| Error::io("write", "CSV")(std::io::Error::other(e.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// For people: the rows, then the sums, then what there is to say.
pub fn table(inspection: &Inspection) -> String {
    let mut out = format!("{}\n\n", rows(inspection));
    // Writing to a String cannot fail.
    let _ = write!(out, "{}", summary(inspection));
    out
}

fn rows(inspection: &Inspection) -> Table {
    let heading = match inspection.by {
        Grouping::Layer => ["layer", "class"],
        Grouping::Op => ["operation", "verdict"],
        Grouping::Block => ["block", "class"],
    };
    let mut columns = vec![(heading[0], Align::Left), (heading[1], Align::Left)];
    let numbers = ["ops", "params", unit(inspection.tally.counter), "share", "acts [M]", "op/B"];
    columns.extend(numbers.map(|n| (n, Align::Right)));
    columns.push(("output", Align::Left));
    if inspection.growth.is_some() {
        columns.push(("growth", Align::Left));
    }
    if inspection.by == Grouping::Op {
        columns.push(("formula", Align::Left));
    }
    let mut table = Table::new(columns);
    for (i, row) in inspection.rows.iter().enumerate() {
        let mut cells = vec![name(row, inspection), row.class.clone()];
        cells.extend([
            row.ops.to_string(),
            row.params.to_string(),
            fixed(row.flops as f64 / 1e6, 3),
            format!("{} %", fixed(100.0 * row.share, 1)),
            fixed(row.activations as f64 / 1e6, 3),
            fixed(row.intensity, 2),
            sizes(&row.output),
        ]);
        if inspection.growth.is_some() {
            cells.push(law(inspection, i));
        }
        if inspection.by == Grouping::Op {
            cells.push(row.formula.clone());
        }
        table.row(cells);
    }
    table.rule();
    let tally = &inspection.tally;
    let total_bytes = crate::graph::sum(inspection.rows.iter().map(|r| r.bytes));
    let operations = 2.0 * tally.macs as f64 + tally.elementwise as f64;
    table.row([
        "total".to_owned(),
        String::new(),
        tally.ops.to_string(),
        tally.params.to_string(),
        fixed(tally.flops as f64 / 1e6, 3),
        String::new(),
        fixed(tally.activations as f64 / 1e6, 3),
        fixed(if total_bytes == 0 { 0.0 } else { operations / total_bytes as f64 }, 2),
    ]);
    table
}

fn unit(counter: Counter) -> &'static str {
    match counter {
        Counter::Macs => "MACs [M]",
        Counter::Hook | Counter::Fvcore => "FLOPs [M]",
    }
}

fn name(row: &Row, inspection: &Inspection) -> String {
    match (row.name.as_str(), inspection.by) {
        ("", _) => "(network)".to_owned(),
        // `aten::` is on every row but those that one should notice.
        (name, Grouping::Op) => name.strip_prefix("aten::").unwrap_or(name).to_owned(),
        (name, _) => name.to_owned(),
    }
}

fn law(inspection: &Inspection, row: usize) -> String {
    let law = inspection.growth.as_ref().and_then(|g| g.rows.get(row).copied().flatten());
    law.map_or_else(String::new, |l| l.to_string())
}

fn summary(inspection: &Inspection) -> String {
    let Inspection { tally, memory, receptive_field, .. } = inspection;
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push(format!("{name:<12}{text}"));
    let [n, c, h, w] = inspection.input;
    let how = match inspection.recorded {
        crate::graph::Recorded::Real => "a forward on real data",
        crate::graph::Recorded::Meta => "shapes without computation",
    };
    line("network", format!("{}, input {n} x {c} x {h} x {w}, recorded by {how}", inspection.network));
    let mut params = grouped(tally.params);
    if tally.unused_params > 0 {
        let _ = write!(params, ", {} of them are read by no operation", grouped(tally.unused_params));
    }
    if tally.buffers > 0 {
        let _ = write!(params, "; buffers {}", grouped(tally.buffers));
    }
    line("params", params);
    let law = |law: fn(&crate::graph::inspection::Laws) -> Growth| {
        inspection.growth.as_ref().map_or_else(String::new, |g| format!(", {} in pixels", grows(law(g))))
    };
    line("FLOPs", format!("{} by {}{}", grouped(tally.flops), tally.counter, law(|g| g.flops)));
    let others: Vec<String> = inspection
        .conventions
        .iter()
        .filter(|c| c.counter != tally.counter)
        .map(|c| format!("{} by {}", grouped(c.flops), c.counter))
        .collect();
    line("", others.join(", "));
    let biases = grouped(tally.conv_biases);
    let elementwise = grouped(tally.elementwise);
    line(
        "elementwise",
        format!(
            "{elementwise} operations other than multiply-accumulates; {biases} of them add the biases of convolutions"
        ),
    );
    let functional = match tally.functional_convs {
        0 => String::new(),
        n => format!("; {n} more outside of Conv2d modules do not count in the challenge's acts and #conv"),
    };
    let acts = grouped(tally.activations);
    line("acts", format!("{acts} of {} convolutions{}{functional}", tally.convs, law(|g| g.activations)));
    line("elements", format!("{} written by all operations", grouped(tally.elements)));
    let mib = |bytes: u64| fixed(bytes as f64 / f64::from(1 << 20), 2);
    let at = memory.at.as_ref().map_or_else(String::new, |peak| {
        let path = if peak.path.is_empty() { "the network" } else { &peak.path };
        format!(", reached at {} (operation {}) in {path}", peak.name, peak.op)
    });
    let weights = mib(memory.weights_bytes);
    let grown = law(|g| g.memory);
    line("memory", format!("at least {} MiB, weights {weights} MiB{at}{grown}", mib(memory.peak_bytes)));
    let window = match receptive_field.window {
        Some([h, w]) => format!("{h} x {w} LR pixels through windows"),
        None => "not followed".to_owned(),
    };
    let beyond: Vec<String> = receptive_field.beyond.iter().map(|(op, n)| format!("{op} ({n})")).collect();
    let further = if beyond.is_empty() { String::new() } else { format!("; further by {}", beyond.join(", ")) };
    line("sees", format!("{window}{further}"));
    for note in &inspection.discrepancies {
        line("note", note.to_string());
    }
    if let Some(published) = &inspection.published {
        let is = if published.is.is_empty() { "none of these counts".to_owned() } else { published.is.join(", ") };
        line("published", format!("{} G is {is}", fixed(published.flops_g, 2)));
    }
    if !tally.unknown.is_empty() {
        line("unknown", format!("{}: not counted", tally.unknown.join(", ")));
    }
    lines.join("\n") + "\n"
}

fn grows(law: Growth) -> String {
    match law {
        Growth::Constant => "constant".to_owned(),
        Growth::Linear => "linear".to_owned(),
        Growth::Less { exponent } => format!("less than linear (power {exponent:.2})"),
        Growth::Worse { exponent } => format!("WORSE than linear (power {exponent:.2})"),
    }
}

fn sizes(shape: &[i64]) -> String {
    shape.iter().map(i64::to_string).collect::<Vec<_>>().join("x")
}

/// Two networks block by block, for people.
pub fn diff_table(blocks: &[BlockDiff], counter: Counter, names: [&str; 2]) -> String {
    let mut table = Table::new([
        ("block", Align::Left),
        ("params A", Align::Right),
        ("params B", Align::Right),
        ("FLOPs A [M]", Align::Right),
        ("FLOPs B [M]", Align::Right),
        ("what differs", Align::Left),
    ]);
    let mega = |row: &Option<Row>| row.as_ref().map_or_else(String::new, |r| fixed(r.flops as f64 / 1e6, 3));
    let params = |row: &Option<Row>| row.as_ref().map_or_else(String::new, |r| r.params.to_string());
    for block in blocks {
        let path = if block.path.is_empty() { "(network)" } else { &block.path };
        let what = if block.same() { "same".to_owned() } else { block.changes.join("; ") };
        table.row([path.to_owned(), params(&block.a), params(&block.b), mega(&block.a), mega(&block.b), what]);
    }
    let sum = |side: fn(&BlockDiff) -> &Option<Row>, of: fn(&Row) -> u64| -> u64 {
        crate::graph::sum(blocks.iter().filter_map(|b| side(b).as_ref()).map(of))
    };
    table.rule();
    table.row([
        "total".to_owned(),
        sum(|b| &b.a, |r| r.params).to_string(),
        sum(|b| &b.b, |r| r.params).to_string(),
        fixed(sum(|b| &b.a, |r| r.flops) as f64 / 1e6, 3),
        fixed(sum(|b| &b.b, |r| r.flops) as f64 / 1e6, 3),
    ]);
    format!("A {}, B {}, FLOPs by {counter}\n\n{table}\n", names[0], names[1])
}

/// The comparison as CSV, in full precision.
pub fn diff_csv(blocks: &[BlockDiff]) -> Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::io("write", "CSV")(std::io::Error::other(e));
    let header = ["block", "params_a", "params_b", "flops_a", "flops_b", "same", "changes"];
    out.write_record(header).map_err(failed)?;
    let of = |row: &Option<Row>, f: fn(&Row) -> u64| row.as_ref().map_or_else(String::new, |r| f(r).to_string());
    for b in blocks {
        let numbers = [of(&b.a, |r| r.params), of(&b.b, |r| r.params), of(&b.a, |r| r.flops), of(&b.b, |r| r.flops)];
        let record: Vec<String> =
            [b.path.clone()].into_iter().chain(numbers).chain([b.same().to_string(), b.changes.join("; ")]).collect();
        out.write_record(&record).map_err(failed)?;
    }
    let bytes = out.into_inner().map_err(|e| Error::io("write", "CSV")(std::io::Error::other(e.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Any of the library's records as JSON for people and scripts.
pub fn to_json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::io("write", "JSON")(e.into()))?;
    Ok(text + "\n")
}
