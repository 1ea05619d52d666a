//! The HTML page of runs and leaderboards: its data as plain structs, and the template that draws them.
//! It may use [`crate::entry`], [`crate::rules`], [`crate::run`], [`crate::results`], [`crate::graph`], [`crate::stats`], [`crate::quality`],
//! [`crate::machine`] and [`crate::util`]; tables come from [`crate::report`], which uses this room.

mod checks;
mod costs;
mod crop;
mod data;
mod detail;
mod list;
mod machine;
mod model;
mod pictures;
mod render;
mod runtime;
mod scripts;
mod table;

pub use costs::{Alive, Costs, CostsOfBlock, PeakAt, Sight};
pub use data::{Announcement, Verdict};
pub use detail::{Check, Detail, Fact, Incident, Outcome};
pub use list::{LineProgress, RunLine, render_list};
pub use model::{EntryFacts, MetricFacts, Page, RunFacts};
pub use pictures::{Comparison, Panel, Pictures, Shot};
pub use render::{Mode, render};
pub use runtime::{Control, ImageFacts, Timings};
pub use table::{Cell, Column, Row, RowKind, Track};
