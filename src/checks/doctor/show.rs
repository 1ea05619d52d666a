//! The diagnoses for people.

use crate::checks::doctor::diagnosis::{Diagnosis, Level, counted};
use crate::checks::doctor::examination::Examination;
use crate::text::{Align, Cell, Style, Table};

impl Examination {
    /// A table of all findings, each remedy below its finding, and a line that sums up. Ends without a newline.
    pub fn table(&self, colour: bool) -> String {
        let mut table = Table::new(["area", "", "finding"].map(|name| (name, Align::Left))).colour(colour);
        for Diagnosis { area, level, what, remedy } in &self.findings {
            let style = match level {
                Level::Good => Style::Good,
                Level::Note => Style::Plain,
                Level::Warning => Style::Warn,
                Level::Problem => Style::Bad,
            };
            table.row([Cell::new(area), Cell::new(level.name()).style(style), Cell::new(what)]);
            if let Some(remedy) = remedy {
                table.row(["", "", &format!("-> {remedy}")]);
            }
        }
        let count = |level| self.findings.iter().filter(|finding| finding.level == level).count();
        let summary = match (count(Level::Problem), count(Level::Warning)) {
            (0, 0) => "Ready to measure.".to_owned(),
            (0, n) => format!("Ready to measure; {} to read.", counted(n, "warning")),
            (_, _) => "This machine cannot measure yet.".to_owned(),
        };
        format!("{table}\n\n{summary}")
    }
}
