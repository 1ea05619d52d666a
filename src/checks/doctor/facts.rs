//! The facts about the machine that the doctor judges.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::machine;
use crate::machine::Machine;
use crate::protocol::Hello;
use crate::worker_process;
use crate::worker_process::Worker;
use crate::worker_process::sandbox::Support;
use crate::worker_process::{Launch, Limits};

/// The machine and the worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// The machine.
    pub machine: Machine,
    /// The worker's answer to `hello`, or why there is none.
    pub worker: Result<Hello, String>,
    /// What the kernel offers to confine workers.
    pub sandbox: Support,
}

impl Facts {
    /// Probes the machine and starts the worker once (`given`, or the one beside the running executable).
    pub fn gather(given: Option<&Path>) -> Facts {
        Facts { machine: machine::probe(), worker: ask(given), sandbox: Support::probe() }
    }
}

fn ask(given: Option<&Path>) -> Result<Hello, String> {
    let program = worker_process::locate(given).map_err(|error| error.to_string())?;
    let launch = Launch::new(program, Limits::default());
    let worker = Worker::start(&launch, Arc::new(AtomicBool::new(false))).map_err(|error| error.to_string())?;
    let hello = worker.hello().clone();
    worker.finish("hello").map_err(|failure| failure.to_string())?;
    Ok(hello)
}
