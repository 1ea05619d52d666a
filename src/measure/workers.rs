//! The workers of a run: which kinds its submissions need, and what each of them says of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};
use crate::protocol::{Hello, WorkerKind};
use crate::run::{Manifest, Plan};
use crate::worker_process::sandbox::Mode;
use crate::worker_process::{Launch, Launches, Limits, Python, Worker, locate};

/// Which programs were named on the command line.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// `--worker`.
    pub worker: Option<PathBuf>,
    /// `--python`.
    pub python: Option<PathBuf>,
    /// `--sandbox`.
    pub sandbox: Mode,
}

/// The workers of a run, each greeted once.
#[derive(Debug, Clone)]
pub struct Workers {
    /// How each is started, or why it cannot be.
    pub launches: Launches,
    /// What `esr-worker` said; where no submission needs it, what the PyTorch worker said.
    pub first: Hello,
    /// What the PyTorch worker said, where a submission needs it.
    pub python: Option<Hello>,
}

impl Workers {
    /// Greets the workers that the plan needs. A PyTorch worker that cannot run costs the submissions that need it, not the
    /// run: the reason becomes their rows.
    ///
    /// # Errors
    /// `esr-worker` is needed and missing, or does not know the device.
    pub fn greet(named: &Named, plan: &Plan, limits: &Limits, interrupt: &Arc<AtomicBool>) -> Result<Workers> {
        let needs = |kind| plan.submissions.iter().any(|p| p.submission.network.worker() == kind);
        let mut launches = launches(named, limits, needs(WorkerKind::Python));
        let mut python = None;
        if let Ok(launch) = &launches.python {
            match Worker::start(launch, interrupt.clone()).and_then(|w| on_device(w.hello().clone(), &plan.device)) {
                Ok(hello) => python = Some(hello),
                Err(error) => launches.python = Err(error.to_string()),
            }
        }
        if let (Some(hello), false) = (&python, needs(WorkerKind::Libtorch)) {
            return Ok(Workers { launches, first: hello.clone(), python });
        }
        let launch = launches.libtorch.as_ref().map_err(|why| Error::Worker(why.clone()))?;
        let first = on_device(Worker::start(launch, interrupt.clone())?.hello().clone(), &plan.device)?;
        Ok(Workers { launches, first, python })
    }

    /// Their names and versions, for the log.
    pub fn names(&self) -> String {
        let python = self.python.iter().filter(|python| python.worker != self.first.worker);
        let names: Vec<&str> = std::iter::once(&self.first).chain(python).map(|h| h.worker.as_str()).collect();
        names.join(", ")
    }

    /// Refuses to go on with a run that was begun by other workers.
    pub fn agree_with(&self, run: &Path, begun: &Manifest) -> Result<()> {
        let pairs = [(Some(&begun.worker), Some(&self.first)), (begun.python.as_ref(), self.python.as_ref())];
        for (then, now) in pairs {
            let (Some(then), Some(now)) = (then, now) else { continue };
            if (&then.worker, &then.backend) != (&now.worker, &now.backend) {
                return Err(Error::Worker(format!(
                    "the run in {} was begun with {} on {}, this is {} on {}: figures of both do not belong in one table",
                    run.display(),
                    then.worker,
                    then.backend,
                    now.worker,
                    now.backend
                )));
            }
        }
        Ok(())
    }
}

/// How the workers are started. Python is looked for only where it is needed.
pub fn launches(named: &Named, limits: &Limits, needs_python: bool) -> Launches {
    let libtorch = locate(named.worker.as_deref());
    let confined = |launch: Launch| launch.with_sandbox(named.sandbox);
    Launches {
        libtorch: libtorch
            .map(|program| confined(Launch::new(program, limits.clone())))
            .map_err(|error| error.to_string()),
        python: match needs_python {
            true => {
                Python::find(named.python.as_deref()).and_then(|python| python.worker(limits.clone())).map(confined)
            }
            false => Err("no submission of this run is Python code".to_owned()),
        },
    }
}

fn on_device(hello: Hello, device: &str) -> Result<Hello> {
    if hello.devices.iter().any(|d| d.id == device) {
        return Ok(hello);
    }
    let known: Vec<&str> = hello.devices.iter().map(|d| d.id.as_str()).collect();
    Err(Error::Usage(format!("no device `{device}`; {} has {}", hello.worker, known.join(", "))))
}
