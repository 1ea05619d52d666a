//! A folder with mock submissions and small images, and `esr-bench` run on them through its command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use esr_bench::quality::Image;
use esr_bench::quality::bicubic;

use super::mock;

/// Everything that a run needs, in a folder that goes away.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A submission of the architecture `mock` that behaves as `script`, an inline TOML table, says.
    pub(crate) fn submission(&self, name: &str, script: &str) -> PathBuf {
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("weights.pth"), name).unwrap();
        let manifest = format!(
            "team = \"Team {name}\"\ndata_range = 1.0\n[model]\narch = \"mock\"\nweights = \"weights.pth\"\nconfig = {script}\n"
        );
        std::fs::write(folder.join("submission.toml"), manifest).unwrap();
        folder
    }

    /// A data set of `sizes.len()` images, whose LR sizes are given.
    pub(crate) fn data(&self, name: &str, sizes: &[(usize, usize)]) -> PathBuf {
        let folder = self.path(name);
        for sub in ["HR", "LRx4"] {
            std::fs::create_dir_all(folder.join(sub)).unwrap();
        }
        for (i, &(height, width)) in sizes.iter().enumerate() {
            let (h, w) = (4 * height, 4 * width);
            let rgb = (0..h * w * 3).map(|at| ((at * 7 + at / w * 13 + i * 31) % 251) as u8).collect();
            let hr = Image::new(h, w, rgb).unwrap();
            let lr = bicubic::down4(&hr);
            hr.write(&folder.join(format!("HR/image{i}.png"))).unwrap();
            lr.write(&folder.join(format!("LRx4/image{i}x4.png"))).unwrap();
        }
        folder
    }

    /// `esr-bench measure` with the mock worker, which is not confined: its scripts write logs and start processes.
    pub(crate) fn measure(&self, args: &[&str]) -> Command {
        let mut command = self.measure_in_default_sandbox(args);
        command.args(["--sandbox", "off"]);
        command
    }

    /// `esr-bench measure` with the mock worker.
    pub(crate) fn measure_in_default_sandbox(&self, args: &[&str]) -> Command {
        self.measure_with(mock::worker(), args)
    }

    /// `esr-bench measure` with another worker.
    pub(crate) fn measure_with(&self, worker: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
        command.arg("measure").args(args).arg("--worker").arg(worker).current_dir(self.folder.path());
        command
    }
}

/// The exit code, stdout and stderr.
pub(crate) fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// The events of a run, one JSON value each.
pub(crate) fn events(run: &Path) -> Vec<serde_json::Value> {
    let log = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
