//! The page's style and script, as they are embedded into the program.

/// The style sheet.
pub(super) const STYLE: &str = include_str!("assets/page.css");

/// The template.
pub(super) const TEMPLATE: &str = include_str!("assets/page.html");

/// The script of every page, part by part.
pub(super) const PARTS: [&str; 7] = [
    include_str!("assets/base.js"),
    include_str!("assets/table.js"),
    include_str!("assets/ranks.js"),
    include_str!("assets/scatter.js"),
    include_str!("assets/runtime.js"),
    include_str!("assets/pictures.js"),
    include_str!("assets/entries.js"),
];

/// What starts a page that lies in a file.
pub(super) const START: &str = include_str!("assets/start.js");

/// What a live page has besides.
pub(super) const LIVE: &str = include_str!("assets/live.js");

/// The template of the list of runs.
pub(super) const LIST: &str = include_str!("assets/runs.html");

/// Its script.
pub(super) const LIST_SCRIPT: &str = include_str!("assets/runs.js");
