//! The result of an import, for people.

use std::fmt::Write;

use crate::submission::import::{Imported, Outcome, Row};
use crate::text::{Align, Table};

/// The folders that were written or existed, and the files that were not imported with the reason.
pub fn table(imported: &Imported) -> String {
    let mut out = match &imported.edition {
        Some(edition) => format!("Edition {edition}\n"),
        None => "The edition is not known: only cards give teams and data ranges\n".to_owned(),
    };
    let of = |kind: fn(&Outcome) -> bool| imported.files.iter().filter(move |r| kind(&r.outcome));
    let mut table = Table::new(["file", "team", "network", "submission"].map(|h| (h, Align::Left)));
    for row in of(|o| !matches!(o, Outcome::Left(_))) {
        let place = match &row.outcome {
            Outcome::Written(folder) => folder.display().to_string(),
            Outcome::Kept(folder) => format!("{} (existed, not changed)", folder.display()),
            Outcome::Left(_) => String::new(),
        };
        table.row([row.file.clone(), text(row.team.as_deref()), text(row.network.as_deref()), place]);
    }
    let (written, left) =
        (of(|o| matches!(o, Outcome::Written(_))).count(), of(|o| matches!(o, Outcome::Left(_))).count());
    let kept = imported.files.len() - written - left;
    if written + kept > 0 {
        let _ = writeln!(out, "\n{table}");
    }
    if left > 0 {
        let _ = writeln!(out, "\nNot imported:");
        for Row { file, team, outcome, .. } in &imported.files {
            if let Outcome::Left(why) = outcome {
                let team = team.as_ref().map_or_else(String::new, |t| format!(" ({t})"));
                let _ = writeln!(out, "  {file}{team}\n    {why}");
            }
        }
    }
    if !imported.absent.is_empty() {
        let _ = writeln!(out, "\nMissing from the clone: {}", imported.absent.join(", "));
    }
    let _ = writeln!(out, "\n{written} written, {kept} kept, {left} not imported");
    out
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or("not known").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_accounted_for() {
        let row = |file: &str, team: Option<&str>, network: Option<&str>, outcome| Row {
            file: file.into(),
            team: team.map(Into::into),
            network: network.map(Into::into),
            outcome,
        };
        let imported = Imported {
            edition: Some("ntire2022".into()),
            files: vec![
                row(
                    "team04_rlfn.pth",
                    Some("ByteESR"),
                    Some("rlfn"),
                    Outcome::Written("s/ntire2022_team04_rlfn".into()),
                ),
                row("team05_efdn.pt", None, Some("neesr"), Outcome::Kept("s/ntire2022_team05_efdn".into())),
                row("team12_hnct.pt", Some("mju_mnu"), None, Outcome::Left("no registered architecture fits".into())),
            ],
            absent: vec!["team02_nlffc.pth".into()],
        };
        insta::assert_snapshot!(table(&imported), @r"
        Edition ntire2022

        file             team       network  submission
        ───────────────────────────────────────────────────────────────────────────────────
        team04_rlfn.pth  ByteESR    rlfn     s/ntire2022_team04_rlfn
        team05_efdn.pt   not known  neesr    s/ntire2022_team05_efdn (existed, not changed)

        Not imported:
          team12_hnct.pt (mju_mnu)
            no registered architecture fits

        Missing from the clone: team02_nlffc.pth

        1 written, 1 kept, 1 not imported
        ");
    }
}
