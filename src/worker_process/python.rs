//! Which Python runs teams' code, and how the PyTorch worker is started in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

use crate::worker_process::failure::one_line;
use crate::worker_process::launch::{Launch, Limits};

/// The variable that names the interpreter.
const VARIABLE: &str = "ESR_BENCH_PYTHON";

/// The package of the PyTorch worker, of the exporter, and of the reader of repositories.
const PACKAGE: &str = "esr_torch";

/// Says which modules there are without importing any (PyTorch takes seconds), and where modules come from: some installers put
/// links to a cache into the interpreter's folder, for whole packages or for each file.
const PROBE: &str = "import importlib.util, json, os, sys\n\
    specs = {m: importlib.util.find_spec(m) for m in ('torch', 'esr_torch')}\n\
    own = [p for s in specs.values() if s for p in s.submodule_search_locations or []]\n\
    entries = [e for p in sys.path if os.path.isdir(p) for e in os.scandir(p)]\n\
    own += [os.path.realpath(e.path) for e in entries if e.is_symlink()]\n\
    inits = [os.path.join(e.path, '__init__.py') for e in entries if not e.is_symlink() and e.is_dir()]\n\
    own += [os.path.dirname(os.path.realpath(i)) for i in inits if os.path.islink(i)]\n\
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.realpath(sys.executable)] + sys.path + own\n\
    print(json.dumps({'modules': [m for m in specs if specs[m]], 'paths': paths, 'program': sys.executable}))";

/// What the probe says.
#[derive(Debug, Deserialize)]
struct Probed {
    modules: Vec<String>,
    #[serde(default)]
    paths: Vec<PathBuf>,
    /// The interpreter itself: the program that was named may be a script that looks for one.
    #[serde(default)]
    program: PathBuf,
}

/// A Python interpreter with the package `esr_torch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    program: PathBuf,
    /// The folder that holds the package, where it is not installed.
    package: Option<PathBuf>,
    /// Where its modules come from.
    folders: Vec<PathBuf>,
    has_torch: bool,
}

impl Python {
    /// The interpreter `given`, or else the one of `ESR_BENCH_PYTHON`, of an active virtual environment, or `python3`.
    ///
    /// # Errors
    /// Why there is none, and what to do, in one line.
    pub fn find(given: Option<&Path>) -> Result<Python, String> {
        let (program, why) = chosen(given, |name| std::env::var_os(name));
        Python::at(program, why, checkout())
    }

    fn at(program: PathBuf, why: &str, checkout: Option<PathBuf>) -> Result<Python, String> {
        let mut python = Python { program, package: checkout, folders: Vec::new(), has_torch: false };
        let shown = python.program.display().to_string();
        let mut command = Command::new(&python.program);
        command.envs(python.environment()).args(["-c", PROBE]).stdin(Stdio::null());
        let output = command.output();
        let output = output.map_err(|error| {
            format!("cannot start the Python interpreter {shown} ({why}): {error}; `--python FILE` names another")
        })?;
        let found: Probed = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("{shown} ({why}) does not work as a Python interpreter: {}", last_words(&output)))?;
        python.has_torch = found.modules.iter().any(|m| m == "torch");
        python.folders = found.paths.into_iter().filter(|path| path.is_absolute() && path.exists()).collect();
        if found.program.is_absolute() && found.program.is_file() {
            python.program = found.program;
        }
        if found.modules.iter().any(|m| m == PACKAGE) {
            return Ok(python);
        }
        Err(format!(
            "{shown} ({why}) has no module `{PACKAGE}`: run `{shown} -m pip install ./python` in the source of esr-bench"
        ))
    }

    /// How the PyTorch worker is started.
    ///
    /// # Errors
    /// There is no PyTorch in this interpreter; what to do, in one line.
    pub fn worker(&self, limits: Limits) -> Result<Launch, String> {
        self.needs_torch()?;
        Ok(self.module("esr_torch.worker", limits))
    }

    /// How a module of the package is run as a program.
    pub fn module(&self, module: &str, limits: Limits) -> Launch {
        let mut launch = Launch::new(self.program.clone(), limits);
        launch.args = ["-m", module].map(OsString::from).to_vec();
        launch.env = self.environment();
        // A clone stays as it is, and a confined worker could not write there.
        launch.env.push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
        launch.folders.clone_from(&self.folders);
        launch
    }

    /// Whether PyTorch is there.
    ///
    /// # Errors
    /// It is not; what to do, in one line.
    pub fn needs_torch(&self) -> Result<(), String> {
        if self.has_torch {
            return Ok(());
        }
        let shown = self.program.display();
        Err(format!(
            "{shown} has no module `torch`: run `{shown} -m pip install torch`, or name another by `--python FILE`"
        ))
    }

    /// The interpreter's program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let Some(package) = &self.package else { return Vec::new() };
        let inherited = std::env::var_os("PYTHONPATH").filter(|path| !path.is_empty());
        let paths = std::iter::once(package.clone()).chain(inherited.iter().flat_map(std::env::split_paths));
        // A folder whose name holds the separator cannot be on the path.
        std::env::join_paths(paths).map(|joined| vec![("PYTHONPATH".into(), joined)]).unwrap_or_default()
    }
}

