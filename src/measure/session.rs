//! One `measure`, from where the records stand to the end of the plan.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::graph;
use crate::measure::missing::Missing;
use crate::measure::progress::Progress;
use crate::measure::{conditions, input, schedule};
use crate::protocol::{Inferred, Load, Loaded, Memory, Reply, Request, Timed};
use crate::quality;
use crate::quality::Image;
use crate::run::RunWriter;
use crate::run::{Event, ImageQuality, MeasuredMemory, RoundImage, RoundTimes, Stage};
use crate::run::{Plan, Planned, PlannedImage};
use crate::worker_process::Exchange;
use crate::worker_process::Failure;
use crate::worker_process::Launch;
use crate::worker_process::Worker;

/// The side of the input at which operations are recorded: the field's convention.
const RECORDED: i64 = 256;

/// Everything that a session works with.
pub struct Session<'a> {
    recorder: &'a mut RunWriter,
    launch: &'a Launch,
    interrupt: Arc<AtomicBool>,
    progress: &'a Progress,
    plan: Plan,
    lr: Vec<Image>,
    exchange: Exchange,
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

/// Why a part of the work ended early.
enum Stop {
    /// The submission failed: the others go on.
    Failed(String),
    /// The user interrupted.
    Interrupted,
    /// The harness cannot go on.
    Broken(Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        match failure {
            Failure::Interrupted => Stop::Interrupted,
            other => Stop::Failed(other.to_string()),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Broken(error)
    }
}

impl<'a> Session<'a> {
    /// Reads the LR images, and checks that every file is still that of the plan.
    pub fn new(
        recorder: &'a mut RunWriter,
        launch: &'a Launch,
        interrupt: Arc<AtomicBool>,
        progress: &'a Progress,
    ) -> Result<Session<'a>> {
        let plan = recorder.run().manifest().plan.clone();
        input::check_files(&plan)?;
        let lr = plan.images.iter().map(input::pixels).collect::<Result<_>>()?;
        let exchange = Exchange::create(&recorder.run().dir().join("exchange.tmp"))?;
        Ok(Session { recorder, launch, interrupt, progress, plan, lr, exchange })
    }

    /// Measures what is missing.
    pub fn run(mut self) -> Result<Outcome> {
        self.progress.begin(self.missing().steps());
        let result = self.all();
        self.progress.end();
        match result {
            Ok(()) => {
                self.recorder.append(Event::Finished)?;
                Ok(Outcome::Complete { failed: self.recorder.run().results().failed() })
            }
            Err(Stop::Interrupted) => {
                self.recorder.append(Event::Interrupted)?;
                Ok(Outcome::Interrupted)
            }
            Err(Stop::Broken(error)) => Err(error),
            Err(Stop::Failed(reason)) => Err(Error::Worker(reason)),
        }
    }

    fn all(&mut self) -> Result<(), Stop> {
        type Part<'a> = fn(&mut Session<'a>, &Planned) -> Result<(), Stop>;
        let parts: [(Stage, Part<'a>); 3] =
            [(Stage::Quality, Session::quality), (Stage::Memory, Session::memory), (Stage::Graph, Session::graph)];
        for planned in self.plan.submissions.clone() {
            for (stage, part) in parts {
                if !self.missing().is_off(&planned.submission.name, stage) {
                    let result = part(self, &planned);
                    self.settle(&planned.submission.name, stage, result)?;
                }
            }
        }
        self.rounds()
    }

    fn missing(&self) -> Missing<'_> {
        Missing::new(&self.plan, self.recorder.run().results())
    }

    /// A submission's failure becomes an event; anything else goes on up.
    fn settle(&mut self, submission: &str, stage: Stage, result: Result<(), Stop>) -> Result<(), Stop> {
        match result {
            Err(Stop::Failed(reason)) => {
                self.progress.note(&format!("{submission} failed: {reason}"));
                let event = Event::Failure { submission: submission.to_owned(), stage, reason };
                Ok(self.recorder.append(event)?)
            }
            other => other,
        }
    }

    /// SR of every image, each compared with its HR while the worker waits.
    fn quality(&mut self, planned: &Planned) -> Result<(), Stop> {
        let missing = self.missing().quality(planned);
        if missing.is_empty() {
            return Ok(());
        }
        let name = &planned.submission.name;
        self.progress.part(&format!("{name}: quality of {} images", missing.len()));
        let mut worker = self.ready(planned)?;
        probe(&mut worker, planned)?;
        for at in missing {
            let image = self.plan.images[at].clone();
            let event = self.image_quality(&mut worker, planned, at, &image)?;
            self.recorder.append(Event::Quality(event))?;
            self.progress.step(1);
        }
        Ok(worker.finish("the end of the quality pass")?)
    }

