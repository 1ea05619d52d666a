//! Measuring: what to run, in which order, and the loop that does it.
