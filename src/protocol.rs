//! The worker protocol: one JSON object a line on the worker's stdin (requests) and stdout (replies).
//!
//! The worker answers every request with one reply that carries the same `id`. Its stderr is its log; any other line
//! on its stdout is a failure. Pixels travel outside the JSON: the harness creates a file that both sides read and write,
//! and a [`Slot`] gives the offsets of an image's raw RGB bytes in it. HR never enters the worker.
//!
//! A session begins with `hello` and `load`. Then any of `infer`, `time`, `memory`, `record` and `check` follow, in any order
//! and number. It ends with `exit`, or when the worker's input ends. `identify` and `fuse` need no loaded network.
//!
//! Requests of a session, one a line:
//!
//! ```json
//! {"id": 1, "do": "hello", "protocol": 1}
//! {"id": 2, "do": "load", "network": {"kind": "registry", "arch": "rlfn", "config": {}, "weights": {"from": "random", "seed": 0}}, "device": "cpu", "scale": 4, "data_range": 255.0, "switches": {"threads": 2}}
//! {"id": 3, "do": "infer", "slot": {"file": "/tmp/pixels", "height": 8, "width": 8, "lr_offset": 0, "sr_offset": 192}}
//! {"id": 4, "do": "time", "slot": {"file": "/tmp/pixels", "height": 8, "width": 8, "lr_offset": 0, "sr_offset": 192}, "warmup": 2, "repeats": 3}
//! {"id": 5, "do": "record", "height": 256, "width": 256}
//! {"id": 6, "do": "exit"}
//! ```
//!
//! Replies to some of them, and a failure, after which the worker waits for the next request:
//!
//! ```json
//! {"id": 1, "reply": "hello", "protocol": 1, "worker": "esr-worker 0.1.0", "backend": "libtorch 2.11.0", "devices": [{"id": "cpu"}], "architectures": ["rlfn"]}
//! {"id": 2, "reply": "loaded", "parameters": 317217, "buffers": 0, "settings": {"threads": 2}}
//! {"id": 3, "reply": "inferred", "height": 32, "width": 32, "sha256": "9f86d081884c7d65", "non_finite": 0, "range": [-0.4, 256.1]}
//! {"id": 4, "reply": "timed", "ms": [4.1, 4.0, 4.2], "cpu_ms": [8.0, 7.9, 8.1], "sha256": "9f86d081884c7d65"}
//! {"id": 5, "reply": "failed", "kind": "unsupported", "message": "the operation team::fused_block is not supported"}
//! {"id": 6, "reply": "bye"}
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::graph::{OpGraph, Recorded};

/// The version of this protocol. Harness and worker must agree.
pub const VERSION: u32 = 1;

/// A request with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbered<T> {
    /// Counts up from 1 in a session; a reply repeats its request's.
    pub id: u64,
    /// The request or the reply.
    #[serde(flatten)]
    pub body: T,
}

/// A request of the harness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Asks for the worker's name, version and devices.
    Hello {
        /// The harness's [`VERSION`].
        protocol: u32,
    },
    /// Builds a network and puts it on a device.
    Load(Box<Load>),
    /// Runs the network on one image and writes its SR to the slot.
    Infer {
        /// The image.
        slot: Slot,
    },
    /// Times `forward` alone on one image.
    Time {
        /// The image. The SR of the last repeat is hashed and not written.
        slot: Slot,
        /// Untimed forwards before the first timed one.
        warmup: u32,
        /// Timed forwards.
        repeats: u32,
    },
    /// Measures the peak memory of one forward, after a reset of the allocator's peak.
    Memory {
        /// The image.
        slot: Slot,
    },
    /// Records the operations of one forward on a `1 x 3 x height x width` input.
    Record {
        /// LR height in pixels.
        height: i64,
        /// LR width in pixels.
        width: i64,
        /// Real data or shapes alone; absent: shapes alone where the network allows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        how: Option<Recorded>,
    },
    /// Compares the program's output with the exporter's; a failure names the size and the difference.
    Check {
        /// The exporter's outputs.
        probes: Vec<Probe>,
    },
    /// Finds the registered architecture that a state dict belongs to.
    Identify {
        /// A weights file.
        file: PathBuf,
    },
    /// Turns weights in training form into their deploy form.
    Fuse {
        /// The architecture's name in the registry.
        arch: String,
        /// Its hyperparameters.
        config: Map<String, Value>,
        /// The training-form weights.
        weights: PathBuf,
        /// Where to write the deploy form (`.safetensors`).
        output: PathBuf,
    },
    /// Ends the session.
    Exit,
}