    fn image_quality(
        &self,
        worker: &mut Worker,
        planned: &Planned,
        at: usize,
        image: &PlannedImage,
    ) -> Result<ImageQuality, Stop> {
        let scale = planned.submission.scale;
        let doing = format!("the quality pass on {}", describe(image));
        let lr = &self.lr[at];
        let slot = self.exchange.put(&lr.rgb, lr.height, lr.width, scale)?;
        let inferred: Inferred = match worker.request(&Request::Infer { slot: slot.clone() }, &doing)? {
            Reply::Inferred(inferred) => inferred,
            other => return Err(unexpected(&other, &doing)),
        };
        // Random weights may overflow; what they cost is the same.
        if inferred.non_finite > 0 && planned.has_quality(self.loaded(planned)) {
            let count = inferred.non_finite;
            return Err(Stop::Failed(format!("{count} values of the output are NaN or infinite during {doing}")));
        }
        let (height, width) = (lr.height * scale as usize, lr.width * scale as usize);
        if (inferred.height, inferred.width) != (height, width) {
            return Err(Stop::Failed(format!(
                "SR of {} x {} during {doing}, expected {height} x {width} (height x width)",
                inferred.height, inferred.width
            )));
        }
        let Some(rgb) = self.exchange.take(&slot, height, width)? else {
            return Err(Stop::Failed(format!("the exchange file was cut short during {doing}")));
        };
        let found = crate::util::sha256(&rgb);
        if found != inferred.sha256 {
            return Err(Stop::Failed(format!("SR differs from the hash that the worker stated during {doing}")));
        }
        let quality = match image.hr() {
            Some(hr) if planned.has_quality(self.loaded(planned)) => {
                let hr = Image::read(hr)?;
                Some(quality::compare(&hr, &Image::new(height, width, rgb)?, scale)?)
            }
            _ => None,
        };
        Ok(ImageQuality {
            submission: planned.submission.name.clone(),
            split: image.split.clone(),
            image: image.image.clone(),
            sr_sha256: inferred.sha256,
            quality,
            non_finite: inferred.non_finite,
            range: Some(inferred.range).filter(|r| r.iter().all(|v| v.is_finite())),
        })
    }

    /// Peak memory, in a fresh process: a network's earlier forwards leave memory behind that would hide its needs.
    fn memory(&mut self, planned: &Planned) -> Result<(), Stop> {
        let missing = self.missing().memory(planned);
        if missing.is_empty() {
            return Ok(());
        }
        let name = planned.submission.name.clone();
        self.progress.part(&format!("{name}: memory at {} sizes", missing.len()));
        let mut worker = self.ready(planned)?;
        for at in missing {
            let image = &self.plan.images[at];
            let doing = format!("the memory pass on {}", describe(image));
            let lr = &self.lr[at];
            let slot = self.exchange.put(&lr.rgb, lr.height, lr.width, planned.submission.scale)?;
            let Memory { peak_bytes, how } = match worker.request(&Request::Memory { slot }, &doing)? {
                Reply::Memory(memory) => memory,
                other => return Err(unexpected(&other, &doing)),
            };
            let (split, image) = (image.split.clone(), image.image.clone());
            self.recorder.append(Event::Memory(MeasuredMemory {
                submission: name.clone(),
                split,
                image,
                peak_bytes,
                how,
            }))?;
            self.progress.step(1);
        }
        Ok(worker.finish("the end of the memory pass")?)
    }

    /// The record of the operations, in a fresh process: the first forward shows what the network is made of, later ones may
    /// have been rewritten by the backend.
    fn graph(&mut self, planned: &Planned) -> Result<(), Stop> {
        if !self.missing().graph(planned) {
            return Ok(());
        }
        let name = planned.submission.name.clone();
        self.progress.part(&format!("{name}: operations"));
        let doing = format!("recording at {RECORDED} x {RECORDED}");
        let mut worker = self.ready(planned)?;
        let request = Request::Record { height: RECORDED, width: RECORDED, how: None };
        let graph = match worker.request(&request, &doing)? {
            Reply::Recorded { graph } => graph,
            other => return Err(unexpected(&other, &doing)),
        };
        worker.finish(&doing)?;
        // Programs are foreign: what they made the worker record is checked like a file.
        graph::file::check(&graph).map_err(|(at, expected, found)| {
            Stop::Failed(format!("its graph is not valid: `{at}`: expected {expected}, found {found}"))
        })?;
        self.recorder.append_graph(&name, &graph)?;
        self.progress.step(1);
        Ok(())
    }

