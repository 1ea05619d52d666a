//! Whether the top places depend on choices, as one table.

use crate::stats::Sensitivity;
use crate::stats::sensitivity::Changed;
use crate::text::{Align, Cell, Style, Table, one_line};

/// The table: the reference first, then each alternative with what it changes. `refused` holds alternatives that cannot be ranked,
/// with the reason.
pub fn table(sensitivity: &Sensitivity, refused: &[(String, String)], colour: bool) -> String {
    let heads = [("Other choice", Align::Left), ("Top places", Align::Left), ("What changes", Align::Left)];
    let mut table = Table::new(heads).colour(colour);
    let reference = &sensitivity.reference;
    table.row([Cell::new(one_line(&reference.name)), Cell::new(places(reference)), Cell::new("the reference")]);
    for other in &sensitivity.alternatives {
        let style = if other.same { Style::Good } else { Style::Warn };
        table.row([Cell::new(one_line(&other.name)), Cell::new(places(other)), Cell::new(change(other)).style(style)]);
    }
    for (name, reason) in refused {
        table.row([
            Cell::new(one_line(name)),
            Cell::new(""),
            Cell::new(format!("cannot be ranked: {}", one_line(reason))),
        ]);
    }
    let answer = if sensitivity.stable() {
        "No other choice changes the top places."
    } else {
        "The top places depend on these choices: say which were made."
    };
    format!("{table}\n\n{answer}\n")
}

fn places(changed: &Changed) -> String {
    let all: Vec<String> = changed.top.iter().map(|(name, place)| format!("{place} {}", one_line(name))).collect();
    if all.is_empty() { "nobody is ranked".to_owned() } else { all.join(", ") }
}

fn change(changed: &Changed) -> String {
    let mut parts = Vec::new();
    let listed = |names: &[String]| names.iter().map(|n| one_line(n)).collect::<Vec<_>>().join(", ");
    if !changed.joined.is_empty() {
        parts.push(format!("{} instead of {}", listed(&changed.joined), listed(&changed.left)));
    } else if !changed.left.is_empty() {
        parts.push(format!("without {}", listed(&changed.left)));
    } else if changed.same {
        parts.push("nothing".to_owned());
    } else {
        parts.push("their order".to_owned());
    }
    if !changed.not_in_both.is_empty() {
        let (count, plural) = match changed.not_in_both.len() {
            1 => (1, "entry is"),
            n => (n, "entries are"),
        };
        parts.push(format!("{count} {plural} ranked by one of the two alone"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Alternative, sensitivity};

    #[test]
    fn the_table_says_what_each_choice_changes() {
        let ranking = |name: &str, names: &str| Alternative {
            name: name.into(),
            places: names.chars().map(String::from).zip(1..).collect(),
        };
        let others =
            [ranking("same", "abcd"), ranking("order", "bacd"), ranking("other", "abdc"), ranking("cuts", "ab")];
        let found = sensitivity(&ranking("ntire2022, track overall", "abcd"), &others, 3);
        let text = table(&found, &[("rules of x".into(), "no baseline".into())], false);
        let last: Vec<&str> = text
            .lines()
            .skip(2)
            .take(6)
            .map(|l| l.rsplit("  ").find(|p| !p.is_empty()).unwrap_or_default().trim())
            .collect();
        assert_eq!(
            last,
            [
                "the reference",
                "nothing",
                "their order",
                "d instead of c",
                "without c; 2 entries are ranked by one of the two alone",
                "cannot be ranked: no baseline"
            ]
        );
        assert!(text.ends_with("The top places depend on these choices: say which were made.\n"), "{text}");
    }
}