/// The network to load, and the settings to run it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// The network.
    pub network: Network,
    /// `cpu` or `cuda:N`.
    pub device: String,
    /// SR size over LR size.
    pub scale: u32,
    /// The largest value of the network's input and output: 1 or 255 (others are possible).
    pub data_range: f64,
    /// Overlapping tiles instead of the whole image at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<Tile>,
    /// Precision and thread settings.
    #[serde(default)]
    pub switches: Switches,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Network {
    /// A registered architecture.
    Registry {
        /// Its name in the registry: `rlfn`.
        arch: String,
        /// Its hyperparameters, as in the card.
        #[serde(default)]
        config: Map<String, Value>,
        /// Where its weights come from.
        weights: Weights,
    },
    /// A team's own program: TorchScript (`.pt`) or `torch.export` archives (`.pt2`), one or, where the archive is
    /// bound to one size, one per size.
    Program {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// A team's PyTorch code. The PyTorch worker alone runs it (`python/`).
    Python(PythonNetwork),
}

/// A team's PyTorch code, in one of two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum PythonNetwork {
    /// A network of an organisers' repository: `FILE.py:FUNCTION` is called as the organisers call it, as
    /// `select_model(args, device)` with `args.model_id`, from the repository's root. It returns the network, its name, its
    /// data range and its tile.
    Call {
        /// The repository's root.
        root: PathBuf,
        /// `test_demo.py:select_model`.
        call: String,
        /// Which network.
        model_id: ModelId,
    },
    /// A class, or a function that returns the network, of one file.
    File {
        /// The file.
        file: PathBuf,
        /// The class.
        class: String,
        /// Its arguments, by name.
        #[serde(default)]
        kwargs: Map<String, Value>,
        /// Where its weights come from; `random`: the constructor's own values.
        weights: Weights,
        /// The folder that is searched for the file's imports, and whose files are the submission's; absent: the file's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<PathBuf>,
    },
}

/// The number or the word that selects a network of a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum ModelId {
    /// As in every edition so far.
    Number(i64),
    /// A word.
    Word(String),
}

impl std::fmt::Display for ModelId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ModelId::Number(number) => write!(f, "{number}"),
            ModelId::Word(word) => f.write_str(word),
        }
    }
}

/// The kinds of workers, by what they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerKind {
    /// `esr-worker`: registered networks and programs.
    Libtorch,
    /// The PyTorch worker: teams' Python code.
    Python,
}

impl Network {
    /// The kind of worker that runs it.
    pub const fn worker(&self) -> WorkerKind {
        match self {
            Network::Registry { .. } | Network::Program { .. } => WorkerKind::Libtorch,
            Network::Python(_) => WorkerKind::Python,
        }
    }

    /// The files and folders that make the network: weights, archives, code.
    pub fn files(&self) -> Vec<PathBuf> {
        let path = |weights: &Weights| match weights {
            Weights::File { path } => Some(path.clone()),
            Weights::Random { .. } => None,
        };
        match self {
            Network::Registry { weights, .. } => path(weights).into_iter().collect(),
            Network::Program { files } => files.clone(),
            Network::Python(PythonNetwork::Call { root, .. }) => vec![root.clone()],
            Network::Python(PythonNetwork::File { file, weights, root, .. }) => {
                let folder = root.clone().or_else(|| file.parent().map(Path::to_path_buf));
                folder.into_iter().chain([file.clone()]).chain(path(weights)).collect()
            }
        }
    }
}

/// Where weights come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Weights {
    /// A state dict: `.pth`, `.pt` (zip or legacy pickle), `.safetensors`.
    File {
        /// The file.
        path: PathBuf,
    },
    /// Seeded random values: fit for efficiency, not for quality.
    Random {
        /// The seed.
        seed: u64,
    },
}

/// Tiling, in LR pixels: tiles of `size`, neighbours sharing `overlap`, overlaps averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tile {
    /// Side of a tile.
    pub size: u32,
    /// Shared border.
    pub overlap: u32,
}

/// What eager PyTorch gave for a fixed image (see `pattern` in `python/esr_torch/probe.py`) of one LR size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// LR height and width.
    pub size: [u32; 2],
    /// Means of a 4 x 4 grid of blocks of the clamped output, rows first, in units of one of 255 steps.
    pub means: Vec<f64>,
}

