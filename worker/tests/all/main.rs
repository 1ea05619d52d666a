//! The worker's binary over its pipes.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod counts;
mod identify;
mod import;
mod mutated;
mod process;
mod programs;
mod protocol;
mod published;
mod record;
mod support;
