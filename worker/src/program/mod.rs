//! Runs a team's own program, `torch.export` archives or TorchScript, on libtorch alone.
//! This room may use [`crate::device`], [`crate::failure`], [`crate::runnable`] and [`crate::shim`].
//!
//! Both kinds call ATen operations through the dispatcher, so that the op recorder sees them as it sees those of a registry
//! network. Both know the module that each operation belongs to.

mod allowed;
mod classes;
mod compile;
mod dispatch;
mod format;
mod interpreter;
mod probe;
mod scalar;
mod script;
mod source;
mod weights;

use std::path::PathBuf;

use esr_bench::submission::archive::{Archive, Kind};
use esr_models::vars::Var;
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::runnable::Runnable;
use classes::hook_class;
use interpreter::Interpreter;
pub(crate) use probe::check;
use script::Script;

/// A program with its tensors on a device.
pub(crate) struct Program {
    name: String,
    form: Form,
}

enum Form {
    /// One archive for any size, or one for each of several sizes (height, width).
    Exported(Vec<Interpreter>),
    Script(Script),
}

impl Program {
    /// Loads one TorchScript file, or one or more `torch.export` archives.
    pub(crate) fn load(files: &[PathBuf], device: Device) -> Result<Program> {
        let kinds = files
            .iter()
            .map(|f| Ok(Archive::open(f).map_err(failure::unreadable)?.kind()))
            .collect::<Result<Vec<_>>>()?;
        let form = match (&kinds[..], files) {
            ([Kind::TorchScript], [file]) => Form::Script(Script::load(file, device)?),
            (kinds, files) if !kinds.is_empty() && kinds.iter().all(|k| *k == Kind::ExportedProgram) => {
                let mut loaded = weights::SharedTensors::default();
                let many =
                    files.iter().map(|f| Interpreter::load(f, device, &mut loaded)).collect::<Result<Vec<_>>>()?;
                Form::Exported(many)
            }
            _ => {
                let found: Vec<String> =
                    files.iter().zip(&kinds).map(|(f, k)| format!("{} ({k:?})", f.display())).collect();
                let found = found.join(", ");
                return Err(failure::load(format!(
                    "expected one TorchScript file or torch.export archives, found {found}"
                )));
            }
        };
        if let Form::Exported(many) = &form
            && many.len() > 1
            && let Some(any) = many.iter().find(|i| i.size().is_none())
        {
            return Err(failure::load(format!(
                "{}: this archive serves any size and must be the only one of the program",
                any.path().display()
            )));
        }
        let name = files[0].file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Program { name, form })
    }

    /// Notes for the reader of the results.
    pub(crate) fn notes(&self) -> Vec<String> {
        let sizes = self.sizes();
        if sizes.is_empty() {
            return Vec::new();
        }
        vec![format!("bound to LR sizes of {}", listed(&sizes))]
    }

    /// The sizes (height, width) that the program is bound to. An empty list means any size.
    fn sizes(&self) -> Vec<[i64; 2]> {
        match &self.form {
            Form::Script(_) => Vec::new(),
            Form::Exported(many) => many.iter().filter_map(Interpreter::size).collect(),
        }
    }
}

impl Runnable for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match &self.form {
            Form::Script(script) => script.forward(x),
            Form::Exported(many) => {
                let size = x.size();
                let fits = |i: &&Interpreter| i.size().is_none_or(|bound| size[2..] == bound);
                let archive = many.iter().find(fits).ok_or_else(|| {
                    let sizes = listed(&self.sizes());
                    let wanted = size[2..].iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
                    failure::run(format!("no archive for an LR image of {wanted}: the program is bound to {sizes}"))
                })?;
                archive.forward(x)
            }
        }
    }

    fn vars(&self) -> &[Var] {
        match &self.form {
            Form::Script(script) => script.vars(),
            Form::Exported(many) => many[0].vars(),
        }
    }

    fn state(&self) -> Result<u64> {
        match &self.form {
            Form::Script(script) => script.state(),
            Form::Exported(many) => many.iter().try_fold(0, |sum: u64, archive| Ok(sum.wrapping_add(archive.state()?))),
        }
    }

    fn claims_classes(&self) -> bool {
        true
    }

    fn hook_class(&self, class: &str) -> String {
        let classes = match &self.form {
            Form::Script(script) => script.classes(),
            Form::Exported(many) => many[0].classes(),
        };
        hook_class(classes, class)
    }
}

fn listed(sizes: &[[i64; 2]]) -> String {
    sizes.iter().map(|[h, w]| format!("{h} x {w}")).collect::<Vec<_>>().join(", ")
}
