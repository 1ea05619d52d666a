//! JSON: the leaderboard as it is, one object.

use crate::error::{Error, Result};
use crate::report::render::Render;
use crate::report::view::BoardView;
use crate::util::chars;

/// See [`crate::report::format::Format::Json`].
pub(super) struct Json;

impl Render for Json {
    fn render(&self, view: &BoardView<'_>) -> Result<String> {
        let mut text = serde_json::to_string_pretty(&view.board)
            .map_err(|e| Error::io("write", "JSON")(std::io::Error::from(e)))?;
        text.push('\n');
        // Escapes of JSON: what reads the document gets the text as it was.
        Ok(chars::visible(&text))
    }
}
