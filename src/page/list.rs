//! The list of runs that a server shows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::page::scripts::{LIST, LIST_SCRIPT, STYLE};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    name: String,
    address: String,
    progress: LineProgress,
    left: String,
    problem: Option<String>,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LineProgress {
    /// Parts that are recorded.
    pub done: usize,
    /// All parts.
    pub total: usize,
    /// Seconds that the rest takes.
    pub seconds_left: Option<f64>,
    /// Whether the run came to its end.
    pub finished: bool,
    /// Submissions with a failure.
    pub failed: usize,
    /// In words.
    pub stage: String,
}

impl RunLine {
    /// A line; `problem` says why the run cannot be read.
    pub fn new(name: String, address: String, progress: LineProgress, problem: Option<String>) -> RunLine {
        let left = match progress.seconds_left {
            _ if progress.finished || progress.total == 0 => String::new(),
            Some(seconds) => format!("{} left", duration(seconds)),
            None => "time left unknown".to_owned(),
        };
        RunLine { name, address, progress, left, problem }
    }
}

/// `2 h 05 min`, `7 min`, `40 s`.
fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match seconds {
        s if s < 90.0 => format!("{} s", s.ceil() as u64),
        _ if minutes < 60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

/// The list as a document.
///
/// # Errors
/// The template does not fit the data.
pub fn render_list(runs: &[RunLine]) -> Result<String> {
    let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; form-action 'none'",
        hash(LIST_SCRIPT),
        hash(STYLE)
    );
    let broken = |error: minijinja::Error| Error::Usage(format!("the list's template: {error:#}"));
    let mut environment = Environment::new();
    environment.add_template("runs.html", LIST).map_err(broken)?;
    let context = context! {
        runs => Value::from(Serde(runs)),
        policy => policy,
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(LIST_SCRIPT.to_owned()),
    };
    environment.get_template("runs.html").and_then(|t| t.render(context)).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_how_long_and_escapes_names() {
        assert_eq!([3.2, 100.0, 3000.0, 7500.0].map(duration), ["4 s", "2 min", "50 min", "2 h 05 min"]);
        let progress = LineProgress { done: 3, total: 10, seconds_left: Some(65.0), ..LineProgress::default() };
        let line = RunLine::new("<img src=x>".into(), "/run/x/".into(), progress, None);
        let html = render_list(&[line]).unwrap();
        assert!(html.contains("65 s left") && html.contains("&lt;img") && !html.contains("<img"), "{html}");
    }
}
