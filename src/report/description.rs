//! A network described: its card, its block diagram, its published figures beside ours.

use crate::graph::Module;
use crate::graph::Tally;
use crate::submission::card::{Card, Published};
use crate::text::{Align, Table, fixed, grouped};

/// What the card says, a line each.
pub fn card(card: &Card) -> String {
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let config: Vec<String> = card.config.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect();
    let entered = card.edition.as_ref().map(|edition| match &card.team {
        Some(team) => format!("{edition}, as {team}"),
        None => edition.clone(),
    });
    let weights = card.weights.as_ref().map(|w| format!("{} of {}", w.file, w.origin));
    let lines = [
        ("paper", Some(card.paper.clone())),
        ("year", Some(card.year.to_string())),
        ("entered", entered),
        ("architecture", Some(card.arch.clone())),
        ("config", Some(config.join(", ")).filter(|c| !c.is_empty())),
        ("scale", Some(card.scale.to_string())),
        ("data range", Some(card.data_range.to_string())),
        ("weights", weights),
        ("SHA-256", card.weights.as_ref().and_then(|w| w.sha256.clone())),
        ("notes", card.notes.clone()),
    ];
    let lines = lines.into_iter().filter_map(|(label, text)| Some(format!("  {label:<13} {}\n", text?)));
    std::iter::once(format!("{}: {}\n", card.name, card.title)).chain(lines).collect()
}

/// The modules as an indented tree, at the input that they were recorded with.
pub fn diagram(root: &Module, input: [i64; 4]) -> String {
    let [_, _, height, width] = input;
    let columns = [
        ("module", Align::Left),
        ("class", Align::Left),
        ("output", Align::Left),
        ("params", Align::Right),
        ("MACs", Align::Right),
        ("and itself", Align::Left),
    ];
    let mut table = Table::new(columns);
    row(&mut table, root, 0);
    let legend = "(n x): n equal modules in a row, each with these figures";
    format!("Block diagram, LR {height} x {width}; {legend}\n\n{table}\n")
}

fn row(table: &mut Table, module: &Module, depth: usize) {
    let times = if module.repeats > 1 { format!(" ({} x)", module.repeats) } else { String::new() };
    let calls = if module.calls > 1 { format!(", {} calls", module.calls) } else { String::new() };
    let name = if module.name.is_empty() { "network" } else { &module.name };
    // A layer's own operation is what its class says.
    let own = if module.children.is_empty() { String::new() } else { module.own.join(", ") };
    let sizes: Vec<String> = module.output.iter().skip(1).map(ToString::to_string).collect();
    table.row([
        format!("{}{name}{times}", "  ".repeat(depth)),
        format!("{}{calls}", module.class),
        sizes.join(" x "),
        grouped(module.params),
        grouped(module.macs),
        own,
    ]);
    module.children.iter().for_each(|child| row(table, child, depth + 1));
}

/// Published figures, and where a network was counted, ours.
pub fn figures(published: &Published, ours: Option<&Tally>) -> String {
    let flops = ours.map_or_else(|| "FLOPs".to_owned(), |t| format!("FLOPs ({})", t.counter));
    let million = |n: u64| n as f64 / 1e6;
    type Figure = (String, Option<f64>, Option<f64>, usize);
    let figures: Vec<Figure> = vec![
        ("parameters / M".into(), published.params_m, ours.map(|t| million(t.params)), 3),
        (format!("{flops} / G"), published.flops_g, ours.map(|t| t.flops as f64 / 1e9), 2),
        ("activations / M".into(), published.acts_m, ours.map(|t| million(t.activations)), 2),
        ("convolutions".into(), published.convs.map(f64::from), ours.map(|t| t.convs as f64), 0),
        ("runtime / ms, the edition's GPU".into(), published.runtime_ms, None, 2),
        ("PSNR-RGB validation / dB".into(), published.psnr_val, None, 2),
        ("PSNR-RGB test / dB".into(), published.psnr_test, None, 2),
        ("PSNR-Y Set5 / dB".into(), published.psnr_y_set5, None, 2),
    ];
    let mut table = Table::new([("figure", Align::Left), ("published", Align::Right), ("ours", Align::Right)]);
    let mut rows = 0;
    for (label, theirs, ours, decimals) in figures {
        if theirs.is_some() || ours.is_some() {
            let text = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| fixed(v, decimals));
            table.row([label, text(theirs), text(ours)]);
            rows += 1;
        }
    }
    if rows == 0 {
        return "No published figures.\n".to_owned();
    }
    let source = published.source.as_ref().map_or_else(String::new, |s| format!("Published in: {s}\n"));
    format!("{table}\n{source}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Builder;
    use crate::graph::Counter;
    use crate::graph::OpGraph;
    use crate::graph::build::Conv2d;
    use crate::graph::tree;
    use crate::graph::{costs, count};

    fn network() -> OpGraph {
        let mut b = Builder::new("Net", [1, 3, 8, 8]);
        let mut x = b.conv2d("head", 0, Conv2d::same(4, 3));
        for path in ["body.0", "body.1"] {
            b.enter("body", "Sequential");
            b.enter(path, "Block");
            let y = b.conv2d(&format!("{path}.conv"), x, Conv2d::same(4, 3));
            let y = b.activation(&format!("{path}.act"), "ReLU", "aten::relu", y);
            x = b.binary("aten::add", x, y);
            b.leave();
            b.leave();
        }
        b.finish(x)
    }

    #[test]
    fn a_card_is_shown_with_what_it_has() {
        insta::assert_snapshot!(card(&Card::find("rlfn").unwrap()));
        insta::assert_snapshot!(card(&Card::find("bicubic").unwrap()));
    }

    #[test]
    fn a_diagram_shows_repeated_blocks_once() {
        let graph = network();
        let root = tree(&graph, &costs(&graph, Counter::Macs));
        insta::assert_snapshot!(diagram(&root, graph.input));
    }

    #[test]
    fn figures_stand_side_by_side() {
        let published = Card::find("rlfn").unwrap().published;
        insta::assert_snapshot!(figures(&published, Some(&count(&network(), Counter::Hook))));
        insta::assert_snapshot!(figures(&published, None));
        assert_eq!(figures(&Published::default(), None), "No published figures.\n");
    }
}
