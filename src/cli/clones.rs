//! An organisers' repository on the command line of `import`, `measure` and `lint`.

use std::path::{Path, PathBuf};

use esr_bench::measure::{Named, launches};
use esr_bench::protocol::ModelId;
use esr_bench::report::cloned;
use esr_bench::submission::clone;
use esr_bench::submission::clone::{CloneImport, Export, Form, Imported, Tools};
use esr_bench::worker_process::sandbox::Mode;
use esr_bench::worker_process::{Limits, Python};
use esr_bench::{Error, Result};

/// How a repository's networks become submissions.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Clones {
    /// Form in which the networks of a repository are imported
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t)]
    form: Form,
    /// Import only the networks of a repository with these ids, such as `1,4,7`
    #[arg(long, value_name = "ID", value_delimiter = ',', allow_hyphen_values = true, value_parser = id)]
    ids: Vec<ModelId>,
    /// Folder with weights that are missing from a repository; they are found by their file names
    #[arg(long, value_name = "DIR")]
    zoo: Option<PathBuf>,
    /// Recognise a registered network by its weights alone, without comparing its output with that of the team's code
    #[arg(long)]
    no_check: bool,
    /// Function of a repository that selects a network [default: the function `select_model`]
    #[arg(long, value_name = "FILE.py:FUNCTION")]
    call: Option<String>,
    /// Edition of a repository, such as `ntire2022` [default: the edition of its name or weights]
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// Python that runs teams' code [default: ESR_BENCH_PYTHON, an active virtual environment, or python3]
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// Confine each worker to the files of its submission, without network and other programs (Linux): `required` refuses to
    /// run where the kernel lacks a part of the sandbox, `auto` uses what there is, `off` trusts every submission
    #[arg(long, value_name = "MODE", value_enum, default_value_t, hide_possible_values = true)]
    sandbox: Mode,
}

impl Clones {
    /// The programs that were named.
    pub(crate) fn named(&self, worker: Option<&Path>) -> Named {
        Named { worker: worker.map(Path::to_path_buf), python: self.python.clone(), sandbox: self.sandbox }
    }

    /// Imports a repository into `output`, with a line of progress on standard error for each of its networks.
    pub(crate) fn import(&self, root: &Path, output: &Path, worker: Option<&Path>, export: Export) -> Result<Imported> {
        let python = Python::find(self.python.as_deref())
            .map_err(|why| Error::Worker(format!("{}: Python reads a repository's networks: {why}", root.display())))?;
        let tools = Tools { python, launches: launches(&self.named(worker), &Limits::default(), true) };
        let request = CloneImport {
            clone: root.to_path_buf(),
            call: self.call.clone(),
            edition: self.edition.clone(),
            output: output.to_path_buf(),
            form: self.form,
            ids: self.ids.clone(),
            zoo: self.zoo.clone(),
            check: !self.no_check,
            export,
        };
        clone::import(&request, &tools, &mut |step| eprintln!("import: {}", cloned::progress(step)))
    }

    /// The edition that was named.
    pub(crate) fn edition(&self) -> Option<&String> {
        self.edition.as_ref()
    }
}

/// Tells that a folder is a whole repository, where a command takes one submission.
pub(crate) fn refuse_clone(folder: &Path) -> Result<()> {
    if !clone::is_clone(folder) {
        return Ok(());
    }
    let root = folder.display();
    Err(Error::Usage(format!(
        "{root} is a repository with many networks: run `esr-bench import {root}`, and give the folder of one of them"
    )))
}

fn id(text: &str) -> Result<ModelId, String> {
    match text.trim() {
        "" => Err("expected ids, such as `1,4,7`".into()),
        text => Ok(text.parse().map_or_else(|_| ModelId::Word(text.to_owned()), ModelId::Number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        clones: Clones,
    }

    #[test]
    fn ids_are_numbers_or_words() {
        use clap::Parser;
        let ids = |line: &[&str]| Line::try_parse_from(line).unwrap().clones.ids;
        assert_eq!(ids(&["x", "--ids", "-1,4"]), [ModelId::Number(-1), ModelId::Number(4)]);
        assert_eq!(ids(&["x", "--ids", "4", "--ids", "tiny"]), [ModelId::Number(4), ModelId::Word("tiny".into())]);
        assert!(Line::try_parse_from(["x", "--ids", "4,,5"]).is_err());
    }
}
