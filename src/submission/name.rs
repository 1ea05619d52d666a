//! What a submission may be called: file names in a run directory are made of it.

/// What a submission's name may be, for messages.
pub(crate) const NAMES: &str =
    "names of 1 to 100 characters without `/`, `\\` and control characters, not beginning with a dot";

/// File names are made of submissions' names.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let forbidden = |c: char| c.is_control() || matches!(c, '/' | '\\');
    if name.is_empty() || name.chars().count() > 100 || name.starts_with('.') || name.contains(forbidden) {
        return Err(format!("{name:?}"));
    }
    Ok(())
}
