//! The kinds of workers that one run may need, and how each is started.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};
use crate::protocol::{Network, WorkerKind};
use crate::worker_process::launch::Launch;
use crate::worker_process::sandbox::Access;
use crate::worker_process::worker::Worker;

/// How to start the worker that a network needs.
#[derive(Debug, Clone)]
pub struct Launches {
    /// For registered networks and programs.
    pub libtorch: Result<Launch, String>,
    /// For teams' Python code.
    pub python: Result<Launch, String>,
}

impl Launches {
    /// How the worker for `network` is started, or why there is none.
    pub fn of(&self, network: &Network) -> Result<&Launch, &str> {
        match network.worker() {
            WorkerKind::Libtorch => self.libtorch.as_ref(),
            WorkerKind::Python => self.python.as_ref(),
        }
        .map_err(String::as_str)
    }

    /// Starts the worker for `network`, confined to the network's files and to `exchange`, the file through which pixels travel
    /// or the folder that will hold it.
    ///
    /// # Errors
    /// The inner one is the submission's: there is no worker for it. The outer one is of the harness: `esr-worker` does not
    /// start.
    pub fn start(
        &self,
        network: &Network,
        exchange: &Path,
        interrupt: &Arc<AtomicBool>,
    ) -> Result<Result<Worker, String>> {
        let launch = match self.of(network) {
            Ok(launch) => launch.within(Access::to(network, exchange)),
            Err(why) => return Ok(Err(why.to_owned())),
        };
        match Worker::start(&launch, interrupt.clone()) {
            Ok(worker) => Ok(Ok(worker)),
            // A Python that broke in the meantime costs the rows that need it.
            Err(Error::Worker(why)) if network.worker() == WorkerKind::Python => Ok(Err(why)),
            Err(error) => Err(error),
        }
    }
}

impl Access {
    /// What the worker of `network` needs: the files that make the network, and the file through which pixels travel.
    pub fn to(network: &Network, exchange: &Path) -> Access {
        Access { read: network.files(), write: vec![exchange.to_path_buf()], scratch: None }
    }
}

impl From<Launch> for Launches {
    fn from(libtorch: Launch) -> Launches {
        Launches { libtorch: Ok(libtorch), python: Err("no Python interpreter was looked for".to_owned()) }
    }
}
