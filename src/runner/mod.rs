//! Worker processes: the one place that spawns them, talks to them, and limits them.