/// The interpreter, and what chose it.
fn chosen(given: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> (PathBuf, &'static str) {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(given) = given {
        return (given.to_path_buf(), "--python");
    }
    if let Some(named) = set(VARIABLE) {
        return (named, VARIABLE);
    }
    if let Some(environment) = set("VIRTUAL_ENV") {
        return (environment.join("bin/python"), "the active virtual environment");
    }
    ("python3".into(), "of the PATH")
}

/// The folder `python/` of the source that this program was built in, if it lies there: harness and worker are then of one
/// version, whatever is installed.
fn checkout() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let folders = own.ancestors().map(|folder| folder.join("python"));
    folders.into_iter().find(|folder| folder.join(PACKAGE).join("__init__.py").is_file())
}

fn last_words(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    match text.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => one_line(line, 200),
        None => output.status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_interpreter_is_chosen_in_the_documented_order() {
        let choose = |given: Option<&str>, set: &[(&str, &str)]| {
            let variable = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
            chosen(given.map(Path::new), variable).0.display().to_string()
        };
        let (named, active) = (("ESR_BENCH_PYTHON", "/a/python"), ("VIRTUAL_ENV", "/venv"));
        assert_eq!(choose(Some("/mine"), &[named, active]), "/mine");
        assert_eq!(choose(None, &[named, active]), "/a/python");
        assert_eq!(choose(None, &[("ESR_BENCH_PYTHON", ""), active]), "/venv/bin/python");
        assert_eq!(choose(None, &[]), "python3");
    }

    /// An interpreter that answers the probe with `answer`.
    fn at(answer: &str) -> Result<Python, String> {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("python");
        std::fs::write(&program, format!("#!/bin/sh\n{answer}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let found = Python::at(program, "--python", None);
        found.map_err(|why| why.replace(&dir.path().display().to_string(), "BIN"))
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let whole = at(r#"echo '{"modules": ["torch", "esr_torch"]}'"#).unwrap();
        assert_eq!(whole.worker(Limits::default()).unwrap().args, ["-m", "esr_torch.worker"]);
        let bare = at(r#"echo '{"modules": ["esr_torch"]}'"#).unwrap().worker(Limits::default()).unwrap_err();
        assert!(bare.contains("has no module `torch`: run `") && bare.contains("-m pip install torch`"), "{bare}");
        let old = at(r#"echo '{"modules": ["torch"]}'"#).unwrap_err();
        assert!(old.contains("has no module `esr_torch`: run `BIN/python -m pip install ./python`"), "{old}");
        let broken = at("echo 'SyntaxError: invalid' >&2; exit 1").unwrap_err();
        assert_eq!(broken, "BIN/python (--python) does not work as a Python interpreter: SyntaxError: invalid");
        let absent = Python::at("/no/such/python".into(), "--python", None).unwrap_err();
        assert!(absent.starts_with("cannot start the Python interpreter /no/such/python (--python)"), "{absent}");
    }

    #[test]
    fn packages_behind_links_are_among_the_folders() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let [site, cache] = ["site", "cache"].map(|name| real.join(name));
        for folder in [site.join("by_file"), cache.join("whole"), cache.join("by_file")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(cache.join("by_file/__init__.py"), "").unwrap();
        std::os::unix::fs::symlink(cache.join("whole"), site.join("whole")).unwrap();
        std::os::unix::fs::symlink(cache.join("by_file/__init__.py"), site.join("by_file/__init__.py")).unwrap();
        let output = Command::new("python3").args(["-c", PROBE]).env("PYTHONPATH", &site).output().unwrap();
        let found: Probed = serde_json::from_slice(&output.stdout).unwrap();
        for folder in ["whole", "by_file"] {
            assert!(found.paths.contains(&cache.join(folder)), "{folder}: {:?}", found.paths);
        }
    }

    #[test]
    fn a_package_that_is_not_installed_goes_before_the_path_that_is_set() {
        let python = Python {
            program: "python3".into(),
            package: Some("/src/python".into()),
            folders: Vec::new(),
            has_torch: true,
        };
        let (name, value) = python.environment().remove(0);
        assert_eq!(name, "PYTHONPATH");
        assert!(value.to_string_lossy().starts_with("/src/python"));
    }
}
