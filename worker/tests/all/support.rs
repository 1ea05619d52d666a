//! A worker process at the other end of two pipes, and an exchange file.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use esr_bench::graph::{OpGraph, Recorded};
use esr_bench::protocol::{Failed, Load, Network, Numbered, Reply, Request, Slot, Switches, VERSION, Weights};
use serde_json::{Map, Value};

/// A worker, ended when it is dropped.
pub(crate) struct Worker {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next: u64,
}

impl Worker {
    /// Starts one.
    pub(crate) fn start() -> Worker {
        let mut child = Command::new(env!("CARGO_BIN_EXE_esr-worker"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Worker { child, stdin, stdout, next: 1 }
    }

    /// Starts one and loads a network with seeded weights on the CPU.
    pub(crate) fn with_seeded(arch: &str, config: Value) -> Worker {
        let mut worker = Worker::start();
        match worker.ask(Request::Load(Box::new(seeded(arch, config)))) {
            Reply::Loaded(_) => worker,
            other => panic!("{arch}: {other:?}"),
        }
    }

    /// Sends a request and takes its reply.
    pub(crate) fn ask(&mut self, request: Request) -> Reply {
        let id = self.next;
        self.next += 1;
        let line = serde_json::to_string(&Numbered { id, body: request }).unwrap();
        let reply = self.ask_line(&line);
        assert_eq!(reply.id, id);
        reply.body
    }

    /// Sends a line as it is and takes its reply.
    pub(crate) fn ask_line(&mut self, line: &str) -> Numbered<Reply> {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut reply = String::new();
        self.stdout.read_line(&mut reply).unwrap();
        serde_json::from_str(&reply).unwrap_or_else(|e| panic!("{e}: {reply:?}"))
    }

    /// A request that must fail.
    pub(crate) fn refused(&mut self, request: Request) -> Failed {
        match self.ask(request) {
            Reply::Failed(failed) => failed,
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    /// `hello`, which must succeed.
    pub(crate) fn hello(&mut self) -> esr_bench::protocol::Hello {
        match self.ask(Request::Hello { protocol: VERSION }) {
            Reply::Hello(hello) => hello,
            other => panic!("{other:?}"),
        }
    }

    /// A recorded graph.
    pub(crate) fn record(&mut self, height: i64, width: i64, how: Option<Recorded>) -> OpGraph {
        match self.ask(Request::Record { height, width, how }) {
            Reply::Recorded { graph } => *graph,
            other => panic!("{other:?}"),
        }
    }

    /// Minor page faults of all its threads until now (field 10 of proc(5)'s `stat`).
    pub(crate) fn page_faults(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name in parentheses is field 2 and may hold spaces.
        let rest = stat.rsplit_once(") ").unwrap().1;
        rest.split(' ').nth(7).unwrap().parse().unwrap()
    }

    /// Lets its address space grow by no more than `bytes` from now on; without `bytes`, as it likes.
    pub(crate) fn limit_growth(&self, bytes: Option<u64>) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
        let size: u64 = size.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024;
        let limit = bytes.map_or(libc::RLIM_INFINITY, |bytes| size + bytes);
        let limits = libc::rlimit { rlim_cur: limit, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: a child of this process, and a struct that outlives the call.
        let done = unsafe { libc::prlimit(self.child.id() as i32, libc::RLIMIT_AS, &limits, std::ptr::null_mut()) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    }

    /// Closes the worker's input and waits for its end: whether it ended well.
    pub(crate) fn close(mut self) -> bool {
        drop(self.stdin.take());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A request to load `arch` with seeded weights on one CPU thread, scale 4, data range 1.
pub(crate) fn seeded(arch: &str, config: Value) -> Load {
    Load {
        network: Network::Registry {
            arch: arch.to_owned(),
            config: object(config),
            weights: Weights::Random { seed: 7 },
        },
        device: "cpu".to_owned(),
        scale: 4,
        data_range: 1.0,
        tile: None,
        switches: Switches { threads: Some(1), ..Switches::default() },
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("a config is an object, not {other}"),
    }
}

/// An exchange file with one slot for scale 4, filled with a gradient.
pub(crate) struct Exchange {
    _dir: tempfile::TempDir,
    /// Where the image lies.
    pub(crate) slot: Slot,
}

impl Exchange {
    /// One for an LR image of `height` x `width`.
    pub(crate) fn new(height: usize, width: usize) -> Exchange {
        let dir = tempfile::tempdir().unwrap();
        let file: PathBuf = dir.path().join("exchange");
        let lr = height * width * 3;
        let bytes: Vec<u8> = (0..lr * 17).map(|i| if i < lr { (i * 7 % 251) as u8 } else { 0 }).collect();
        fs::write(&file, bytes).unwrap();
        Exchange { _dir: dir, slot: Slot { file, height, width, lr_offset: 0, sr_offset: lr } }
    }

    /// The SR bytes.
    pub(crate) fn sr(&self) -> Vec<u8> {
        fs::read(&self.slot.file).unwrap()[self.slot.sr_offset..].to_vec()
    }
}
