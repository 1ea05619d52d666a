//! JSON: the leaderboard as it is, one object.

use super::{Report, View};
use crate::error::{Error, Result};

/// See [`super::Format::Json`].
pub(super) struct Json;

impl Report for Json {
    fn render(&self, view: &View<'_>) -> Result<String> {
        let mut text = serde_json::to_string_pretty(&view.board)
            .map_err(|e| Error::io("write", "JSON")(std::io::Error::from(e)))?;
        text.push('\n');
        Ok(text)
    }
}
