//! The result of importing an organisers' repository, for people.

use std::fmt::Write;

use indexmap::IndexMap;

use crate::entry::Trust;
use crate::submission::clone::{Imported, Outcome, Row, Step};
use crate::text::{Align, Table};

/// The folders that were written or existed, and the networks that were not imported with the reason.
pub fn table(imported: &Imported) -> String {
    let mut out = match &imported.edition {
        Some(edition) => format!("{}, edition {edition}\n", imported.clone),
        None => format!("{}, no known edition\n", imported.clone),
    };
    let mut table = Table::new([
        ("id", Align::Right),
        ("network", Align::Left),
        ("team", Align::Left),
        ("class", Align::Left),
        ("submission", Align::Left),
    ]);
    for row in imported.rows.iter().filter(|row| row.outcome.folder().is_some()) {
        let class = match (row.class, &row.registered) {
            (Some(Trust::Registered), Some(network)) => format!("registered ({network})"),
            (class, _) => class.map_or("", Trust::name).to_owned(),
        };
        let place = match &row.outcome {
            Outcome::Kept(folder) => format!("{} (existed, not changed)", folder.display()),
            other => other.folder().map(|f| f.display().to_string()).unwrap_or_default(),
        };
        let named = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
        table.row([row.model_id.to_string(), named(&row.name), named(&row.team), class, place]);
    }
    let count = |of: fn(&Outcome) -> bool| imported.rows.iter().filter(|row| of(&row.outcome)).count();
    let (written, kept) = (count(|o| matches!(o, Outcome::Written(_))), count(|o| matches!(o, Outcome::Kept(_))));
    if written + kept > 0 {
        let _ = writeln!(out, "\n{table}");
    }
    out += &remarks(imported);
    out += &left(imported);
    if !imported.absent.is_empty() {
        let _ = writeln!(
            out,
            "\nMissing weights (`--zoo DIR` names a folder that has them): {}",
            imported.absent.join(", ")
        );
    }
    let _ = writeln!(out, "\n{written} written, {kept} kept, {} not imported", imported.rows.len() - written - kept);
    out
}

/// The networks without a submission, each with its reason; empty where there is none.
pub fn left(imported: &Imported) -> String {
    let line = |row: &Row| match &row.outcome {
        Outcome::Left(why) => Some(format!("  {}: {}\n", label(row), crate::text::one_line(why))),
        _ => None,
    };
    let lines: String = imported.rows.iter().filter_map(line).collect();
    if lines.is_empty() { lines } else { format!("\nNot imported:\n{lines}") }
}

/// Every remark once, with the networks that it is about.
fn remarks(imported: &Imported) -> String {
    let mut remarks: IndexMap<&str, Vec<String>> = IndexMap::new();
    for row in &imported.rows {
        for remark in &row.remarks {
            remarks.entry(remark).or_default().push(row.model_id.to_string());
        }
    }
    let line = |(remark, ids): (&str, Vec<String>)| format!("  model_id {}: {remark}\n", ids.join(", "));
    let lines: String = remarks.into_iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\nRemarks:\n{lines}") }
}

/// One line of progress.
pub fn progress(step: Step) -> String {
    let row = match step {
        Step::Exporting(row, limit) => return format!("{}: exporting, at most {limit} s for each method", label(row)),
        Step::Done(row) => row,
    };
    let what = match &row.outcome {
        Outcome::Written(_) => row.class.map_or("written", Trust::name).to_owned(),
        Outcome::Kept(_) => "kept".to_owned(),
        Outcome::Left(why) => crate::text::one_line(why),
    };
    format!("{}: {what}", label(row))
}

/// `model_id 7`, and the name where there is one.
fn label(row: &Row) -> String {
    match &row.name {
        Some(name) => format!("model_id {} ({name})", row.model_id),
        None => format!("model_id {}", row.model_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ModelId;

    #[test]
    fn every_network_is_accounted_for() {
        let row = |id, name: Option<&str>, class, outcome| Row {
            model_id: ModelId::Number(id),
            name: name.map(Into::into),
            team: (id == 4).then(|| "ByteESR".to_owned()),
            class,
            registered: (id == 4).then(|| "rlfn".to_owned()),
            outcome,
            remarks: if id == 5 { vec!["the weights are absent: model_zoo/a.pth".into()] } else { Vec::new() },
        };
        let imported = Imported {
            edition: Some("ntire2022".into()),
            clone: "NTIRE2022_ESR".into(),
            rows: vec![
                row(4, Some("04_RLFN"), Some(Trust::Registered), Outcome::Written("s/ntire2022_04_RLFN".into())),
                row(5, Some("05_EFDN"), Some(Trust::Python), Outcome::Kept("s/ntire2022_05_EFDN_python".into())),
                row(7, None, None, Outcome::Left("the branch makes no network".into())),
            ],
            absent: vec!["model_zoo/a.pth".into()],
        };
        insta::assert_snapshot!(table(&imported), @r"
        NTIRE2022_ESR, edition ntire2022

        id  network  team       class              submission
        ────────────────────────────────────────────────────────────────────────────────────────────
         4  04_RLFN  ByteESR    registered (rlfn)  s/ntire2022_04_RLFN
         5  05_EFDN  not known  python             s/ntire2022_05_EFDN_python (existed, not changed)

        Remarks:
          model_id 5: the weights are absent: model_zoo/a.pth

        Not imported:
          model_id 7: the branch makes no network

        Missing weights (`--zoo DIR` names a folder that has them): model_zoo/a.pth

        1 written, 1 kept, 1 not imported
        ");
    }

    #[test]
    fn an_export_is_told_before_it_takes_its_time() {
        let row = Row {
            model_id: ModelId::Number(4),
            name: Some("04_RLFN".into()),
            team: None,
            class: None,
            registered: None,
            outcome: Outcome::Left("no way was found".into()),
            remarks: Vec::new(),
        };
        let begun = progress(Step::Exporting(&row, 300));
        assert_eq!(begun, "model_id 4 (04_RLFN): exporting, at most 300 s for each method");
        assert_eq!(progress(Step::Done(&row)), "model_id 4 (04_RLFN): no way was found");
    }
}
