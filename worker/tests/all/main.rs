//! The worker's binary over its pipes.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod counts;
#[path = "../../../models/tests/damage/mod.rs"]
mod damage;
mod identify;
mod import;
mod mutated;
mod process;
mod programs;
mod protocol;
mod published;
mod record;
mod support;
