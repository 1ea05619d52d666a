//! The files of a run directory, and the version of their format.

/// The version of a run directory that this program writes. A newer one is refused, and never written to; all earlier ones
/// are read, and resumed.
///
/// 1: the first. 2: a plan may be a shard (`plan.shard`), and a run may be merged from others (`merged` in `run.json`, `origin`
/// in events).
pub const FORMAT: u32 = 2;

/// The earliest version that is read.
pub(super) const EARLIEST: u32 = 1;

/// The manifest's name in a run directory.
pub(crate) const MANIFEST: &str = "run.json";

/// The log's name in a run directory.
pub(crate) const EVENTS: &str = "events.jsonl";

/// The folder of SR images that were kept.
pub(crate) const SR: &str = "sr";

/// The folder of graphs in a run directory.
pub(crate) const GRAPHS: &str = "graphs";

/// A name as one component of a path: what could lead elsewhere is written as %XX, so that different names stay different.
pub(crate) fn file_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        match c {
            '/' | '\\' | '%' | ':' | '\0'..='\x1f' => out.push_str(&format!("%{:02X}", c as u32)),
            '.' if at == 0 => out.push_str("%2E"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        assert_eq!(file_name("0801x4"), "0801x4");
        assert_eq!(file_name("../../etc/passwd"), "%2E./..%2Fetc%2Fpasswd".replace("./", ".%2F"));
        assert_ne!(file_name("a/b"), file_name("a%2Fb"));
        assert_eq!(file_name(".."), "%2E.");
    }
}
