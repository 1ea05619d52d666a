//! The HTML page of runs and leaderboards: its data as plain structs, and the template that draws them.
//! It may use [`crate::entry`], [`crate::rules`], [`crate::run`], [`crate::results`], [`crate::graph`], [`crate::stats`], [`crate::quality`],
//! [`crate::machine`], [`crate::protocol`], [`crate::text`] and [`crate::util`].

mod checks;
mod comparison;
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

pub use checks::{Check, Outcome};
pub use comparison::{Comparison, Panel, Shot};
pub use costs::{Alive, Costs, CostsOfBlock, PeakAt, Sight};
pub use data::{Announcement, SessionVerdict};
pub use detail::{Detail, Fact, Incident};
pub use list::{LineProgress, RunLine, render_list};
pub use model::{EntryFacts, MetricFacts, Page, RunFacts};
pub use pictures::Pictures;
pub use render::{Mode, render};
pub use runtime::{Control, ImageFacts, Timings};
pub use table::{Cell, Column, Row, RowKind, TrackTable};