    fn rounds(&mut self) -> Result<(), Stop> {
        let labels = self.plan.labels();
        let orders = schedule::order(labels.len(), self.plan.rounds, self.plan.seed);
        for (round, order) in (0..).zip(orders) {
            for (position, label) in order.into_iter().enumerate() {
                let (label, submission) = &labels[label];
                if self.missing().is_off(submission, Stage::Rounds) || !self.missing().round(label, round) {
                    continue;
                }
                let Some(planned) = self.plan.submission(submission).cloned() else { continue };
                let result = self.round(&planned, label, round, position);
                self.settle(submission, Stage::Rounds, result)?;
            }
        }
        Ok(())
    }

    /// One round of one label: recorded as a whole, or not at all.
    fn round(&mut self, planned: &Planned, label: &str, round: u32, position: usize) -> Result<(), Stop> {
        self.progress.part(&format!("round {} of {}: {label}", round + 1, self.plan.rounds));
        self.progress.rest();
        let conditions = conditions(&self.plan.device);
        let mut worker = self.ready(planned)?;
        let mut warm: HashSet<(usize, usize)> = HashSet::new();
        let mut images = Vec::new();
        for at in 0..self.plan.images.len() {
            let lr = &self.lr[at];
            let first = warm.insert((lr.height, lr.width));
            let warmup = if first { self.plan.warmup } else { 0 };
            images.push(self.time(&mut worker, planned, at, warmup, round)?);
            self.progress.step(1);
        }
        worker.finish("the end of a timed round")?;
        let label = label.to_owned();
        Ok(self.recorder.append(Event::Round(RoundTimes { round, label, position, images, conditions }))?)
    }

    fn time(
        &self,
        worker: &mut Worker,
        planned: &Planned,
        at: usize,
        warmup: u32,
        round: u32,
    ) -> Result<RoundImage, Stop> {
        let image = &self.plan.images[at];
        let doing = format!("round {}, {}", round + 1, describe(image));
        let lr = &self.lr[at];
        let slot = self.exchange.put(&lr.rgb, lr.height, lr.width, planned.submission.scale)?;
        let repeats = self.plan.repeats;
        let timed: Timed = match worker.request(&Request::Time { slot, warmup, repeats }, &doing)? {
            Reply::Timed(timed) => timed,
            other => return Err(unexpected(&other, &doing)),
        };
        if timed.ms.len() != repeats as usize || !timed.ms.iter().all(|ms| ms.is_finite() && *ms > 0.0) {
            return Err(Stop::Failed(format!(
                "expected {repeats} positive times during {doing}, found {:?}",
                timed.ms
            )));
        }
        let key = image.key();
        let results = self.recorder.run().results().submissions.get(&planned.submission.name);
        let expected = results.and_then(|r| r.images.get(&key)).map(|q| q.sr_sha256.as_str());
        if expected != Some(timed.sha256.as_str()) {
            return Err(Stop::Failed(format!("output differs between runs: {doing} against the quality pass")));
        }
        Ok(RoundImage { split: key.0, image: key.1, ms: timed.ms, cpu_ms: timed.cpu_ms })
    }

    /// What the worker said when it loaded the network first.
    fn loaded(&self, planned: &Planned) -> Option<&Loaded> {
        self.recorder.run().results().submissions.get(&planned.submission.name)?.loaded.as_ref()
    }

    /// A fresh worker with the submission's network loaded.
    fn ready(&mut self, planned: &Planned) -> Result<Worker, Stop> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Stop::Interrupted);
        }
        let submission = &planned.submission;
        let mut worker = Worker::start(self.launch, self.interrupt.clone())?;
        let load = Load {
            network: submission.network.clone(),
            device: self.plan.device.clone(),
            scale: submission.scale,
            data_range: submission.data_range,
            tile: submission.tile,
            switches: self.plan.switches.clone(),
        };
        let loaded: Loaded = match worker.request(&Request::Load(Box::new(load)), "loading")? {
            Reply::Loaded(loaded) => loaded,
            other => return Err(unexpected(&other, "loading")),
        };
        for file in &loaded.hashes {
            if planned.files.iter().any(|f| f.path == file.path && f.sha256 != file.sha256) {
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
            self.recorder.append(Event::Loaded { submission: submission.name.clone(), loaded })?;
        }
        Ok(worker)
    }
}

/// Does a program give what its exporter saw? One that took on the size that it was exported at does not.
fn probe(worker: &mut Worker, planned: &Planned) -> Result<(), Stop> {
    let probes = planned.submission.checked.clone();
    if probes.is_empty() {
        return Ok(());
    }
    let doing = "the check against the exporter's outputs";
    match worker.request(&Request::Check { probes }, doing)? {
        Reply::Checked => Ok(()),
        other => Err(unexpected(&other, doing)),
    }
}

fn describe(image: &PlannedImage) -> String {
    format!("{} (LR {} x {})", image.label(), image.height, image.width)
}

fn unexpected(reply: &Reply, doing: &str) -> Stop {
    Stop::Failed(format!("{} during {doing}", crate::worker_process::name_of(reply)))
}
