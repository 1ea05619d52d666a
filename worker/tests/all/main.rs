//! The worker's binary over its pipes.

mod process;
mod protocol;
mod record;
mod support;
