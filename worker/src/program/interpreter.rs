//! Runs a `torch.export` archive: its graph, node by node, through libtorch's dispatcher.
//!
//! libtorch's own runner for these archives bypasses the dispatcher for common operations, so that an op recorder would miss
//! them, and it does not take a device. The archive is compiled once, when it is loaded. A value is dropped after its last
//! use, as in eager PyTorch, so that the peak memory is that of the network.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use esr_bench::protocol::Failed;
use esr_bench::submission::archive::Archive;
use esr_models::scope;
use esr_models::vars::Var;
use tch::{Device, Tensor};

use super::classes::{CLASSES, parse_classes};
use super::compile::{Arg, Compiled, Module, ShapeOf, Slot, Step, StepKind, compile};
use super::dispatch::Value;
use super::format::{self, Model, bound_size, read_json};
use super::scalar::{self, Scalar};
use super::weights::{self, SharedTensors};
use crate::device;
use crate::failure;
use crate::failure::Result;

const PROGRAM: &str = "models/model.json";

/// One archive, compiled.
pub(super) struct Interpreter {
    path: PathBuf,
    compiled: Compiled,
    constants: Vec<(Slot, Tensor)>,
    vars: Vec<Var>,
    size: Option<[i64; 2]>,
    classes: BTreeMap<String, String>,
    device: CString,
}

impl Interpreter {
    /// Reads and compiles an archive. It shares the tensors that `loaded` holds already.
    pub(super) fn load(path: &Path, device: Device, loaded: &mut SharedTensors) -> Result<Interpreter> {
        let mut archive = Archive::open(path).map_err(failure::unreadable)?;
        Self::read(path, &mut archive, device, loaded).map_err(|failed| {
            let place = path.display().to_string();
            let message = match failed.message.starts_with(&place) {
                true => failed.message,
                false => format!("{place}: {}", failed.message),
            };
            Failed { message, ..failed }
        })
    }

