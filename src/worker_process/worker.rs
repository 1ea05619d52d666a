//! One worker process: its life from start to end, one request at a time.

use std::io::Write;
use std::process::{Child, ChildStdin, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::error::{Error, Result};
use crate::protocol;
use crate::protocol::{Hello, Numbered, Reply, Request};
use crate::worker_process::failure::{Failure, Status, one_line};
use crate::worker_process::launch::{Launch, Limits};
use crate::worker_process::limited::resident;
use crate::worker_process::output;
use crate::worker_process::output::{Line, Log};
use crate::worker_process::plausible::Known;
use crate::worker_process::scratch;
use crate::worker_process::scratch::Scratch;

/// How often a waiting harness checks memory, interrupts, and whether the process still lives.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How long what a process wrote just before its end may take to arrive. A child that it left behind can hold its stdout open
/// for ever, so the end of the stream is not waited for.
const DRAIN: Duration = Duration::from_millis(200);

/// How long a killed process may take to disappear. One that the kernel cannot end (a driver that hangs) is left behind.
const KILL_PATIENCE: Duration = Duration::from_secs(10);

/// A running worker that has said hello. It is killed, with all its children, when this is dropped.
///
/// Start it from a thread that lives as long as the worker should: the kernel kills the worker when that thread ends.
#[derive(Debug)]
pub struct Worker {
    connection: Connection,
    hello: Hello,
}

/// Why there is no worker.
#[derive(Debug)]
pub enum StartError {
    /// The program is no worker of this protocol, or cannot be executed.
    Unusable(Error),
    /// A process was started, and then ended, hung, was interrupted, or was killed.
    Failed(Failure),
}

/// Requests and replies between the harness and one process.
#[derive(Debug)]
struct Connection {
    process: Process,
    limits: Limits,
    interrupt: Arc<AtomicBool>,
}

impl Worker {
    /// Starts a worker and greets it. `interrupt` ends any later wait as soon as it is set.
    ///
    /// Errors are of the worker as such (it cannot start, it speaks another protocol), not of a submission.
    pub fn start(launch: &Launch, interrupt: Arc<AtomicBool>) -> Result<Worker> {
        Worker::start_for_submission(launch, interrupt).map_err(|error| match error {
            StartError::Unusable(error) => error,
            StartError::Failed(Failure::Interrupted) => Error::Interrupted,
            StartError::Failed(failure) => {
                Error::Worker(format!("{} does not work: {failure}", launch.program.display()))
            }
        })
    }

    /// As [`Worker::start`], for a program that has worked before: what happens to this one process is told apart from what
    /// is wrong with the program.
    pub fn start_for_submission(launch: &Launch, interrupt: Arc<AtomicBool>) -> Result<Worker, StartError> {
        let program = launch.program.display();
        let unusable = |text: String| StartError::Unusable(Error::Worker(text));
        if let Some(trusted) = launch.to_learn_from() {
            Worker::start_for_submission(&trusted, interrupt.clone())?;
        }
        let (command, scratch) = launch.command().map_err(StartError::Unusable)?;
        let process =
            Process::spawn(command, scratch).map_err(|error| unusable(format!("cannot start {program}: {error}")))?;
        let mut connection = Connection { process, limits: launch.limits.clone(), interrupt };
        let request = Request::Hello { protocol: protocol::VERSION };
        match connection.ask(&request, "start-up", launch.limits.start) {
            Ok(Reply::Hello(hello)) if hello.protocol == protocol::VERSION => {
                launch.learn(connection.process.child.id());
                Ok(Worker { connection, hello })
            }
            Ok(Reply::Hello(hello)) => Err(unusable(format!(
                "{program} ({}) speaks version {} of the worker protocol, expected {}: build both from one source",
                hello.worker,
                hello.protocol,
                protocol::VERSION
            ))),
            Ok(other) => Err(unusable(format!("{program} answered hello with {}", name_of(&other)))),
            Err(failure) => Err(StartError::Failed(failure)),
        }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.connection.process.child.id()
    }

    /// What the worker said of itself and of the machine.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Sends a request and waits for its reply, within the time limit of the forwards that it asks for.
    ///
    /// `doing` names the work in a failure's reason. After any failure but [`Failure::Refused`] the worker is dead.
    pub fn request(&mut self, request: &Request, doing: &str) -> Result<Reply, Failure> {
        let forwards = match request {
            Request::Time { warmup, repeats, .. } => (*warmup).saturating_add(*repeats).max(1),
            // One forward before the measured one; the shapes alone, and then a forward where those do not do.
            Request::Memory { .. } | Request::Record { how: None, .. } => 2,
            Request::Check { probes } => u32::try_from(probes.len()).unwrap_or(u32::MAX).max(1),
            _ => 1,
        };
        self.connection.ask(request, doing, self.connection.limits.forward.saturating_mul(forwards))
    }

    /// Asks the worker to exit, and waits for its end at most as long as a forward or a start may take. What it still writes to its stdout is a
    /// failure, and so is a worker that does not exit.
    pub fn finish(mut self, doing: &str) -> Result<(), Failure> {
        let limit = self.connection.limits.forward.min(self.connection.limits.start);
        match self.connection.ask(&Request::Exit, doing, limit)? {
            Reply::Bye => {}
            other => return Err(stray(doing, format!("{} in answer to exit", name_of(&other)))),
        }
        match self.connection.next_line(doing, limit) {
            Ok(Some(line)) => Err(stray(doing, format!("the line {:?} after the last reply", one_line(&line, 60)))),
            Ok(None) => Ok(()),
            Err(failure) => {
                self.connection.process.end();
                Err(failure)
            }
        }
    }

    /// What the harness knows of a request that took `elapsed`. A worker that runs no network says so in its greeting, which
    /// it gives before it sees a submission.
    pub(super) fn known(&self, elapsed: Duration) -> Known {
        Known {
            elapsed: (!self.is_simulated()).then_some(elapsed),
            limit: self.connection.limits.forward,
            processors: std::thread::available_parallelism().map_or(usize::MAX, Into::into),
        }
    }

    fn is_simulated(&self) -> bool {
        self.hello.details.get("clock").and_then(|v| v.as_str()) == Some("simulated")
    }

    /// The most bytes that the worker held since its counter was set back, by the kernel; unknown where figures are simulated.
    pub(super) fn high_water(&self) -> Option<u64> {
        if self.is_simulated() {
            return None;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    }

    /// Figures that cannot be true: a failure, after which the worker is dead.
    pub(super) fn implausible(&mut self, found: String, doing: &str) -> Failure {
        self.connection.process.end();
        Failure::Implausible { doing: doing.to_owned(), found }
    }

    /// A reply of another kind than the one that was asked for: a failure, after which the worker is dead.
    pub(super) fn unexpected(&mut self, reply: &Reply, doing: &str) -> Failure {
        self.connection.process.end();
        stray(doing, name_of(reply))
    }
}

impl Connection {
    fn ask(&mut self, request: &Request, doing: &str, limit: Duration) -> Result<Reply, Failure> {
        let result = self.exchange(request, doing, limit);
        if !matches!(result, Ok(_) | Err(Failure::Refused(_))) {
            self.process.end();
        }
        result
    }

    fn exchange(&mut self, request: &Request, doing: &str, limit: Duration) -> Result<Reply, Failure> {
        match self.process.lines.try_recv() {
            Ok(Line::Text(line)) => return Err(stray(doing, format!("the unasked line {:?}", one_line(&line, 60)))),
            Ok(Line::Rubbish(what)) => return Err(stray(doing, what)),
            Ok(Line::End) | Err(TryRecvError::Disconnected) => return Err(self.process.died(doing)),
            Err(TryRecvError::Empty) => {}
        }
        let id = self.process.next_id;
        self.process.next_id += 1;
        let mut line = serde_json::to_vec(&Numbered { id, body: request })
            .map_err(|error| stray(doing, format!("a request that cannot be written: {error}")))?;
        line.push(b'\n');
        if self.process.stdin.write_all(&line).and_then(|()| self.process.stdin.flush()).is_err() {
            return Err(self.process.died(doing));
        }
        let Some(text) = self.next_line(doing, limit)? else { return Err(self.process.died(doing)) };
        let reply: Numbered<Reply> = serde_json::from_str(&text).map_err(|error| {
            stray(doing, format!("the line {:?} ({})", one_line(&text, 60), one_line(&error.to_string(), 120)))
        })?;
        if reply.id != id {
            return Err(stray(doing, format!("a reply to request {}, expected one to request {id}", reply.id)));
        }
        match reply.body {
            Reply::Failed(failed) => Err(Failure::Refused(failed)),
            body => Ok(body),
        }
    }

    /// The next line on stdout; `None` once the process or its output has ended.
    fn next_line(&mut self, doing: &str, limit: Duration) -> Result<Option<String>, Failure> {
        let begin = Instant::now();
        let mut exited = false;
        loop {
            let left = limit.saturating_sub(begin.elapsed()).min(CHECK_INTERVAL);
            match self.process.lines.recv_timeout(if exited { DRAIN } else { left }) {
                Ok(Line::Text(text)) => return Ok(Some(text)),
                Ok(Line::Rubbish(what)) => return Err(stray(doing, what)),
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if exited => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
            exited = peek(&self.process.child).is_some();
            if self.interrupt.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            if let (Some(limit), Some(resident)) = (self.limits.memory, resident(&self.process.child))
                && resident > limit
            {
                return Err(Failure::OverMemory { doing: doing.to_owned(), resident, limit });
            }
            let id = self.process.child.id();
            if let Some(size) = self.process.scratch.as_mut().and_then(|scratch| scratch.excess(id)) {
                return Err(Failure::OverDisk { doing: doing.to_owned(), size, limit: scratch::LIMIT });
            }
            if !exited && begin.elapsed() >= limit {
                return Err(Failure::TimedOut { doing: doing.to_owned(), limit });
            }
        }
    }
}

/// The operating system's side of a worker.
#[derive(Debug)]
struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Line>,
    log: Log,
    next_id: u64,
    /// Killed and reaped.
    ended: bool,
    /// How it ended, once that was asked.
    status: Option<Status>,
    /// Its temporary files: they go when it has ended.
    scratch: Option<Scratch>,
}

impl Process {
    fn spawn(mut command: Command, scratch: Option<Scratch>) -> std::io::Result<Process> {
        let mut child = command.spawn()?;
        // If memory runs out, the worker goes first, not the harness. It may fail where /proc is read-only; no harm.
        let _ = std::fs::write(format!("/proc/{}/oom_score_adj", child.id()), "900");
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Process {
                child,
                stdin,
                lines: output::lines(stdout),
                log: Log::follow(stderr),
                next_id: 1,
                ended: false,
                status: None,
                scratch,
            }),
            _ => Err(std::io::Error::other("its standard streams are missing")),
        }
    }

    /// The worker's output ended: learn why.
    fn died(&mut self, doing: &str) -> Failure {
        // A process closes its files shortly before its end can be seen.
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.status.is_none() && !self.ended && Instant::now() < deadline {
            self.status = peek(&self.child);
            std::thread::sleep(Duration::from_millis(1));
        }
        let status = self.status.unwrap_or(Status::Unknown);
        Failure::Died { doing: doing.to_owned(), status, last_words: self.log.last_words() }
    }

    /// Kills the worker and the whole process group that it was given: it may have left that group. Its leader is reaped only
    /// after that, so the group's number is still its own.
    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if let Some(group) = pid_of(&self.child) {
            // An error means that the group is gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // It may be dead already; its exit status was read before, if it mattered.
        let _ = self.child.kill();
        let deadline = Instant::now() + KILL_PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// How the child ended, if it has, without reaping it.
fn peek(child: &Child) -> Option<Status> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let end = waitid(WaitId::Pid(pid_of(child)?), options).ok()??;
    end.exit_status().map(Status::Code).or_else(|| end.terminating_signal().map(Status::Signal))
}

fn stray(doing: &str, found: String) -> Failure {
    Failure::Stray { doing: doing.to_owned(), found }
}

/// A reply's kind, as the protocol spells it.
fn name_of(reply: &Reply) -> String {
    match serde_json::to_value(reply) {
        Ok(value) => format!("a reply `{}`", value["reply"].as_str().unwrap_or("?")),
        Err(_) => "an unknown reply".to_owned(),
    }
}
