//! A submission that runs in a worker; if the worker ends, the next request starts a new one.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::protocol::{Load, Loaded, Reply, Request, Switches};
use crate::submission::Submission;
use crate::worker_process::Failure;
use crate::worker_process::Launch;
use crate::worker_process::{Worker, name_of};

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
    launch: &'a Launch,
    pub(super) submission: &'a Submission,
    /// A folder for pixels.
    pub(super) folder: &'a Path,
    worker: Option<Worker>,
}

impl<'a> RunningSubmission<'a> {
    pub(super) fn new(launch: &'a Launch, submission: &'a Submission, folder: &'a Path) -> RunningSubmission<'a> {
        RunningSubmission { launch, submission, folder, worker: None }
    }

    /// Builds the network in a fresh worker.
    pub(super) fn load(&mut self) -> Result<Loaded, Stop> {
        self.worker = Some(Worker::start(self.launch, Arc::default())?);
        let submission = self.submission;
        let load = Load {
            network: submission.network.clone(),
            device: "cpu".to_owned(),
            scale: submission.scale,
            data_range: submission.data_range,
            tile: submission.tile,
            switches: Switches::default(),
        };
        match self.send(&Request::Load(Box::new(load)), "loading")? {
            Reply::Loaded(loaded) => Ok(loaded),
            other => Err(unexpected(&other, "loading")),
        }
    }

    /// A request to the loaded network.
    pub(super) fn ask(&mut self, request: &Request, doing: &str) -> Result<Reply, Stop> {
        if self.worker.is_none() {
            self.load()?;
        }
        self.send(request, doing)
    }

    fn send(&mut self, request: &Request, doing: &str) -> Result<Reply, Stop> {
        let Some(worker) = &mut self.worker else {
            return Err(Stop::Failed { why: format!("no worker during {doing}"), fatal: true });
        };
        worker.request(request, doing).map_err(|failure| {
            let fatal = !matches!(failure, Failure::Refused(_));
            if fatal {
                self.worker = None;
            }
            Stop::Failed { why: failure.to_string(), fatal }
        })
    }
}

pub(super) fn unexpected(reply: &Reply, doing: &str) -> Stop {
    Stop::Failed { why: format!("{} during {doing}", name_of(reply)), fatal: true }
}
