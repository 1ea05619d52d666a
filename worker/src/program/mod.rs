//! A team's own program: `torch.export` archives and TorchScript, run on libtorch alone.
//!
//! Both kinds call ATen operations through the dispatcher, so that the recorder sees them as it sees a registry network's,
//! and both know the module that each operation belongs to.

mod dispatch;
mod format;
mod interpreter;
mod scalar;
mod script;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use esr_bench::archive::{Archive, Kind};
use esr_bench::protocol::{Failed, FailureKind};
use tch::{Device, Tensor};

use interpreter::Interpreter;
use script::Script;

/// The archive's entry, written by the exporter, that says which `torch.nn` class a team's subclass stands for.
const CLASSES: &str = "esr_classes.json";

/// A program with its tensors on a device.
pub struct Program {
    form: Form,
}

enum Form {
    /// One for any size, or one for each of several sizes (height, width).
    Exported(Vec<Interpreter>),
    Script(Script),
}

/// A tensor that a program holds.
pub struct Variable {
    /// Its name in the program.
    pub name: String,
    /// What it is.
    pub kind: VariableKind,
    /// A shallow copy.
    pub tensor: Tensor,
}

/// What a program's tensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableKind {
    /// Learned.
    Parameter,
    /// Kept, not learned.
    Buffer,
    /// A literal of the program.
    Constant,
}

impl Program {
    /// Loads one TorchScript file, or one or more `torch.export` archives.
    pub fn load(files: &[PathBuf], device: Device) -> Result<Program, Failed> {
        let kinds = files.iter().map(|f| Ok(Archive::open(f).map_err(unreadable)?.kind())).collect::<Result<Vec<_>, _>>()?;
        let form = match (&kinds[..], files) {
            ([Kind::TorchScript], [file]) => Form::Script(Script::load(file, device)?),
            (kinds, files) if !kinds.is_empty() && kinds.iter().all(|k| *k == Kind::ExportedProgram) => Form::Exported(
                files.iter().map(|f| Interpreter::load(f, device)).collect::<Result<Vec<_>, _>>()?,
            ),
            _ => {
                let found: Vec<String> =
                    files.iter().zip(&kinds).map(|(f, k)| format!("{} ({k:?})", f.display())).collect();
                return Err(failed(
                    FailureKind::Load,
                    format!("a program is one TorchScript file or torch.export archives, found {}", found.join(", ")),
                ));
            }
        };
        if let Form::Exported(many) = &form
            && many.len() > 1
            && let Some(any) = many.iter().find(|i| i.size().is_none())
        {
            return Err(failed(
                FailureKind::Load,
                format!("{}: an archive for any size must stand alone", any.path().display()),
            ));
        }
        Ok(Program { form })
    }

    /// (1, 3, H, W) to (1, 3, scale H, scale W), in the program's data range.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Failed> {
        match &self.form {
            Form::Script(script) => script.forward(x),
            Form::Exported(many) => {
                let size = x.size();
                let fits = |i: &&Interpreter| i.size().is_none_or(|[h, w]| size[2..] == [h, w]);
                many.iter().find(fits).ok_or_else(|| no_archive(many, &size))?.forward(x)
            }
        }
    }

    /// The sizes (height, width) that the program is bound to; empty: any.
    pub fn sizes(&self) -> Vec<[i64; 2]> {
        match &self.form {
            Form::Script(_) => Vec::new(),
            Form::Exported(many) => many.iter().filter_map(Interpreter::size).collect(),
        }
    }

    /// Parameters, buffers and constants, each once. Archives for several sizes hold the same network: the first one's.
    pub fn variables(&self) -> Vec<Variable> {
        match &self.form {
            Form::Script(script) => script.variables(),
            Form::Exported(many) => many[0].variables(),
        }
    }

    /// The tensors of the archive that serves the LR size `height` x `width`, for a recorder.
    pub fn variables_for(&self, height: i64, width: i64) -> Vec<Variable> {
        match &self.form {
            Form::Script(script) => script.variables(),
            Form::Exported(many) => many
                .iter()
                .find(|i| i.size().is_none_or(|size| size == [height, width]))
                .map(Interpreter::variables)
                .unwrap_or_default(),
        }
    }

    /// A module class as a hook would take it: the last part of its name, a team's subclass by the class it stands for.
    pub fn hook_class(&self, class: &str) -> String {
        let classes = match &self.form {
            Form::Script(script) => script.classes(),
            Form::Exported(many) => many[0].classes(),
        };
        hook_class(classes, class)
    }
}

fn hook_class(classes: &BTreeMap<String, String>, class: &str) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.rsplit('.').next().unwrap_or(class).to_owned())
}

fn parse_classes(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, String>, Failed> {
    if bytes.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_slice(bytes)
        .map_err(|error| failed(FailureKind::Load, format!("{}: {CLASSES}: {error}", path.display())))
}

fn no_archive(many: &[Interpreter], size: &[i64]) -> Failed {
    let sizes: Vec<String> = many.iter().filter_map(|i| i.size().map(|[h, w]| format!("{h} x {w}"))).collect();
    let wanted = size.iter().skip(2).map(i64::to_string).collect::<Vec<_>>().join(" x ");
    failed(FailureKind::Run, format!("no archive for an input of {wanted}; the program is bound to {}", sizes.join(", ")))
}

fn failed(kind: FailureKind, message: impl Into<String>) -> Failed {
    Failed { kind, message: message.into() }
}

fn unreadable(error: esr_bench::Error) -> Failed {
    failed(FailureKind::Load, error.to_string())
}

/// libtorch's message, its first line, with the kind that it points to.
fn thrown(text: &str) -> Failed {
    let lower = text.to_lowercase();
    let kind = if lower.contains("out of memory") || lower.contains("can't allocate memory") {
        FailureKind::OutOfMemory
    } else {
        FailureKind::Run
    };
    // TorchScript's message is a trace whose last line is the reason.
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let reason = lines.iter().rev().find(|l| l.starts_with("RuntimeError")).or(lines.first()).unwrap_or(&"no reason given");
    failed(kind, *reason)
}
