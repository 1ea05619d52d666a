//! JSON Schemas of the files that others read and write, made from the types that read and write them.
//!
//! `schemas/` holds them as files, by name and version; a test compares both, and with `ESR_BENCH_UPDATE_SCHEMAS=1` it writes
//! them. A version changes when a file that was right before is not any more, or means something else.
//! It may use [`crate::graph`], [`crate::rank`], [`crate::run`] and [`crate::submission`].

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::graph::opgraph;
use crate::{graph, rank, run, submission};

/// The version of a leaderboard in JSON.
pub const LEADERBOARD: u32 = 1;

/// The version of `submission.toml`.
pub const SUBMISSION: u32 = 1;

/// One schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// What it is of: `run`, `event`, `graph`, `leaderboard`, `submission`.
    pub name: &'static str,
    /// The version of the format.
    pub version: u32,
    /// The schema, of the draft 2020-12.
    pub schema: Value,
}

impl Schema {
    /// Its file in `schemas/`: `run.v2.json`.
    pub fn file(&self) -> String {
        format!("{}.v{}.json", self.name, self.version)
    }
}

/// All schemas: of `run.json`, of a line of `events.jsonl`, of `graphs/NAME.json`, of a leaderboard, of `submission.toml`.
pub fn all() -> Vec<Schema> {
    let of = |name: &'static str, version: u32, schema: schemars::Schema| {
        let mut schema = schema.to_value();
        if let Some(object) = schema.as_object_mut() {
            object.insert("$id".to_owned(), format!("urn:esr-bench:{name}:{version}").into());
        }
        Schema { name, version, schema }
    };
    let generator = || SchemaSettings::draft2020_12().into_generator();
    vec![
        of("run", run::FORMAT, generator().into_root_schema_for::<run::Manifest>()),
        of("event", run::FORMAT, generator().into_root_schema_for::<run::Logged>()),
        of("graph", opgraph::FORMAT, generator().into_root_schema_for::<graph::OpGraph>()),
        of("leaderboard", LEADERBOARD, generator().into_root_schema_for::<rank::Leaderboard>()),
        of("submission", SUBMISSION, generator().into_root_schema_for::<submission::Manifest>()),
    ]
}