/// Precision and thread settings; absent ones stay as libtorch has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Threads within an operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    /// TF32 in cuDNN's convolutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tf32_conv: Option<bool>,
    /// TF32 in cuBLAS's matrix products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tf32_matmul: Option<bool>,
    /// cuDNN tries its algorithms and keeps the fastest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cudnn_benchmark: Option<bool>,
    /// Deterministic algorithms only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deterministic: Option<bool>,
}

/// An image in the exchange file: `height * width * 3` bytes of LR (RGB, rows first), and room for
/// `scale^2` times as many of SR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The exchange file.
    pub file: PathBuf,
    /// LR height in pixels.
    pub height: usize,
    /// LR width in pixels.
    pub width: usize,
    /// Offset of the LR bytes.
    pub lr_offset: usize,
    /// Offset of the SR bytes.
    pub sr_offset: usize,
}

/// A reply of the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To `hello`.
    Hello(Hello),
    /// To `load`.
    Loaded(Loaded),
    /// To `infer`.
    Inferred(Inferred),
    /// To `time`.
    Timed(Timed),
    /// To `memory`.
    Memory(Memory),
    /// To `record`.
    Recorded {
        /// The operations.
        graph: Box<OpGraph>,
    },
    /// To `check`: every probe agrees.
    Checked,
    /// To `identify`.
    Identified(Identified),
    /// To `fuse`.
    Fused(Fused),
    /// To `exit`.
    Bye,
    /// To any request that failed.
    Failed(Failed),
}

/// The worker and the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hello {
    /// The worker's [`VERSION`].
    pub protocol: u32,
    /// The worker's name and version: `esr-worker 0.1.0`.
    pub worker: String,
    /// `libtorch 2.11.0`.
    pub backend: String,
    /// `cpu`, `cuda:0`, ...
    pub devices: Vec<Device>,
    /// Architectures that the worker can build, by name.
    pub architectures: Vec<String>,
    /// CPU capability, MKL, oneDNN, thread counts; stored in the run.
    #[serde(default)]
    pub details: Map<String, Value>,
}

/// A device that a network can run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Device {
    /// `cpu` or `cuda:N`.
    pub id: String,
    /// Its model's name, where the worker can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The network is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Loaded {
    /// Elements of every parameter, each shared one once.
    pub parameters: u64,
    /// Elements of every buffer.
    pub buffers: u64,
    /// The settings in effect after the switches were set; stored in the run.
    pub settings: Map<String, Value>,
    /// SHA-256 of each file that was read, in the order of the request; of Python code, each file of the submission that
    /// was imported, and then each that was opened.
    #[serde(default)]
    pub hashes: Vec<FileHash>,
    /// The facts that a team's Python code gives about its network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Told>,
    /// Remarks of the loader: renamed keys, the sizes that a program is bound to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a team's code says of its network, or the request where the code says nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// The largest value of its input and output.
    pub data_range: f64,
    /// Its tiles, if it runs in tiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<Tile>,
}

/// A file's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileHash {
    /// The file.
    pub path: PathBuf,
    /// Hexadecimal.
    pub sha256: String,
}

/// The SR is in the exchange file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inferred {
    /// SR height in pixels.
    pub height: usize,
    /// SR width in pixels.
    pub width: usize,
    /// SHA-256 of the SR bytes, hexadecimal.
    pub sha256: String,
    /// Values of the raw output that were NaN or infinite.
    pub non_finite: u64,
    /// The smallest and largest finite raw output value, in the network's data range.
    pub range: [f64; 2],
}

/// Times of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// Device time of each timed forward, in milliseconds (device events on CUDA, a monotonic clock on the CPU).
    pub ms: Vec<f64>,
    /// The process's CPU time during each, in milliseconds.
    pub cpu_ms: Vec<f64>,
    /// SHA-256 of the last repeat's SR bytes, hexadecimal.
    pub sha256: String,
}

/// Peak memory of one forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Bytes.
    pub peak_bytes: u64,
    /// How the figure was measured.
    pub how: MemoryHow,
}

/// How a memory figure was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryHow {
    /// The device allocator's peak of allocated bytes: the challenge's figure.
    DeviceAllocator,
    /// The growth of the process's peak resident set during the forward, on the CPU.
    ResidentGrowth,
}

