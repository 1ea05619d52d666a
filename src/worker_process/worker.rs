//! One worker process: its life from start to end, one request at a time.

use std::io::Write;
use std::process::{Child, ChildStdin};
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
use crate::worker_process::output;
use crate::worker_process::output::{Line, Log};

/// How often a waiting harness looks at memory and at interrupts.
const LOOK: Duration = Duration::from_millis(20);

/// A running worker that has said hello. It is killed, with all its children, when this is dropped.
///
/// Start it from a thread that lives as long as the worker should: the kernel kills the worker when that thread ends.
#[derive(Debug)]
pub struct Worker {
    talk: Talk,
    hello: Hello,
}

/// A conversation with a process.
#[derive(Debug)]
struct Talk {
    process: Process,
    limits: Limits,
    interrupt: Arc<AtomicBool>,
}

impl Worker {
    /// Starts a worker and greets it. `interrupt` ends any later wait as soon as it is set.
    ///
    /// Errors are of the worker as such (it cannot start, it speaks another protocol), not of a submission.
    pub fn start(launch: &Launch, interrupt: Arc<AtomicBool>) -> Result<Worker> {
        let program = launch.program.display();
        let process =
            Process::spawn(launch).map_err(|error| Error::Worker(format!("cannot start {program}: {error}")))?;
        let mut talk = Talk { process, limits: launch.limits.clone(), interrupt };
        let request = Request::Hello { protocol: protocol::VERSION };
        match talk.ask(&request, "start-up", launch.limits.start) {
            Ok(Reply::Hello(hello)) if hello.protocol == protocol::VERSION => Ok(Worker { talk, hello }),
            Ok(Reply::Hello(hello)) => Err(Error::Worker(format!(
                "{program} ({}) speaks version {} of the worker protocol, expected {}: build both from one source",
                hello.worker,
                hello.protocol,
                protocol::VERSION
            ))),
            Ok(other) => Err(Error::Worker(format!("{program} answered hello with {}", name_of(&other)))),
            Err(failure) => Err(Error::Worker(format!("{program} does not work: {failure}"))),
        }
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
            _ => 1,
        };
        self.talk.ask(request, doing, self.talk.limits.forward.saturating_mul(forwards))
    }

    /// Ends the worker in peace. What it still writes to its stdout is a failure.
    pub fn finish(mut self, doing: &str) -> Result<(), Failure> {
        let patience = self.talk.limits.start;
        match self.talk.ask(&Request::Exit, doing, patience)? {
            Reply::Bye => {}
            other => return Err(stray(doing, format!("{} in answer to exit", name_of(&other)))),
        }
        match self.talk.process.lines.recv_timeout(patience) {
            Ok(Line::Text(line)) => {
                Err(stray(doing, format!("the line {:?} after the last reply", one_line(&line, 60))))
            }
            Ok(Line::Rubbish(what)) => Err(stray(doing, what)),
            _ => Ok(()),
        }
    }
}

impl Talk {
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
        let text = self.wait(doing, limit)?;
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

    /// The next line on stdout.
    fn wait(&mut self, doing: &str, limit: Duration) -> Result<String, Failure> {
        let begin = Instant::now();
        loop {
            let left = limit.saturating_sub(begin.elapsed());
            match self.process.lines.recv_timeout(left.min(LOOK)) {
                Ok(Line::Text(text)) => return Ok(text),
                Ok(Line::Rubbish(what)) => return Err(stray(doing, what)),
                Ok(Line::End) | Err(RecvTimeoutError::Disconnected) => return Err(self.process.died(doing)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.interrupt.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            if let (Some(limit), Some(resident)) = (self.limits.memory, self.resident())
                && resident > limit
            {
                return Err(Failure::OverMemory { doing: doing.to_owned(), resident, limit });
            }
            if begin.elapsed() >= limit {
                return Err(Failure::TimedOut { doing: doing.to_owned(), limit });
            }
        }
    }

    /// The worker's resident bytes. Its own alone: a registered network starts no children.
    fn resident(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.process.child.id())).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
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
}

impl Process {
    fn spawn(launch: &Launch) -> std::io::Result<Process> {
        let mut child = launch.command().spawn()?;
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

    /// Kills the worker's whole process group. Its leader is reaped only after that, so the group's number is still its own.
    fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if let Some(group) = pid_of(&self.child) {
            // An error means that the group is gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // The process is dead or dying; its exit status was looked at before, if it mattered.
        let _ = self.child.wait();
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
pub(crate) fn name_of(reply: &Reply) -> String {
    match serde_json::to_value(reply) {
        Ok(value) => format!("a reply `{}`", value["reply"].as_str().unwrap_or("?")),
        Err(_) => "an unknown reply".to_owned(),
    }
}
