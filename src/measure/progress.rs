//! How far a run is: a bar on a terminal, lines elsewhere, always on stderr.

use std::io::IsTerminal;
use std::time::Duration;

use crate::util::chars;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of one `measure`.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
}

impl Progress {
    /// Progress on stderr.
    pub fn stderr() -> Progress {
        let plain = !std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        if plain {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed} of {duration}  {msg}") {
            bar.set_style(style);
        }
        Progress { bar, plain }
    }

    /// `steps` steps lie ahead.
    pub(super) fn begin(&self, steps: u64) {
        self.bar.set_length(steps);
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }

    /// A part begins: it has a line of its own where there is no bar.
    pub(super) fn part(&self, what: &str) {
        let what = &chars::visible_line(what);
        self.bar.set_message(what.clone());
        if self.plain {
            eprintln!("[{}/{}] {what}", self.bar.position(), self.bar.length().unwrap_or(0));
        }
    }

    /// `steps` more are done, or need not be.
    pub(super) fn step(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// Something that must stay to be read.
    pub(super) fn note(&self, line: &str) {
        let line = &chars::visible_line(line);
        if self.plain {
            eprintln!("{line}");
        } else {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }

    /// The redrawing of a bar costs the machine that is being timed: it rests meanwhile.
    pub(super) fn rest(&self) {
        self.bar.disable_steady_tick();
    }

    /// Nothing lies ahead.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
