//! How far a run is: a bar on a terminal, one line for each block elsewhere, always on stderr.
//!
//! Nothing here may fail: a terminal that is gone (SIGHUP) costs its messages, not the run.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of one `measure`.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    begun: Cell<Instant>,
    control: Cell<Option<f64>>,
}

impl Progress {
    /// Progress on stderr.
    pub fn stderr() -> Progress {
        let plain = !std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        if plain {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}, about {eta} left  {msg}") {
            bar.set_style(style);
        }
        Progress { bar, plain, begun: Cell::new(Instant::now()), control: Cell::new(None) }
    }

    /// `steps` steps lie ahead.
    pub(super) fn begin(&self, steps: u64) {
        self.begun.set(Instant::now());
        self.bar.set_length(steps);
        self.bar.enable_steady_tick(Duration::from_millis(500));
    }

    /// A part begins: it has a line of its own where there is no bar.
    pub(super) fn part(&self, what: &str) {
        let control =
            self.control.get().map_or_else(String::new, |floor| format!(", A/A so far {:.1} %", 100.0 * floor));
        self.bar.set_message(format!("{what}{control}"));
        if self.plain {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let left = left(self.begun.get().elapsed(), done, all)
                .map_or_else(String::new, |left| format!(", about {} left", words(left)));
            say(&format!("[{done}/{all}] {what}{left}{control}"));
        }
    }

    /// How far the baseline is from itself so far, as a fraction.
    pub(super) fn control(&self, floor: Option<f64>) {
        self.control.set(floor);
    }

    /// `steps` more are done, or need not be.
    pub(super) fn step(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// Something that must stay to be read.
    pub(super) fn note(&self, line: &str) {
        if self.plain {
            say(line);
        } else {
            self.bar.suspend(|| say(line));
        }
    }

    /// The redrawing of a bar costs the machine that is being timed: it stops until the next part.
    pub(super) fn pause_redrawing(&self) {
        self.bar.disable_steady_tick();
    }

    /// Nothing lies ahead.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The time that is left, if the rest goes as fast as what is done.
fn left(elapsed: Duration, done: u64, all: u64) -> Option<Duration> {
    (done > 0 && all >= done).then(|| elapsed.mul_f64((all - done) as f64 / done as f64))
}

fn words(time: Duration) -> String {
    match time.as_secs() {
        s if s < 90 => format!("{s} s"),
        s if s < 90 * 60 => format!("{} min", s.div_ceil(60)),
        s => format!("{:.1} h", s as f64 / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_what_is_done() {
        let minute = Duration::from_secs(60);
        assert_eq!(left(minute, 0, 10), None);
        assert_eq!(left(minute, 2, 10), Some(4 * minute));
        assert_eq!(left(minute, 10, 10), Some(Duration::ZERO));
        assert_eq!([30, 300, 7200].map(|s| words(Duration::from_secs(s))), ["30 s", "5 min", "2.0 h"]);
    }
}
