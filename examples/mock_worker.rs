//! A worker that runs no network: it speaks the protocol, upscales by repeating pixels, and misbehaves as it is told.
//!
//! Tests use it to see a whole run in no time; whoever writes a worker for another backend finds the protocol in use
//! here. A submission scripts it through the hyperparameters of the architecture `mock`, see [`Script`]. The
//! environment's `MOCK_CLOCK=real` has the harness hold its times against the clock, `MOCK_PROTOCOL` is the version that it
//! claims to speak, `MOCK_START_DELAY_MS` is how long it takes to say hello,
//! and `MOCK_STARTS` is a file that counts starts, of which the one with the number `MOCK_KILLED_START` (from 1) is killed.
//! `MOCK_SLOWNESS` is what all times are multiplied by, `MOCK_NOISE` a fraction by which each process's times vary at random.

use std::fs::OpenOptions;
use std::io::{BufRead, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use esr_bench::graph::opgraph;
use esr_bench::graph::{Arg, Op, OpGraph, Recorded, Role, Scope, TensorInfo};
use esr_bench::protocol::{
    Device, Failed, FailureKind, Hello, Inferred, Load, Loaded, Memory, MemoryHow, Network, Numbered, Reply, Request,
    Slot, Timed, VERSION,
};
use esr_bench::worker_process::sandbox;
use indexmap::IndexMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How the mock behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Script {
    /// Milliseconds that a forward of 128 x 128 pixels is said to take.
    ms: f64,
    /// Milliseconds that each request really takes.
    delay_ms: u64,
    /// What goes wrong.
    fault: Option<Fault>,
    /// At which request: `load`, `infer`, `time`, `memory`, `record`, `exit`.
    at: String,
    /// At which of those, from 1.
    nth: u32,
    /// A file that hears of every request: a line `PID REQUEST HEIGHTxWIDTH`.
    log: Option<std::path::PathBuf>,
    /// What the mock tries once it is loaded: `read FILE`, `write FILE`, `variable NAME`, `socket`, `program`, `session`,
    /// `signal`, `limits`, `parent`, `thread`. The remarks of the loader tell how each went.
    attempts: Vec<String>,
    /// The sum of an image's bytes: the mock gives another network's output for all other images.
    known: Option<u64>,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            ms: 10.0,
            delay_ms: 0,
            fault: None,
            at: "time".into(),
            nth: 1,
            log: None,
            attempts: Vec::new(),
            known: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    Segfault,
    Panic,
    ExitCode,
    Hang,
    Rubbish,
    Unfinished,
    Chatter,
    WrongId,
    WrongKind,
    Allocate,
    Refuse,
    WrongSize,
    CutFile,
    Differ,
    NotFinite,
    /// Leaves a child behind that holds stdout open.
    Orphan,
    /// Moves to the harness's process group, and hangs.
    Regroup,
    /// Answers, and does not exit.
    Linger,
    /// Says that a forward took 1e-300 ms.
    TinyTime,
    /// Says that a forward took 1e9 ms.
    HugeTime,
    /// Says that a forward took nearly the largest number of milliseconds.
    LargestTime,
    /// Says that a forward took 5 s.
    FiveSeconds,
    /// Says that a forward took less than no CPU time.
    NegativeCpu,
    /// Says that the peak was 2^63 bytes.
    HugePeak,
    /// Gives a graph whose output no operation made.
    LooseGraph,
    /// Gives a graph with much more work than the others.
    MoreWork,
    /// Fills its folder of temporary files, and hangs.
    FillDisk,
}

#[derive(Default)]
struct State {
    script: Script,
    scale: usize,
    seen: std::collections::HashMap<&'static str, u32>,
}

#[allow(clippy::print_stdout, reason = "stdout is the protocol")]
fn main() {
    start();
    let mut state = State::default();
    for line in std::io::stdin().lock().lines() {
        let request: Numbered<Request> = serde_json::from_str(&line.expect("a readable request")).expect("a request");
        let (kind, size) = describe(&request.body);
        if let Request::Load(load) = &request.body {
            sandbox::close().expect("a filter that the kernel takes");
            state.load(load);
        }
        let fault = state.enter(kind, &size);
        let mut id = request.id;
        match fault {
            Some(Fault::Segfault) => {
                eprintln!("about to read a null pointer");
                // SAFETY: the process is meant to die here. Rust's own handler would survive a raised signal.
                unsafe {
                    libc::signal(libc::SIGSEGV, libc::SIG_DFL);
                    libc::raise(libc::SIGSEGV);
                }
            }
            Some(Fault::Panic) => panic!("a tensor of the wrong shape"),
            Some(Fault::ExitCode) => std::process::exit(9),
            Some(Fault::Hang) => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            Some(Fault::Rubbish) => println!("Segmentation maps: 3"),
            Some(Fault::Unfinished) => {
                print!("{{\"id\":");
                std::io::stdout().flush().expect("an open pipe");
                std::process::exit(0);
            }
            Some(Fault::Allocate) => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(vec![1; 8 << 20]);
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            Some(Fault::WrongId) => id += 1,
            // In a group of its own: the harness cannot know of it.
            Some(Fault::Orphan) => drop(Command::new("sleep").arg("20").process_group(0).spawn().expect("a child")),
            Some(Fault::FillDisk) => {
                std::fs::write(std::env::temp_dir().join("filler"), vec![1; 80 << 20]).expect("a temporary file");
                std::thread::sleep(Duration::from_secs(3600));
            }
            Some(Fault::Regroup) => {
                // SAFETY: both calls take and give numbers alone.
                assert_eq!(unsafe { libc::setpgid(0, libc::getpgid(libc::getppid())) }, 0);
                std::thread::sleep(Duration::from_secs(3600));
            }
            _ => {}
        }
        let reply = match fault {
            Some(Fault::WrongKind) => Reply::Bye,
            Some(Fault::Refuse) => {
                Reply::Failed(Failed { kind: FailureKind::Run, message: "the network threw:\nshape mismatch".into() })
            }
            _ => state.answer(request.body, fault),
        };
        let bye = reply == Reply::Bye;
        println!("{}", serde_json::to_string(&Numbered { id, body: reply }).expect("a reply"));
        if fault == Some(Fault::Linger) {
            std::thread::sleep(Duration::from_secs(3600));
        }
        if fault == Some(Fault::Chatter) {
            println!("done with {kind}");
        }
        if bye {
            return;
        }
    }
}

/// What happens before the first request is read.
fn start() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    std::thread::sleep(Duration::from_millis(number("MOCK_START_DELAY_MS").unwrap_or(0)));
    let (Some(file), Some(killed)) = (std::env::var_os("MOCK_STARTS"), number("MOCK_KILLED_START")) else { return };
    let mut log = OpenOptions::new().create(true).append(true).open(&file).expect("a log");
    log.write_all(b"start\n").expect("a log");
    if std::fs::read_to_string(file).expect("a log").lines().count() as u64 == killed {
        // SAFETY: the process is meant to die here.
        unsafe { libc::raise(libc::SIGKILL) };
    }
}

