//! Counting on graphs that are built by hand: no worker, no libtorch.

mod cli;
mod conventions;
mod display;
mod files;
mod memory;
mod networks;
mod properties;
mod receptive;
