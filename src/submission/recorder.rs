//! A worker that records the operations of one submission.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::{OpGraph, Recorded};
use crate::protocol::{Load, Switches};
use crate::submission::resolved::Submission;
use crate::worker_process::sandbox::Access;
use crate::worker_process::{Failure, Launch, Worker};

/// A worker that has loaded a submission in order to record it.
#[derive(Debug)]
pub struct GraphRecorder {
    worker: Worker,
    name: String,
}

impl GraphRecorder {
    /// Starts a worker and loads the submission on the CPU, untiled.
    pub fn start(launch: &Launch, submission: &Submission) -> Result<GraphRecorder> {
        let access = Access { read: submission.network.files(), write: Vec::new(), scratch: None };
        let mut worker = Worker::start(&launch.within(access), Arc::default())?;
        let load = Load { tile: None, ..submission.load_request("cpu", &Switches::default()) };
        worker.load(load).map_err(|failure| submission_error(&submission.name, &failure))?;
        Ok(GraphRecorder { worker, name: submission.name.clone() })
    }

    /// The operations of one forward on a 1 x 3 x `size` input: by shapes alone where the network allows it, or only so if
    /// `how` says it.
    pub fn record(&mut self, size: [i64; 2], how: Option<Recorded>) -> Result<OpGraph> {
        let recorded = self.worker.record(size, how, "recording");
        let mut graph = recorded.map_err(|failure| submission_error(&self.name, &failure))?;
        self.name.clone_into(&mut graph.network);
        Ok(graph)
    }

    /// Ends the worker.
    pub fn finish(self) -> Result<()> {
        let name = self.name;
        self.worker.finish("the end of recording").map_err(|failure| submission_error(&name, &failure))
    }
}

fn submission_error(name: &str, failure: &Failure) -> Error {
    Error::Submission { submission: name.to_owned(), reason: failure.to_string() }
}
