//! A folder with submissions of programs, and `esr-bench` run on them with the real worker.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use esr_bench::quality::Image;
use esr_bench::quality::bicubic;
use esr_bench::run::Run;
use serde_json::Value;

use super::real_worker;

/// MiB. A worker with libtorch and a small network takes less than half.
const MEMORY: &str = "1500";

/// Submissions in a folder that goes away.
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

    /// A submission of a program that lies in `tests/fixtures/attacks` (exported: `NAME.pt2`), or of `bytes`.
    pub(crate) fn program(&self, name: &str, bytes: Option<&[u8]>) -> &Bench {
        let program = if exported(name).is_file() { "program.pt2" } else { "program.pt" };
        self.manifest(name, &format!("path = \"{program}\""));
        let file = self.path("submissions").join(name).join(program);
        fs::write(file, bytes.map_or_else(|| fixture(name), <[u8]>::to_vec)).unwrap();
        self
    }

    pub(crate) fn manifest(&self, name: &str, file: &str) {
        let folder = self.path("submissions").join(name);
        fs::create_dir_all(&folder).unwrap();
        let text = format!("team = \"Team {name}\"\ndata_range = 1.0\n[program]\n[[program.files]]\n{file}\n");
        fs::write(folder.join("submission.toml"), text).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
        command.args(args).arg("--worker").arg(real_worker::path()).current_dir(self.folder.path());
        command.output().unwrap()
    }

    /// What `lint` finds, by submission and check: `PASS`, or the reason.
    pub(crate) fn lint(&self, args: &[&str]) -> Linted {
        let output = self.run(&[&["lint", "--format", "json", "--memory-limit", MEMORY], args].concat());
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        Linted { json, code: output.status.code() }
    }

    /// What `measure` says of each of `names`, on one small image.
    pub(crate) fn measure(&self, names: &[&str], more: &[&str]) -> (Run, Option<i32>) {
        for sub in ["HR", "LRx4"] {
            fs::create_dir_all(self.path("Tiny").join(sub)).unwrap();
        }
        let (hr, lr) = image();
        hr.write(&self.path("Tiny/HR/a.png")).unwrap();
        lr.write(&self.path("Tiny/LRx4/ax4.png")).unwrap();
        let folders: Vec<String> = names.iter().map(|name| format!("submissions/{name}")).collect();
        let mut args: Vec<&str> = vec!["measure", "--data", "val=Tiny", "--run", "run", "--rounds", "1"];
        args.extend(["--memory-limit", MEMORY]);
        if !more.contains(&"--repeats") {
            args.extend(["--warmup", "0", "--repeats", "1"]);
        }
        args.extend(more);
        args.extend(folders.iter().map(String::as_str));
        let output = self.run(&args);
        let run =
            Run::open(&self.path("run")).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        (run, output.status.code())
    }
}

pub(crate) struct Linted {
    json: Value,
    pub(crate) code: Option<i32>,
}

impl Linted {
    pub(crate) fn finding(&self, name: &str, check: &str) -> (String, String) {
        let submission = self.submission(name);
        let findings = submission["findings"].as_array().unwrap();
        let finding = findings.iter().find(|f| f["check"] == check).unwrap_or_else(|| panic!("{name}: no {check}"));
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        (text("verdict"), text("why"))
    }

    pub(crate) fn submission(&self, name: &str) -> &Value {
        let all = self.json.as_array().unwrap();
        all.iter().find(|s| s["folder"].as_str().unwrap().ends_with(&format!("/{name}"))).unwrap()
    }

    /// Exactly `check` fails, for a reason that has `words` in it.
    pub(crate) fn fails_only(&self, name: &str, check: &str, words: &str) {
        let failed: Vec<&Value> =
            self.submission(name)["findings"].as_array().unwrap().iter().filter(|f| f["verdict"] == "fail").collect();
        assert!(failed.len() == 1 && failed[0]["check"] == check, "{name}: {failed:#?}");
        assert!(failed[0]["why"].as_str().unwrap().contains(words), "{name}: {failed:#?}");
    }

    pub(crate) fn passes(&self, name: &str) {
        for finding in self.submission(name)["findings"].as_array().unwrap() {
            assert_ne!(finding["verdict"], "fail", "{name}: {finding}");
        }
    }
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let exported = exported(name);
    let file = if exported.is_file() { exported } else { exported.with_extension("pt") };
    fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn exported(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/attacks/{name}.pt2"))
}

/// The image that `measure` uses: HR and LR.
pub(crate) fn image() -> (Image, Image) {
    let hr = Image::new(96, 80, (0..96 * 80 * 3).map(|i| ((i * 7 + i / 240 * 13) % 251) as u8).collect()).unwrap();
    let lr = bicubic::down4(&hr);
    (hr, lr)
}

/// Why a submission has no figures.
pub(crate) fn failure(run: &Run, name: &str) -> Option<String> {
    run.results().submissions[name].failure()
}