/// The architectures that a state dict may belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identified {
    /// Every architecture that explains all keys and shapes; more than one is ambiguous, none is unknown.
    pub candidates: Vec<Candidate>,
    /// Why the nearest ones do not fit, where there is no candidate.
    #[serde(default)]
    pub near_misses: Vec<String>,
    /// Elements of all tensors in the file.
    pub elements: u64,
    /// SHA-256 of the file, hexadecimal.
    #[serde(default)]
    pub sha256: String,
    /// Remarks of the reader: nesting, prefixes that were removed from keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One architecture that fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name in the registry.
    pub arch: String,
    /// The hyperparameters that keys and shapes determine.
    pub config: Map<String, Value>,
    /// Hyperparameters that keys and shapes do not determine, with the assumed values.
    #[serde(default)]
    pub assumed: Vec<String>,
    /// `deploy` or `training`.
    pub form: String,
    /// The cards that describe exactly this network, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<String>,
    /// The card whose published weights file this is, byte for byte; it is among `cards`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
}

/// The result of `fuse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fused {
    /// Parameters before.
    pub parameters_before: u64,
    /// Parameters after.
    pub parameters_after: u64,
    /// Blocks that were fused, by kind.
    pub blocks: Map<String, Value>,
    /// Largest absolute difference of the two forms on random input, borders included, over the largest magnitude.
    pub relative_error: f64,
}

/// Why a request failed. The worker waits for the next request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// The kind of failure.
    pub kind: FailureKind,
    /// One line for the submission's row; it names the file, the key or the operation.
    pub message: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request makes no sense now: another protocol version, no network loaded, an unknown device.
    Request,
    /// A weights file or a program cannot be read, or does not fit.
    Load,
    /// The network raised an exception.
    Run,
    /// The output has the wrong shape or type.
    Output,
    /// The device is out of memory.
    OutOfMemory,
    /// An operation is not supported: a custom or higher-order one.
    Unsupported,
}

#[cfg(test)]
mod tests {
    use super::*;
    /// The examples in this module's documentation are messages of this version.
    #[test]
    fn the_documented_messages_are_read() {
        let text = include_str!("protocol.rs");
        let lines = text.lines().filter_map(|line| line.strip_prefix("//! {"));
        let (mut requests, mut replies) = (0, 0);
        for line in lines.map(|rest| format!("{{{rest}")) {
            if line.contains("\"do\"") {
                let request: Numbered<Request> = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
                requests += 1;
                assert_eq!(request.id, requests);
                assert!(!matches!(request.body, Request::Hello { protocol } if protocol != VERSION));
            } else {
                let reply: Numbered<Reply> = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
                replies += 1;
                assert_eq!(reply.id, replies);
            }
        }
        assert_eq!((requests, replies), (6, 6));
    }

    use serde_json::json;

    #[test]
    fn python_networks_are_spelt_as_the_python_worker_reads_them() {
        let call = Network::Python(PythonNetwork::Call {
            root: "/clone".into(),
            call: "test_demo.py:select_model".into(),
            model_id: ModelId::Number(-1),
        });
        let spelt = json!({ "kind": "python", "root": "/clone", "call": "test_demo.py:select_model", "model_id": -1 });
        assert_eq!(serde_json::to_value(&call).unwrap(), spelt);
        assert_eq!(serde_json::from_value::<Network>(spelt).unwrap(), call);
        let file = Network::Python(PythonNetwork::File {
            file: "/a/net.py".into(),
            class: "Net".into(),
            kwargs: Map::new(),
            weights: Weights::File { path: "/a/w.pth".into() },
            root: None,
        });
        let spelt = json!({
            "kind": "python", "file": "/a/net.py", "class": "Net", "kwargs": {}, "weights": { "from": "file", "path": "/a/w.pth" },
        });
        assert_eq!(serde_json::to_value(&file).unwrap(), spelt);
        assert_eq!(serde_json::from_value::<Network>(spelt).unwrap(), file);
    }

    #[test]
    fn replies_of_earlier_workers_are_still_read() {
        let old = json!({ "reply": "loaded", "parameters": 3, "buffers": 0, "settings": {}, "hashes": [] });
        assert!(matches!(serde_json::from_value(old), Ok(Reply::Loaded(Loaded { network: None, .. }))));
        let new = json!({
            "reply": "loaded", "parameters": 3, "buffers": 0, "settings": {},
            "hashes": [{ "path": "/a/net.py", "sha256": "00", "what": "code" }],
            "network": { "name": "04_RLFN", "data_range": 255.0, "tile": { "size": 256, "overlap": 32 } },
        });
        let Ok(Reply::Loaded(loaded)) = serde_json::from_value(new) else { panic!("loaded") };
        assert_eq!(loaded.network.unwrap().tile, Some(Tile { size: 256, overlap: 32 }));
    }
}
