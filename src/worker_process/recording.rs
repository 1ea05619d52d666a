//! Graphs of a submission's operations, from a worker.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};
use crate::graph::file;
use crate::graph::{OpGraph, Recorded};
use crate::protocol::{Load, Reply, Request, Switches};
use crate::submission::Submission;
use crate::worker_process::failure::Failure;
use crate::worker_process::launch::Launch;
use crate::worker_process::worker::{Worker, name_of};

/// A worker that has loaded a submission in order to record it.
#[derive(Debug)]
pub struct GraphRecorder {
    worker: Worker,
    name: String,
}

impl GraphRecorder {
    /// Starts a worker and loads the submission on the CPU.
    pub fn start(launch: &Launch, submission: &Submission) -> Result<GraphRecorder> {
        let worker = Worker::start(launch, Arc::new(AtomicBool::new(false)))?;
        let mut recorder = GraphRecorder { worker, name: submission.name.clone() };
        let load = Load {
            network: submission.network.clone(),
            device: "cpu".to_owned(),
            scale: submission.scale,
            data_range: submission.data_range,
            tile: None,
            switches: Switches::default(),
        };
        match recorder.ask(&Request::Load(Box::new(load)), "loading")? {
            Reply::Loaded(_) => Ok(recorder),
            other => Err(recorder.unexpected(&other)),
        }
    }

    /// The operations of one forward on a 1 x 3 x `size` input: by shapes alone where the network allows it, or only so if
    /// `how` says it.
    pub fn record(&mut self, size: [i64; 2], how: Option<Recorded>) -> Result<OpGraph> {
        let [height, width] = size;
        let mut graph = match self.ask(&Request::Record { height, width, how }, "recording")? {
            Reply::Recorded { graph } => *graph,
            other => return Err(self.unexpected(&other)),
        };
        // Programs are foreign: what they made the worker record is checked like a file.
        file::check(&graph).map_err(|(at, expected, found)| {
            self.failed(format!("its graph is not valid: `{at}`: expected {expected}, found {found}"))
        })?;
        self.name.clone_into(&mut graph.network);
        Ok(graph)
    }

    /// Ends the worker in peace.
    pub fn finish(self) -> Result<()> {
        let name = self.name;
        self.worker.finish("the end of recording").map_err(|failure| submission_error(&name, &failure))
    }

    fn ask(&mut self, request: &Request, doing: &str) -> Result<Reply> {
        self.worker.request(request, doing).map_err(|failure| submission_error(&self.name, &failure))
    }

    fn failed(&self, reason: String) -> Error {
        Error::Submission { submission: self.name.clone(), reason }
    }

    fn unexpected(&self, reply: &Reply) -> Error {
        self.failed(format!("the worker answered with {}", name_of(reply)))
    }
}

fn submission_error(name: &str, failure: &Failure) -> Error {
    Error::Submission { submission: name.to_owned(), reason: failure.to_string() }
}
