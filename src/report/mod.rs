//! Reports: one leaderboard, many formats.
