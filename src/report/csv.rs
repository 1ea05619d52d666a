//! CSV: full precision, one line an entry, the fixed header unless other columns are asked for.

use crate::error::{Error, Result};
use crate::report::column::Column;
use crate::report::line::Line;
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::util::{chars, formula};

/// See [`crate::report::format::Format::Csv`].
pub(super) struct Csv;

impl Render for Csv {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let mut columns = view.options.columns.clone();
        if columns.is_empty() {
            columns.extend(Column::CSV);
            columns.extend(view.options.pareto.map(|_| Column::Pareto));
            if view.is_uncertain() {
                columns.extend(Column::UNCERTAINTY);
            }
        }
        let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        let failed = |error: ::csv::Error| Error::io("write", "CSV")(error.into());
        writer.write_record(columns.iter().map(|c| c.name())).map_err(failed)?;
        for line in view.lines() {
            writer.write_record(columns.iter().map(|c| cell(*c, &view.board.track, &line))).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| Error::io("write", "CSV")(e.into_error()))?;
        // Every cell was a string: the bytes are UTF-8.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Text is escaped, so that neither a terminal nor a spreadsheet takes it for something to be done; numbers are as they are.
fn cell(column: Column, track: &str, line: &Line<'_>) -> String {
    let value = column.exact(track, line);
    if column.is_numeric() { value } else { formula::escaped(&chars::visible_line(&value)) }
}