    fn read(path: &Path, archive: &mut Archive, device: Device, loaded: &mut SharedTensors) -> Result<Interpreter> {
        let model: Model = read_json(archive, PROGRAM)?;
        let major = model.schema_version.major;
        if major != format::SCHEMA_MAJOR {
            let expected = format!("schema version {}", format::SCHEMA_MAJOR);
            return Err(failure::unreadable(archive.wrong(PROGRAM, expected, major.to_string())));
        }
        let classes_entry = format!("extra/{CLASSES}");
        let classes = match archive.has(&classes_entry) {
            true => parse_classes(path, &archive.read(&classes_entry).map_err(failure::unreadable)?)?,
            false => BTreeMap::new(),
        };
        let tensors = weights::read(&model, archive, device, loaded)?;
        let size = model.graph_module.graph.tensor_values.get(&tensors.input).and_then(bound_size);
        let names: Vec<&str> = tensors.constants.iter().map(|(name, _)| name.as_str()).collect();
        let (compiled, slots) = compile(&model.graph_module, &tensors.input, &names, &classes)?;
        Ok(Interpreter {
            path: path.to_path_buf(),
            compiled,
            constants: slots.into_iter().zip(tensors.constants.into_iter().map(|(_, tensor)| tensor)).collect(),
            vars: tensors.vars,
            size,
            classes,
            device: CString::new(device::name(device)).unwrap_or_default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The size (height, width) that the archive is bound to; `None` if it serves any size.
    pub(super) fn size(&self) -> Option<[i64; 2]> {
        self.size
    }

    pub(super) fn classes(&self) -> &BTreeMap<String, String> {
        &self.classes
    }

    pub(super) fn vars(&self) -> &[Var] {
        &self.vars
    }

    /// The sum of the versions of all stored tensors. An operation in place, on a view as well, adds to it.
    pub(super) fn state(&self) -> Result<u64> {
        self.constants.iter().try_fold(0, |sum: u64, (_, tensor)| {
            let version = tensor.f_internal_version().map_err(failure::tch)?;
            Ok(sum.wrapping_add(version as u64))
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut values: Vec<Option<Value>> = Vec::new();
        values.resize_with(self.compiled.slots, || None);
        for (slot, tensor) in &self.constants {
            values[*slot] = Some(Value::Tensor(tensor.shallow_clone()));
        }
        values[self.compiled.input] = Some(Value::Tensor(x.shallow_clone()));
        let mut scopes = Scopes::default();
        for step in &self.compiled.steps {
            scopes.move_to(&step.modules);
            let results = self
                .run(step, &values)
                .map_err(|f| Failed { message: format!("{}: {}", step.target, f.message), ..f })?;
            if results.len() < step.outputs.len() {
                let found = format!("{} results, expected {}", results.len(), step.outputs.len());
                return Err(failure::run(format!("{}: {found}", step.target)));
            }
            for (slot, value) in step.outputs.iter().zip(results) {
                if let Some(slot) = slot {
                    values[*slot] = Some(value);
                }
            }
            for slot in &step.last_uses {
                values[*slot] = None;
            }
        }
        scopes.leave_all();
        match values[self.compiled.output].take() {
            Some(Value::Tensor(output)) => Ok(output),
            _ => Err(failure::output("the program's output is not a tensor")),
        }
    }

    fn run(&self, step: &Step, values: &[Option<Value>]) -> Result<Vec<Value>> {
        match &step.kind {
            StepKind::Op(op, args) => {
                let args = args.iter().map(|a| self.argument(a, values)).collect::<Result<Vec<_>>>()?;
                op.call(&args)
            }
            StepKind::Shape(what, tensor, dim) => {
                let tensor = tensor_at(*tensor, values)?;
                let list = match what {
                    ShapeOf::Size => tensor.size(),
                    ShapeOf::Stride => tensor.stride(),
                    ShapeOf::Numel => return Ok(vec![Value::Int(tensor.numel() as i64)]),
                };
                let dim = match dim {
                    Some(arg) => integer(arg, values)?,
                    None => 0,
                };
                let at = if dim < 0 { dim + list.len() as i64 } else { dim };
                let value = usize::try_from(at).ok().and_then(|i| list.get(i));
                let value = value.ok_or_else(|| failure::run(format!("no dimension {dim} in {list:?}")))?;
                Ok(vec![Value::Int(*value)])
            }
            StepKind::Scalar(args) => {
                let args = args.iter().map(|a| scalar_of(a, values)).collect::<Result<Vec<_>>>()?;
                let result = scalar::evaluate(&step.target, &args)
                    .ok_or_else(|| failure::unsupported(format!("this arithmetic on {args:?} is not supported")))?;
                Ok(vec![result.value()])
            }
        }
    }

    fn argument(&self, arg: &Arg, values: &[Option<Value>]) -> Result<Value> {
        Ok(match arg {
            Arg::Default => Value::Default,
            Arg::None => Value::None,
            Arg::Int(i) => Value::Int(*i),
            Arg::Float(f) => Value::Float(*f),
            Arg::Bool(b) => Value::Bool(*b),
            Arg::Str(s) => Value::Str(s.clone()),
            Arg::Device => Value::Device(self.device.clone()),
            Arg::Slot(slot) => match &values[*slot] {
                Some(Value::Tensor(t)) => Value::Tensor(t.shallow_clone()),
                Some(Value::Int(i)) => Value::Int(*i),
                Some(Value::Float(f)) => Value::Float(*f),
                Some(Value::Bool(b)) => Value::Bool(*b),
                _ => return Err(missing()),
            },
            Arg::Ints(list) => Value::Ints(list.iter().map(|a| integer(a, values)).collect::<Result<_>>()?),
            Arg::Floats(list) => Value::Floats(list.clone()),
            Arg::Bools(list) => Value::Bools(list.iter().map(|b| i64::from(*b)).collect()),
            Arg::Tensors(list) => {
                Value::Tensors(list.iter().map(|s| Ok(tensor_at(*s, values)?.shallow_clone())).collect::<Result<_>>()?)
            }
            Arg::OptionalTensors(list) => Value::OptionalTensors(
                list.iter()
                    .map(|s| s.map(|s| Ok(tensor_at(s, values)?.shallow_clone())).transpose())
                    .collect::<Result<_>>()?,
            ),
        })
    }
}

fn missing() -> Failed {
    failure::run("the graph uses a value before a node produces it")
}

fn tensor_at(slot: Slot, values: &[Option<Value>]) -> Result<&Tensor> {
    match &values[slot] {
        Some(Value::Tensor(t)) => Ok(t),
        _ => Err(missing()),
    }
}

fn integer(arg: &Arg, values: &[Option<Value>]) -> Result<i64> {
    match scalar_of(arg, values)? {
        Scalar::Int(i) => Ok(i),
        Scalar::Bool(b) => Ok(i64::from(b)),
        Scalar::Float(f) => Err(failure::run(format!("expected an integer, found {f}"))),
    }
}

fn scalar_of(arg: &Arg, values: &[Option<Value>]) -> Result<Scalar> {
    match arg {
        Arg::Int(i) => Ok(Scalar::Int(*i)),
        Arg::Float(f) => Ok(Scalar::Float(*f)),
        Arg::Bool(b) => Ok(Scalar::Bool(*b)),
        Arg::Slot(slot) => match values[*slot] {
            Some(Value::Int(i)) => Ok(Scalar::Int(i)),
            Some(Value::Float(f)) => Ok(Scalar::Float(f)),
            Some(Value::Bool(b)) => Ok(Scalar::Bool(b)),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

/// The modules that are running. Each node enters and leaves modules until its own are running.
#[derive(Default)]
struct Scopes {
    entered: Vec<(Rc<[Module]>, usize, scope::Entered)>,
}

impl Scopes {
    fn move_to(&mut self, modules: &Rc<[Module]>) {
        let same = self
            .entered
            .iter()
            .zip(modules.iter())
            .take_while(|((of, at, _), new)| of[*at].key == new.key && of[*at].path == new.path)
            .count();
        while self.entered.len() > same {
            self.entered.pop();
        }
        for at in same..modules.len() {
            let entered = scope::enter(&modules[at].path, &modules[at].class);
            self.entered.push((Rc::clone(modules), at, entered));
        }
    }

    fn leave_all(&mut self) {
        while self.entered.pop().is_some() {}
    }
}

impl Drop for Scopes {
    fn drop(&mut self) {
        // Innermost first. This runs also where a node failed.
        self.leave_all();
    }
}
