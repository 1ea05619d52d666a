//! One `measure`, from where the log stands to the end of the plan.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};
use crate::graph::Counter;
use crate::measure::progress::Progress;
use crate::measure::schedule;
use crate::measure::stages::{self, BlockKey, Context, Stop};
use crate::run::{Event, Planned, RunWriter, Stage};
use crate::worker_process::Launches;

/// A session of measuring.
pub struct Session<'a> {
    context: Context<'a>,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that was planned is measured, or has failed.
    Complete {
        /// Submissions with a failure.
        failed: usize,
    },
    /// The user interrupted.
    Interrupted,
}

impl<'a> Session<'a> {
    /// Reads the LR images, and checks that every file is still that of the plan.
    pub fn new(
        writer: &'a mut RunWriter,
        launches: &'a Launches,
        interrupt: Arc<AtomicBool>,
        progress: &'a Progress,
    ) -> Result<Session<'a>> {
        Ok(Session { context: Context::new(writer, launches, interrupt, progress)? })
    }

    /// Measures what is missing.
    pub fn run(mut self) -> Result<Outcome> {
        self.context.progress.begin(self.context.missing().steps());
        let result = self.all();
        self.context.progress.end();
        let writer = self.context.writer;
        match result {
            Ok(()) => {
                writer.append(Event::Finished)?;
                Ok(Outcome::Complete { failed: writer.run().results().failed() })
            }
            Err(Stop::Interrupted) => {
                writer.append(Event::Interrupted)?;
                Ok(Outcome::Interrupted)
            }
            Err(Stop::Broken(error)) => Err(error),
            Err(Stop::Failed(reason) | Stop::Killed(reason)) => Err(Error::Worker(reason)),
        }
    }

    fn all(&mut self) -> Result<(), Stop> {
        type Part = fn(&mut Context<'_>, &Planned) -> Result<(), Stop>;
        let parts: [(Stage, Part); 3] =
            [(Stage::Quality, stages::quality), (Stage::Memory, stages::memory), (Stage::Graph, stages::graph)];
        for planned in self.context.plan.submissions.clone() {
            for (stage, part) in parts {
                if !self.context.missing().is_off(&planned.submission.name, stage) {
                    let result = part(&mut self.context, &planned);
                    self.settle(&planned.submission.name, stage, result)?;
                }
            }
        }
        self.rounds()
    }

    /// A submission's failure becomes an event; anything else ends the session.
    fn settle(&mut self, submission: &str, stage: Stage, result: Result<(), Stop>) -> Result<(), Stop> {
        match result {
            Err(Stop::Killed(_)) if self.context.is_ending() => Err(Stop::Interrupted),
            Err(Stop::Failed(reason) | Stop::Killed(reason)) => {
                self.context.progress.note(&format!("{submission} failed: {reason}"));
                let event = Event::Failure { submission: submission.to_owned(), stage, reason };
                Ok(self.context.writer.append(event)?)
            }
            other => other,
        }
    }

    fn rounds(&mut self) -> Result<(), Stop> {
        let plan = self.context.plan.clone();
        for planned in &plan.submissions {
            if !self.context.missing().is_off(&planned.submission.name, Stage::Rounds) {
                let result = stages::reference(&mut self.context, planned);
                self.settle(&planned.submission.name, Stage::Rounds, result)?;
            }
        }
        let labels = plan.labels();
        let orders = schedule::order(labels.len(), plan.rounds, plan.seed);
        for (round, order) in (0..).zip(orders) {
            for (position, label) in order.into_iter().enumerate() {
                let (label, submission) = &labels[label];
                let missing = self.context.missing();
                if missing.is_off(submission, Stage::Rounds) || !missing.round(label, round) {
                    continue;
                }
                let Some(planned) = plan.submission(submission) else { continue };
                let result = stages::block(&mut self.context, planned, BlockKey { label, round, position });
                self.settle(submission, Stage::Rounds, result)?;
            }
            let control = self.context.writer.run().control(Counter::Hook)?;
            self.context.progress.control(control.map(|control| control.floor()));
        }
        Ok(())
    }
}
