//! What a session says of itself, at the top of the page.

use serde::Serialize;

/// Whether a session's figures can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionVerdict {
    /// How it came out: `good`, `warn` or `bad` (the colour of the mark).
    pub mark: &'static str,
    /// In one sentence.
    pub sentence: String,
    /// What it rests on.
    pub reasons: Vec<String>,
}

/// What may be announced of one track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Announcement {
    /// The track.
    pub track: String,
    /// Sentences that the figures carry.
    pub sentences: Vec<String>,
}
