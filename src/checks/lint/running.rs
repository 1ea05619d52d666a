//! A submission that runs in a worker; if the worker ends, the next request starts a new one.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::protocol::{Loaded, Switches, WorkerKind};
use crate::submission::Submission;
use crate::worker_process::Failure;
use crate::worker_process::Launches;
use crate::worker_process::Worker;

/// Why a request has no reply.
#[derive(Debug)]
pub(super) enum Stop {
    /// The submission failed.
    Failed {
        /// One line.
        why: String,
        /// The worker had to be killed, or died: a similar request would probably end the same way.
        fatal: bool,
    },
    /// The harness failed.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

/// A running submission.
pub(super) struct RunningSubmission<'a> {
    launches: &'a Launches,
    pub(super) submission: &'a Submission,
    /// A folder for pixels.
    pub(super) folder: &'a Path,
    worker: Option<Worker>,
}

impl<'a> RunningSubmission<'a> {
    pub(super) fn new(launches: &'a Launches, submission: &'a Submission, folder: &'a Path) -> RunningSubmission<'a> {
        RunningSubmission { launches, submission, folder, worker: None }
    }

    /// Builds the network in a fresh worker.
    pub(super) fn load(&mut self) -> Result<Loaded, Stop> {
        let network = &self.submission.network;
        if let (Err(why), WorkerKind::Libtorch) = (self.launches.of(network), network.worker()) {
            return Err(Stop::Broken(Error::Worker(why.to_owned())));
        }
        let started = self.launches.start(network, self.folder, &Arc::default())?;
        self.worker = Some(started.map_err(|why| Stop::Failed { why, fatal: true })?);
        let load = self.submission.load_request("cpu", &Switches::default());
        self.on_worker(|worker| worker.load(load))
    }

    /// Asks the loaded network, which is loaded again if the last request broke its worker.
    pub(super) fn ask<T>(&mut self, call: impl FnOnce(&mut Worker) -> Result<T, Failure>) -> Result<T, Stop> {
        if self.worker.is_none() {
            self.load()?;
        }
        self.on_worker(call)
    }

    fn on_worker<T>(&mut self, call: impl FnOnce(&mut Worker) -> Result<T, Failure>) -> Result<T, Stop> {
        let Some(worker) = &mut self.worker else {
            return Err(Stop::Failed { why: "there is no worker".to_owned(), fatal: true });
        };
        call(worker).map_err(|failure| {
            let fatal = !failure.leaves_worker_alive();
            if fatal {
                self.worker = None;
            }
            Stop::Failed { why: failure.to_string(), fatal }
        })
    }
}
