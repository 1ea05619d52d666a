//! What may be announced, for people: the sentences of each track.

use crate::error::{Error, Result};
use crate::rank::Leaderboard;
use crate::report::format::Format;
use crate::text;

/// Writes the announcements of boards as plain text or Markdown.
///
/// # Errors
/// Another format, or a board without an announcement.
pub fn announcements(boards: &[Leaderboard], format: Format) -> Result<String> {
    let one = |board: &Leaderboard| {
        let heading = text::one_line(&format!("{}: {}", board.title, board.track));
        let said = board.announcement.as_ref();
        let sentences: Vec<String> = match said {
            Some(said) => said.sentences.iter().map(|s| text::one_line(s)).collect(),
            None if board.rows.is_empty() => {
                vec!["Nobody is ranked in this track, so nothing can be announced.".to_owned()]
            }
            None => return Err(Error::Usage(format!("{heading}: nothing was computed that may be announced"))),
        };
        Ok(match format {
            Format::Table => {
                format!("{heading}\n\n{}", sentences.iter().map(|s| format!("  {s}\n")).collect::<String>())
            }
            Format::Markdown => {
                format!("## {heading}\n\n{}", sentences.iter().map(|s| format!("- {s}\n")).collect::<String>())
            }
            other => {
                return Err(Error::Usage(format!(
                    "--announce: expected --format table, markdown, json or html, found {other}"
                )));
            }
        })
    };
    Ok(boards.iter().map(one).collect::<Result<Vec<String>>>()?.join("\n"))
}
