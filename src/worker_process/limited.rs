//! A program that is run once, to its end, within limits: the reader of repositories, the exporter.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::worker_process::failure::{Failure, Status, one_line};
use crate::worker_process::launch::Launch;
use crate::worker_process::scratch;

/// What is kept of each output.
const KEPT: usize = 64 << 20;

/// How long what a program wrote just before its end may take to arrive.
const DRAIN: Duration = Duration::from_secs(2);

/// How often time and memory are looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A program that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub status: Status,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// Runs a program to its end, within the launch's time for one forward and its memory. `doing` names the work in a failure.
pub fn run(launch: &Launch, doing: &str) -> Result<Ran, Failure> {
    let doing = doing.to_owned();
    let failed = |doing: String, error: &dyn std::fmt::Display| {
        let last_words = format!("{}: {error}", launch.program.display());
        Failure::Died { doing, status: Status::Unknown, last_words }
    };
    let (mut command, mut scratch) = launch.command().map_err(|error| failed(doing.clone(), &error))?;
    command.stdin(Stdio::null());
    let mut child = match command.spawn() {
        Ok(child) => Group(child),
        Err(error) => return Err(failed(doing, &error)),
    };
    let (stdout, stderr) = (collect(child.0.stdout.take()), collect(child.0.stderr.take()));
    let begin = Instant::now();
    let status = loop {
        match child.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => {
                return Err(Failure::Died { doing, status: Status::Unknown, last_words: error.to_string() });
            }
        }
        if begin.elapsed() >= launch.limits.forward {
            return Err(Failure::TimedOut { doing, limit: launch.limits.forward });
        }
        if let (Some(limit), Some(resident)) = (launch.limits.memory, resident(&child.0))
            && resident > limit
        {
            return Err(Failure::OverMemory { doing, resident, limit });
        }
        if let Some(size) = scratch.as_mut().and_then(|scratch| scratch.excess(child.0.id())) {
            return Err(Failure::OverDisk { doing, size, limit: scratch::LIMIT });
        }
        std::thread::sleep(POLL_INTERVAL);
    };
    // Children that it left behind would keep the streams open; one in a session of its own survives this, and is not
    // waited for.
    drop(child);
    let text = |collected: Collected| String::from_utf8_lossy(&collected.take()).into_owned();
    let status = match (status.code(), status.signal()) {
        (Some(code), _) => Status::Code(code),
        (None, Some(signal)) => Status::Signal(signal),
        (None, None) => Status::Unknown,
    };
    Ok(Ran { status, stdout: text(stdout), stderr: text(stderr) })
}

impl Ran {
    /// Whether it ended with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.status == Status::Code(0)
    }

    /// Why it did not: the last line of its standard error, or how it ended.
    pub fn last_words(&self) -> String {
        match self.stderr.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => one_line(line, 400),
            None => format!("it {}", self.status),
        }
    }
}

/// A process that leads its own group, which is killed as a whole.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // The group's number is its own: where the leader was reaped already, it is taken anew only once no process of the
            // group is left. An error means that the group is gone.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // The process is dead or dying, and how it ended was looked at.
        let _ = self.0.wait();
    }
}

/// What a stream gave so far, and whether it ended.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Collected {
    /// All of it, or what there is when the stream stays open although its program has ended.
    fn take(self) -> Vec<u8> {
        // An error means that the stream ended, or that the patience did.
        let _ = self.ended.recv_timeout(DRAIN);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn collect(stream: Option<impl Read + Send + 'static>) -> Collected {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let (sender, ended) = channel();
    let into = Arc::clone(&bytes);
    std::thread::spawn(move || {
        let Some(mut stream) = stream else { return };
        let mut part = [0; 1 << 16];
        // A program that says too much must not wait for a reader: what is beyond the limit is read and dropped.
        while let Ok(n @ 1..) = stream.read(&mut part) {
            let mut kept = into.lock().unwrap_or_else(PoisonError::into_inner);
            let room = KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&part[..n.min(room)]);
        }
        drop(sender);
    });
    Collected { bytes, ended }
}

/// A process's resident bytes. Children are not counted: a confined worker has none.
pub(super) fn resident(child: &Child) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", child.id())).ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker_process::launch::Limits;

    fn sh(script: &str, limits: Limits) -> Result<Ran, Failure> {
        let mut launch = Launch::new("/bin/sh".into(), limits);
        launch.args = ["-c", script].map(Into::into).to_vec();
        run(&launch, "the test")
    }

    #[test]
    fn what_a_program_says_is_kept_apart_and_its_failure_has_its_last_words() {
        let ran = sh("echo out; echo err >&2", Limits::default()).unwrap();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
        let failed = sh("echo first >&2; echo why >&2; exit 3", Limits::default()).unwrap();
        assert_eq!((failed.status, failed.last_words().as_str()), (Status::Code(3), "why"));
        assert_eq!(sh("exit 3", Limits::default()).unwrap().last_words(), "it ended with exit code 3");
    }

    #[test]
    fn a_program_that_hangs_or_leaves_children_is_ended() {
        let limits = Limits { forward: Duration::from_millis(300), ..Limits::default() };
        let failure = sh("sleep 60", limits).unwrap_err();
        assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
        let begin = Instant::now();
        assert_eq!(sh("sleep 60 & echo done", Limits::default()).unwrap().stdout, "done\n");
        assert_eq!(sh("setsid sleep 40 & echo done", Limits::default()).unwrap().stdout, "done\n");
        assert!(begin.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_takes_too_much_memory_is_ended() {
        // A shell that doubles a string.
        let script = "x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done";
        let failure = sh(script, Limits { memory: Some(64 << 20), ..Limits::default() }).unwrap_err();
        assert!(matches!(failure, Failure::OverMemory { .. }), "{failure}");
    }
}
