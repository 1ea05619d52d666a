//! What every stage works with: the plan, the log, the images, and how a worker with a loaded network is made ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::{Error, Result};
use crate::measure::input;
use crate::measure::missing::Missing;
use crate::measure::progress::Progress;
use crate::measure::stages::variants::{References, secret};
use crate::protocol::{Loaded, Slot, WorkerKind};
use crate::quality::Image;
use crate::run::RunWriter;
use crate::run::{Event, Plan, Planned, PlannedImage, SubmissionResults};
use crate::worker_process::Exchange;
use crate::worker_process::Launches;
use crate::worker_process::sandbox::Access;
use crate::worker_process::{Failure, StartError, Status, Worker};

/// Why a part of the work ended early.
pub(in crate::measure) enum Stop {
    /// The submission failed: the others go on.
    Failed(String),
    /// The worker was ended from outside, by a signal that ends whole jobs as well: see [`Context::is_ending`].
    Killed(String),
    /// The user interrupted.
    Interrupted,
    /// The harness cannot go on.
    Broken(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        match failure {
            Failure::Interrupted => Stop::Interrupted,
            Failure::Died { status: Status::Signal(signal), .. } if ENDS_JOBS.contains(&signal) => {
                Stop::Killed(failure.to_string())
            }
            other => Stop::Failed(other.to_string()),
        }
    }
}

impl From<StartError> for Stop {
    /// The program has worked when the session began: a process that ends while it starts costs one row.
    fn from(error: StartError) -> Stop {
        match error {
            StartError::Unusable(error) => Stop::Broken(error),
            StartError::Failed(failure) => failure.into(),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

/// Signals by which a batch system, a terminal or a shutdown ends all processes of a job.
const ENDS_JOBS: [i32; 4] = [Signal::TERM.as_raw(), Signal::KILL.as_raw(), Signal::INT.as_raw(), Signal::HUP.as_raw()];

/// How long the harness waits for a signal of its own after one of these ended a worker.
const ENDING: Duration = Duration::from_secs(2);

/// Everything that a session works with.
pub(in crate::measure) struct Context<'a> {
    pub(in crate::measure) writer: &'a mut RunWriter,
    pub(in crate::measure) progress: &'a Progress,
    pub(in crate::measure) plan: Plan,
    launches: &'a Launches,
    interrupt: Arc<AtomicBool>,
    lr: Vec<Image>,
    pub(super) exchange: Exchange,
    /// What the pixels of timed forwards are derived from. It is drawn when the session begins, and is written nowhere.
    pub(super) secret: u64,
    pub(super) references: References,
}

impl<'a> Context<'a> {
    /// Reads the LR images, and checks that every file is still that of the plan.
    pub(in crate::measure) fn new(
        writer: &'a mut RunWriter,
        launches: &'a Launches,
        interrupt: Arc<AtomicBool>,
        progress: &'a Progress,
    ) -> Result<Context<'a>> {
        let plan = writer.run().plan().clone();
        input::check_files(&plan)?;
        let lr = plan.images.iter().map(input::pixels).collect::<Result<_>>()?;
        let exchange = Exchange::create(&writer.run().dir().join("exchange.tmp"))?;
        Ok(Context {
            writer,
            progress,
            plan,
            launches,
            interrupt,
            lr,
            exchange,
            secret: secret(),
            references: References::default(),
        })
    }

    /// What is left to measure.
    pub(in crate::measure) fn missing(&self) -> Missing<'_> {
        Missing::new(&self.plan, self.writer.run().results())
    }

    /// Whether this process is being ended as well, after a signal ended its worker. A batch system that ends a job sends the signal
    /// to each process; the worker may be gone before the harness has heard of it, and its submission is not to blame.
    pub(in crate::measure) fn is_ending(&self) -> bool {
        let begin = Instant::now();
        while begin.elapsed() < ENDING {
            if self.interrupt.load(Ordering::Relaxed) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Puts the LR image at `at` of the plan into the exchange file.
    pub(super) fn put(&self, at: usize, planned: &Planned) -> Result<Slot> {
        let lr = &self.lr[at];
        self.exchange.put(&lr.rgb, lr.height, lr.width, planned.submission.scale)
    }

    /// Puts other pixels of the same size in its place.
    pub(super) fn put_pixels(&self, at: usize, rgb: &[u8], planned: &Planned) -> Result<Slot> {
        let lr = &self.lr[at];
        self.exchange.put(rgb, lr.height, lr.width, planned.submission.scale)
    }

    /// The LR image at `at` of the plan.
    pub(super) fn image(&self, at: usize) -> &Image {
        &self.lr[at]
    }

    /// What was measured of a submission.
    pub(super) fn results(&self, planned: &Planned) -> Option<&SubmissionResults> {
        self.writer.run().results().submissions.get(&planned.submission.name)
    }

    /// What the worker said when it loaded the network first.
    pub(super) fn loaded(&self, planned: &Planned) -> Option<&Loaded> {
        self.writer.run().results().submissions.get(&planned.submission.name)?.loaded.as_ref()
    }

    /// A fresh worker with the submission's network loaded.
    pub(super) fn ready(&mut self, planned: &Planned) -> Result<Worker, Stop> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Stop::Interrupted);
        }
        let submission = &planned.submission;
        let launch = self.launches.of(&submission.network).map_err(|why| Stop::Failed(why.to_owned()))?;
        let launch = launch.within(Access::to(&submission.network, self.exchange.path()));
        let mut worker = match Worker::start_for_submission(&launch, self.interrupt.clone()) {
            // A Python that broke in the meantime costs the rows that need it.
            Err(StartError::Unusable(error)) if submission.network.worker() == WorkerKind::Python => {
                return Err(Stop::Failed(error.to_string()));
            }
            started => started?,
        };
        let loaded = worker.load(submission.load_request(&self.plan.device, &self.plan.switches))?;
        for file in &loaded.hashes {
            if planned.files.iter().any(|f| f.path == file.path && f.sha256 != file.sha256) {
                return Err(Stop::Failed(format!("{} changed during the run", file.path.display())));
            }
            let first = self.loaded(planned).iter().flat_map(|l| &l.hashes).find(|f| f.path == file.path);
            if first.is_some_and(|f| f.sha256 != file.sha256) {
                return Err(Stop::Failed(format!("{} changed during the run", file.path.display())));
            }
            if let Some((_, stated)) = submission.stated_hashes.iter().find(|(path, _)| *path == file.path)
                && !stated.eq_ignore_ascii_case(&file.sha256)
            {
                return Err(Stop::Failed(format!(
                    "{}: expected the SHA-256 {stated}, as the manifest states, found {}",
                    file.path.display(),
                    file.sha256
                )));
            }
        }
        if self.loaded(planned).is_none() {
            self.writer.append(Event::Loaded { submission: submission.name.clone(), loaded })?;
        }
        Ok(worker)
    }
}

/// An image in a failure's reason.
pub(super) fn describe(image: &PlannedImage) -> String {
    format!("{} (LR {} x {})", image.label(), image.height, image.width)
}