fn describe(request: &Request) -> (&'static str, String) {
    let of = |slot: &Slot| format!("{}x{}", slot.height, slot.width);
    match request {
        Request::Hello { .. } => ("hello", String::new()),
        Request::Load(_) => ("load", String::new()),
        Request::Infer { slot } => ("infer", of(slot)),
        Request::Time { slot, .. } => ("time", of(slot)),
        Request::Memory { slot } => ("memory", of(slot)),
        Request::Record { height, width, .. } => ("record", format!("{height}x{width}")),
        Request::Check { .. } => ("check", String::new()),
        Request::Identify { .. } => ("identify", String::new()),
        Request::Fuse { .. } => ("fuse", String::new()),
        Request::Exit => ("exit", String::new()),
    }
}

impl State {
    fn load(&mut self, load: &Load) {
        self.scale = load.scale as usize;
        if let Network::Registry { config, .. } = &load.network {
            self.script = serde_json::from_value(serde_json::Value::Object(config.clone())).expect("a script");
        }
    }

    /// Notes that a request came, and says what goes wrong with it.
    fn enter(&mut self, kind: &'static str, size: &str) -> Option<Fault> {
        if let Some(log) = &self.script.log {
            let mut file = OpenOptions::new().create(true).append(true).open(log).expect("a log");
            file.write_all(format!("{} {kind} {size}\n", std::process::id()).as_bytes()).expect("a log");
        }
        std::thread::sleep(Duration::from_millis(self.script.delay_ms));
        let count = self.seen.entry(kind).or_default();
        *count += 1;
        self.script.fault.filter(|_| kind == self.script.at && *count == self.script.nth)
    }

