//! The live page: runs of a folder over HTTP on this machine, read only. It reads run directories alone, and takes no lock
//! that a measurement could meet. It may use [`crate::page`], [`crate::rank`], [`crate::report`], [`crate::rules`],
//! [`crate::run`] and [`crate::stats`].

mod answer;
mod follow;
mod hosts;
mod list;
mod progress;
mod server;

pub use answer::{Answer, Site};
pub use hosts::Hosts;
pub use list::{Listed, runs};
pub use progress::{Progress, progress};
pub use server::serve;
