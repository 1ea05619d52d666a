//! The mismatches of an audit, for people.

use std::path::Path;

use crate::audit::Audit;
use crate::text::{Align, Table};

/// The number of recomputed figures, a table of those that do not match, and remarks.
pub fn table(audit: &Audit, file: &Path, rules: &str) -> String {
    let mut text = format!("{} by the rules of {rules}: {} figures recomputed, ", file.display(), audit.checked);
    match audit.findings.len() {
        0 => text += "all match\n",
        n => {
            text += &format!("{n} mismatch{}\n\n", if n == 1 { "" } else { "es" });
            let mut table = Table::new([
                ("line", Align::Right),
                ("entry", Align::Left),
                ("column", Align::Left),
                ("printed", Align::Right),
                ("computed", Align::Right),
                ("computed from", Align::Left),
            ]);
            for f in &audit.findings {
                let line = f.line.map_or_else(|| "rules".to_owned(), |l| l.to_string());
                table.row([&line, &f.entry, &f.column, &f.printed, &f.computed, &f.why].map(String::as_str));
            }
            text += &format!("{table}\n");
        }
    }
    if !audit.remarks.is_empty() {
        text += "\n";
    }
    for remark in &audit.remarks {
        text += &format!("remark: {remark}\n");
    }
    text
}