    fn answer(&self, request: Request, fault: Option<Fault>) -> Reply {
        match request {
            Request::Hello { .. } => Reply::Hello(Hello {
                protocol: std::env::var("MOCK_PROTOCOL").map_or(VERSION, |v| v.parse().expect("a version")),
                worker: "mock-worker 1".into(),
                backend: "none".into(),
                devices: vec![Device { id: "cpu".into(), name: None }],
                architectures: vec!["mock".into()],
                details: clock(),
            }),
            Request::Load(_) => Reply::Loaded(Loaded {
                parameters: 30,
                buffers: 0,
                settings: serde_json::Map::from_iter([("mock".to_owned(), true.into())]),
                hashes: Vec::new(),
                network: None,
                notes: self.script.attempts.iter().map(|what| attempt(what)).collect(),
            }),
            Request::Infer { slot } => self.infer(&slot, fault),
            Request::Time { slot, repeats, .. } => {
                let ms = self.script.ms * slowness() * (slot.height * slot.width) as f64 / (128.0 * 128.0);
                let mut sr = self.upscale(&slot);
                if fault == Some(Fault::Differ) {
                    sr[0] ^= 1;
                }
                let ms = match fault {
                    Some(Fault::TinyTime) => 1e-300,
                    Some(Fault::HugeTime) => 1e9,
                    Some(Fault::LargestTime) => 1.7e308,
                    Some(Fault::FiveSeconds) => 5000.0,
                    _ => ms,
                };
                let cpu_ms = if fault == Some(Fault::NegativeCpu) { -1.0 } else { ms };
                Reply::Timed(Timed {
                    ms: (0..repeats).map(|i| ms * (1.0 + f64::from(i) / 100.0)).collect(),
                    cpu_ms: vec![cpu_ms; repeats as usize],
                    sha256: hash(&sr),
                })
            }
            Request::Memory { slot } => Reply::Memory(Memory {
                peak_bytes: match fault {
                    Some(Fault::HugePeak) => 1 << 63,
                    _ => (slot.height * slot.width * 1024) as u64,
                },
                how: MemoryHow::ResidentGrowth,
            }),
            Request::Record { height, width, .. } => {
                let mut graph = graph(height, width);
                if fault == Some(Fault::LooseGraph) {
                    graph.ops.clear();
                }
                if fault == Some(Fault::MoreWork) {
                    graph.ops = vec![graph.ops[0].clone(); 200];
                }
                Reply::Recorded { graph: Box::new(graph) }
            }
            Request::Check { .. } => Reply::Checked,
            // A file for the mock says itself what it is.
            Request::Identify { file } => std::fs::read(&file)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .map_or_else(|| refused("no state dict"), Reply::Identified),
            Request::Fuse { .. } => refused("the mock only measures"),
            Request::Exit => Reply::Bye,
        }
    }

    fn infer(&self, slot: &Slot, fault: Option<Fault>) -> Reply {
        let sr = self.upscale(slot);
        let file = OpenOptions::new().write(true).open(&slot.file).expect("the exchange file");
        file.write_all_at(&sr, slot.sr_offset as u64).expect("room for SR");
        if fault == Some(Fault::CutFile) {
            file.set_len(slot.sr_offset as u64 + 5).expect("a file that can be cut");
        }
        let wrong = usize::from(fault == Some(Fault::WrongSize));
        Reply::Inferred(Inferred {
            height: slot.height * self.scale + wrong,
            width: slot.width * self.scale,
            sha256: hash(&sr),
            non_finite: if fault == Some(Fault::NotFinite) { 7 } else { 0 },
            range: [0.0, 1.0],
        })
    }

    /// Every pixel `scale` x `scale` times.
    fn upscale(&self, slot: &Slot) -> Vec<u8> {
        let file = OpenOptions::new().read(true).open(&slot.file).expect("the exchange file");
        let mut lr = vec![0; slot.height * slot.width * 3];
        file.read_exact_at(&mut lr, slot.lr_offset as u64).expect("the LR pixels");
        let sum: u64 = lr.iter().map(|&v| u64::from(v)).sum();
        if self.script.known.is_some_and(|known| known != sum) {
            lr.iter_mut().for_each(|v| *v = 255 - *v);
        }
        // Row by row, since debug builds are slow: every timed forward has pixels of its own, and a run makes many.
        let mut sr = Vec::with_capacity(lr.len() * self.scale * self.scale);
        for row in lr.chunks(3 * slot.width) {
            let wide: Vec<u8> = row.chunks(3).flat_map(|pixel| pixel.repeat(self.scale)).collect();
            sr.extend(wide.repeat(self.scale));
        }
        sr
    }
}

