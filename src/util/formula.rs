//! Cells that a spreadsheet would compute.

/// What begins a formula, also in the full-width forms that some spreadsheets take for the same.
const STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The text with an apostrophe before it if a spreadsheet would take it for a formula: `=cmd()` becomes `'=cmd()`.
pub fn escaped(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// The opposite of [`escaped`].
pub fn unescaped(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

fn is_formula(cell: &str) -> bool {
    // Apostrophes count for nothing, so that an escaped cell that is escaped again can be told from it.
    cell.trim_start().trim_start_matches('\'').trim_start().starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text_and_comes_back_as_it_was() {
        assert_eq!(escaped("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(escaped("Team-A"), "Team-A");
        for cell in ["=1", "+1", " -1", "@x", "'=1", "''+1", "'a", "a", "", "＝1", "'"] {
            assert_eq!(unescaped(&escaped(cell)), cell);
            assert!(!escaped(cell).trim_start().starts_with(STARTS), "{cell}");
        }
    }
}
