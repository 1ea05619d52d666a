//! A team's own program: `torch.export` archives and TorchScript, run on libtorch alone.
//!
//! Both kinds call ATen operations through the dispatcher, so that the recorder sees them as it sees a registry network's,
//! and both know the module that each operation belongs to.

mod compile;
mod dispatch;
mod format;
mod interpreter;
mod probe;
mod scalar;
mod script;
mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use esr_bench::protocol::{Failed, FailureKind};
use esr_bench::submission::archive::{Archive, Kind};
use esr_models::vars::Var;
use tch::{Device, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::network::Network;
use interpreter::Interpreter;
pub(crate) use probe::check;
use script::Script;

/// The archive's entry, written by the exporter, that says which `torch.nn` class a team's subclass stands for.
const CLASSES: &str = "esr_classes.json";

/// A program with its tensors on a device.
pub(crate) struct Program {
    name: String,
    form: Form,
}

enum Form {
    /// One for any size, or one for each of several sizes (height, width).
    Exported(Vec<Interpreter>),
    Script(Script),
}

impl Program {
    /// Loads one TorchScript file, or one or more `torch.export` archives.
    pub(crate) fn load(files: &[PathBuf], device: Device) -> Result<Program> {
        let kinds =
            files.iter().map(|f| Ok(Archive::open(f).map_err(unreadable)?.kind())).collect::<Result<Vec<_>>>()?;
        let form = match (&kinds[..], files) {
            ([Kind::TorchScript], [file]) => Form::Script(Script::load(file, device)?),
            (kinds, files) if !kinds.is_empty() && kinds.iter().all(|k| *k == Kind::ExportedProgram) => {
                let mut loaded = weights::Loaded::default();
                let many =
                    files.iter().map(|f| Interpreter::load(f, device, &mut loaded)).collect::<Result<Vec<_>>>()?;
                Form::Exported(many)
            }
            _ => {
                let found: Vec<String> =
                    files.iter().zip(&kinds).map(|(f, k)| format!("{} ({k:?})", f.display())).collect();
                let expected = "a program is one TorchScript file or torch.export archives";
                return Err(failure::load(format!("{expected}, found {}", found.join(", "))));
            }
        };
        if let Form::Exported(many) = &form
            && many.len() > 1
            && let Some(any) = many.iter().find(|i| i.size().is_none())
        {
            return Err(failure::load(format!("{}: an archive for any size must stand alone", any.path().display())));
        }
        let name = files[0].file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Program { name, form })
    }

    /// What a reader of the record should know.
    pub(crate) fn notes(&self) -> Vec<String> {
        let sizes = self.sizes();
        if sizes.is_empty() {
            return Vec::new();
        }
        vec![format!("bound to LR sizes of {}", listed(&sizes))]
    }

    /// The sizes (height, width) that the program is bound to; empty: any.
    fn sizes(&self) -> Vec<[i64; 2]> {
        match &self.form {
            Form::Script(_) => Vec::new(),
            Form::Exported(many) => many.iter().filter_map(Interpreter::size).collect(),
        }
    }
}

impl Network for Program {
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

    fn hook_class(&self, class: &str) -> String {
        let classes = match &self.form {
            Form::Script(script) => script.classes(),
            Form::Exported(many) => many[0].classes(),
        };
        hook_class(classes, class)
    }
}

/// The last part of a class's name, or, for a team's subclass, the class that it stands for. TorchScript's own prefix and
/// its numbers are left out.
fn hook_class(classes: &BTreeMap<String, String>, class: &str) -> String {
    let parts = || class.split('.').filter(|part| *part != "__torch__" && !part.starts_with("___torch_mangle_"));
    let plain = parts().collect::<Vec<_>>().join(".");
    let last = parts().next_back().unwrap_or(class);
    // TorchScript tells running modules' classes without their packages.
    let unqualified = || classes.iter().find(|(name, _)| name.rsplit('.').next() == Some(class)).map(|(_, base)| base);
    classes.get(&plain).or_else(unqualified).map_or(last, String::as_str).to_owned()
}

fn parse_classes(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    if bytes.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_slice(bytes).map_err(|error| failure::load(format!("{}: {CLASSES}: {error}", path.display())))
}

fn listed(sizes: &[[i64; 2]]) -> String {
    sizes.iter().map(|[h, w]| format!("{h} x {w}")).collect::<Vec<_>>().join(", ")
}

fn unsupported(message: impl Into<String>) -> Failed {
    Failed { kind: FailureKind::Unsupported, message: message.into() }
}

fn unreadable(error: esr_bench::Error) -> Failed {
    failure::load(error.to_string())
}

/// As PyTorch writes it.
fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_its_last_part_or_by_what_it_stands_for() {
        let classes = BTreeMap::from([("zoo.OwnConv".to_owned(), "Conv2d".to_owned())]);
        assert_eq!(hook_class(&classes, "torch.nn.modules.conv.Conv2d"), "Conv2d");
        assert_eq!(hook_class(&classes, "__torch__.torch.nn.modules.activation.___torch_mangle_21.ReLU"), "ReLU");
        assert_eq!(hook_class(&classes, "__torch__.zoo.___torch_mangle_3.OwnConv"), "Conv2d");
        assert_eq!(hook_class(&classes, "OwnConv"), "Conv2d");
        assert_eq!(hook_class(&classes, "models.team04_rlfn.RLFB"), "RLFB");
    }
}