/// Tries something that no network needs, a thread apart, and says how that went.
fn attempt(what: &str) -> String {
    let (kind, argument) = what.split_once(' ').unwrap_or((what, ""));
    let called = |result: i32| if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) };
    let parent = || std::os::unix::process::parent_id();
    let result = match kind {
        "read" => std::fs::read(argument).map(drop),
        "write" => std::fs::write(argument, "changed"),
        "variable" => std::env::var(argument).map(drop).map_err(std::io::Error::other),
        "socket" => std::net::UdpSocket::bind("127.0.0.1:0").map(drop),
        "program" => Command::new("/bin/true").status().map(drop),
        // SAFETY: the call takes and gives numbers alone.
        "session" => called(unsafe { libc::setsid() }),
        // SAFETY: as above; signal 0 has no effect.
        "signal" => called(unsafe { libc::kill(parent() as i32, 0) }),
        // SAFETY: the call reads the limit into the structure; nothing is set.
        "limits" => called(unsafe {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::prlimit(parent() as i32, libc::RLIMIT_NOFILE, std::ptr::null(), &mut limit)
        }),
        "parent" => std::fs::read(format!("/proc/{}/cmdline", parent())).map(drop),
        "temporary" => std::fs::write(std::env::temp_dir().join("file"), "content"),
        "thread" => std::thread::spawn(|| {}).join().map_err(|_| std::io::Error::other("it panicked")),
        other => panic!("no attempt `{other}`"),
    };
    match result {
        Ok(()) => format!("{kind}: allowed"),
        Err(error) => format!("{kind}: {error}"),
    }
}

/// Times are said to have passed and have not, unless `MOCK_CLOCK` is `real`.
fn clock() -> serde_json::Map<String, serde_json::Value> {
    let real = std::env::var("MOCK_CLOCK").is_ok_and(|clock| clock == "real");
    let clock = if real { "monotonic" } else { "simulated" };
    serde_json::Map::from_iter([("clock".to_owned(), clock.into())])
}

fn refused(why: &str) -> Reply {
    Reply::Failed(Failed { kind: FailureKind::Load, message: why.into() })
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// One 3 x 3 convolution from 3 to 3 channels without bias.
fn graph(height: i64, width: i64) -> OpGraph {
    let tensor = |shape: &[i64], storage, role, name: Option<&str>| TensorInfo {
        shape: shape.to_vec(),
        dtype: "float32".into(),
        storage,
        role,
        name: name.map(str::to_owned),
    };
    let pair = |n| Arg::List(vec![Arg::Int(n), Arg::Int(n)]);
    let args = IndexMap::from_iter(
        [
            ("input", Arg::Tensor { t: 0 }),
            ("weight", Arg::Tensor { t: 1 }),
            ("bias", Arg::None),
            ("stride", pair(1)),
            ("padding", pair(1)),
            ("dilation", pair(1)),
            ("groups", Arg::Int(1)),
        ]
        .map(|(name, arg)| (name.to_owned(), arg)),
    );
    let scope = |path: &str, class: &str| Scope { path: path.into(), class: class.into(), call: 0 };
    OpGraph {
        format: opgraph::FORMAT,
        network: "mock".into(),
        recorded: Recorded::Meta,
        input: [1, 3, height, width],
        tensors: vec![
            tensor(&[1, 3, height, width], 0, Role::Input, None),
            tensor(&[3, 3, 3, 3], 1, Role::Parameter, Some("conv.weight")),
            tensor(&[1, 3, height, width], 2, Role::Output, None),
        ],
        ops: vec![Op {
            name: "aten::conv2d".into(),
            overload: String::new(),
            args,
            outputs: vec![2],
            scope: vec![scope("", "Mock"), scope("conv", "Conv2d")],
        }],
    }
}

/// How much slower this process is than its script says: the machine's share, and one that varies from process to process.
fn slowness() -> f64 {
    static SLOWNESS: std::sync::OnceLock<f64> = std::sync::OnceLock::new();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    *SLOWNESS.get_or_init(|| {
        // Between -1 and 1, from the process's number and the clock.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
        let digest = Sha256::digest(format!("{} {now}", std::process::id()));
        let random = f64::from(digest[0]) / 127.5 - 1.0;
        number("MOCK_SLOWNESS").unwrap_or(1.0) * (1.0 + number("MOCK_NOISE").unwrap_or(0.0) * random)
    })
}
