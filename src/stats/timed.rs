//! One session as a ranking's statistics take it: its timings, and what was recorded beside them.

use std::collections::BTreeMap;

use super::matrix::Session;
use super::samples::{CONTROL_SUFFIX, Samples};
use super::summary::Protocol;

/// One session: one run of the harness, or one file of timings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimedSession {
    /// Its name and its samples. A label is an entry's name in messages; the baseline's control has the suffix
    /// [`CONTROL_SUFFIX`] besides.
    pub session: Session,
    /// How its timings become one runtime.
    pub protocol: Protocol,
    /// The processors that other programs kept busy in a round, by the round's number; rounds of which that is not known are absent.
    pub loads: BTreeMap<u32, f64>,
    /// Every measurement of an entry's peak memory, in units of 1024^2 bytes, by label.
    pub memory: BTreeMap<String, Vec<f64>>,
}

impl TimedSession {
    /// A session of which nothing but the timings is known.
    pub fn of_samples(name: &str, samples: Vec<Samples>) -> Self {
        TimedSession { session: Session { name: name.to_owned(), samples }, ..TimedSession::default() }
    }

    /// Gives an entry and its control another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        for samples in &mut self.session.samples {
            if samples.label == from {
                to.clone_into(&mut samples.label);
            } else if samples.control_of() == Some(from) {
                samples.label = format!("{to}{CONTROL_SUFFIX}");
            }
        }
        if let Some(memory) = self.memory.remove(from) {
            self.memory.insert(to.to_owned(), memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_goes_with_its_entry() {
        let samples = |label: &str| Samples { label: label.into(), ..Samples::default() };
        let mut timed =
            TimedSession::of_samples("a", vec![samples("imdn"), samples("imdn (A/A control)"), samples("x")]);
        timed.memory.insert("imdn".into(), vec![3.0]);
        timed.rename("imdn", "imdn [b]");
        let labels: Vec<&str> = timed.session.samples.iter().map(|s| s.label.as_str()).collect();
        assert_eq!(labels, ["imdn [b]", "imdn [b] (A/A control)", "x"]);
        assert_eq!(timed.memory["imdn [b]"], [3.0]);
    }
}
