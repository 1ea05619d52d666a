//! The rules of an edition, for people.

use crate::entry::Metric;
use crate::error::Result;
use crate::rules::Rules;
use crate::rules::schema::By;
use crate::text::{Align, Table};

/// The editions that are built in.
pub fn list() -> Result<String> {
    let mut table = Table::new(["rules", "title", "tracks", "published table"].map(|h| (h, Align::Left)));
    for id in Rules::ids() {
        let rules = Rules::embedded(&id)?;
        let names: Vec<&str> = rules.tracks.iter().map(|t| t.name.as_str()).collect();
        let rows = rules.published()?.len();
        let rows = if rules.published.complete { format!("{rows} rows") } else { format!("{rows} rows, not complete") };
        table.row([rules.id, rules.title, names.join(", "), rows]);
    }
    Ok(format!("{table}\n"))
}

/// One edition's rules.
pub fn summary(rules: &Rules) -> String {
    let mut lines = vec![format!("{} ({})", rules.title, rules.id)];
    let mut line = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {name:<12}{text}"));
        }
    };
    for split in &rules.splits {
        let images = split.images.map_or_else(String::new, |n| format!(", {n} images"));
        line(&split.name, format!("{}{images}", split.dataset));
    }
    for cut in &rules.cuts {
        let rounding = cut.decimals.map_or_else(String::new, |d| format!(", rounded to {d} decimals"));
        let announced = cut.announced.map_or_else(String::new, |a| format!(" ({a:.2} announced)"));
        let inferred = if cut.inferred { ", inferred from the table" } else { "" };
        line("cut", format!("{} >= {:.2}{announced}{rounding}{inferred}", cut.metric, cut.at_least));
    }
    if let Some(baseline) = &rules.baseline {
        let figures: Vec<String> = baseline.metrics.iter().map(|(m, v)| format!("{m} {v:.*}", m.decimals())).collect();
        line("baseline", format!("{}: {} ({})", baseline.network, figures.join(", "), baseline.source));
        for other in &baseline.others {
            line("", format!("{} says {} {:.*}", other.source, other.metric, other.metric.decimals(), other.value));
        }
    }
    for constraint in &rules.constraints {
        let tracks = if constraint.tracks.is_empty() { "all tracks".into() } else { constraint.tracks.join(", ") };
        line("constraint", format!("{} no worse than the baseline's in {tracks}", constraint.metric));
    }
    let [c, h, w] = rules.costs.input;
    line("costs", format!("counter {} at {c} x {h} x {w}", rules.costs.counter));
    line("exempt ops", rules.costs.exempt_ops.join(", "));
    let runs = rules.runtime.runs.map_or_else(|| "runs not stated".into(), |n| format!("{n} runs"));
    let device = rules.runtime.device.as_deref().unwrap_or("device not stated");
    let warm = match rules.runtime.warm_up {
        Some(true) => "warmed up",
        Some(false) => "no warm-up",
        None => "warm-up not stated",
    };
    line("runtime", format!("{device}, {runs}, {warm}"));
    for track in &rules.tracks {
        let aliases = if track.aliases.is_empty() { String::new() } else { format!(" ({})", track.aliases.join(", ")) };
        let breakers = if track.tie_breakers.is_empty() {
            String::new()
        } else {
            format!("; ties by {}", track.tie_breakers.join(", "))
        };
        line("track", format!("{}{aliases}: {}{breakers}", track.name, formula(&track.by)));
    }
    line("published", rules.published.note.clone());
    lines.join("\n") + "\n"
}

fn formula(by: &By) -> String {
    let names = |metrics: &[Metric]| metrics.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    match by {
        By::Metric(metric) => metric.name().to_owned(),
        By::RankSum(metrics) => format!("sum of the ranks by {}", names(metrics)),
        By::Score(rule) => {
            let term = |(m, w): (&Metric, &f64)| format!("{w} exp({} {m} / {m} of the baseline)", rule.k);
            rule.weights.iter().map(term).collect::<Vec<_>>().join(" + ")
        }
    }
}
