//! Runs a `torch.export` archive: its graph, node by node, through libtorch's dispatcher.
//!
//! libtorch's own runner for these archives bypasses the dispatcher for common operations, so a recorder would miss them;
//! and it takes no device. The archive is compiled once, when it is loaded: operations are found, arguments put into
//! schema order, names become slots. A value is dropped after its last use, as eager PyTorch would, so that the peak of
//! memory is the network's own.

use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use esr_bench::archive::Archive;
use esr_bench::protocol::{Failed, FailureKind};
use esr_models::scope;
use serde_json::Value as Json;
use tch::{Device, Tensor};

use super::dispatch::{Op, Value, tensor_from_storage};
use super::format::{self, Input, Model, Node, TensorMeta, Weight, Weights, fixed, union};
use super::scalar::{self, Scalar};
use super::{CLASSES, Variable, VariableKind, failed, hook_class, parse_classes, unreadable};

const PROGRAM: &str = "models/model.json";
const TABLES: [(&str, &str); 2] = [
    ("data/weights/", "data/weights/model_weights_config.json"),
    ("data/constants/", "data/constants/model_constants_config.json"),
];

type Slot = usize;

/// One archive, compiled.
pub(super) struct Interpreter {
    path: PathBuf,
    steps: Vec<Step>,
    constants: Vec<(Slot, Tensor)>,
    variables: Vec<(String, VariableKind, Tensor)>,
    input: Slot,
    output: Slot,
    slots: usize,
    size: Option<[i64; 2]>,
    classes: BTreeMap<String, String>,
    device: CString,
}

struct Step {
    /// For messages: the node's target.
    target: String,
    kind: StepKind,
    outputs: Vec<Option<Slot>>,
    /// The enclosing modules, outermost first.
    modules: Rc<[Module]>,
    /// Values whose last use this is.
    last_uses: Vec<Slot>,
}

enum StepKind {
    /// An operation of the dispatcher, its arguments in schema order.
    Op(Op, Vec<Arg>),
    /// `sym_size`, `sym_numel`, `sym_stride`: no operation in eager PyTorch.
    Shape(ShapeOf, Slot, Option<Arg>),
    /// Python arithmetic.
    Scalar(Vec<Arg>),
}

#[derive(Clone, Copy)]
enum ShapeOf {
    Size,
    Stride,
    Numel,
}

#[derive(Debug, PartialEq, Eq)]
struct Module {
    /// Tells calls of one module apart.
    key: String,
    path: String,
    class: String,
}

/// An argument before its values are known.
enum Arg {
    Default,
    None,
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(CString),
    Device,
    /// A tensor or a symbolic number.
    Slot(Slot),
    Ints(Vec<Arg>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    Tensors(Vec<Slot>),
    OptionalTensors(Vec<Option<Slot>>),
}

impl Interpreter {
    pub(super) fn load(path: &Path, device: Device) -> Result<Interpreter, Failed> {
        let mut archive = Archive::open(path).map_err(unreadable)?;
        let model: Model = read_json(&mut archive, PROGRAM)?;
        let major = model.schema_version.major;
        if major != format::SCHEMA_MAJOR {
            let expected = format!("schema version {}", format::SCHEMA_MAJOR);
            return Err(unreadable(archive.wrong(PROGRAM, expected, major.to_string())));
        }
        let classes_entry = format!("extra/{CLASSES}");
        let classes = match archive.has(&classes_entry) {
            true => parse_classes(path, &archive.read(&classes_entry).map_err(unreadable)?)?,
            false => BTreeMap::new(),
        };
        let mut compiler = Compiler { path, names: HashMap::new(), classes: &classes, modules: HashMap::new() };
        let (input, constants, variables) = compiler.signature(&model, &mut archive, device)?;
        let steps =
            model.graph_module.graph.nodes.iter().filter_map(|n| compiler.step(n).transpose()).collect::<Result<_, _>>()?;
        let output = compiler.output(&model)?;
        let size = model.graph_module.graph.tensor_values.get(&input_name(&model)).and_then(bound_size);
        let slots = compiler.names.len();
        let mut interpreter = Interpreter {
            path: path.to_path_buf(),
            steps,
            constants,
            variables,
            input: compiler.slot(&input_name(&model)),
            output,
            slots,
            size,
            classes,
            device: CString::new(device_name(device)).unwrap_or_default(),
        };
        debug_assert_eq!(interpreter.input, input);
        interpreter.mark_last_uses();
        Ok(interpreter)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The only size (height, width) that the archive serves, if it is bound to one.
    pub(super) fn size(&self) -> Option<[i64; 2]> {
        self.size
    }

    pub(super) fn classes(&self) -> &BTreeMap<String, String> {
        &self.classes
    }

    pub(super) fn variables(&self) -> Vec<Variable> {
        let copy = |(name, kind, tensor): &(String, VariableKind, Tensor)| Variable {
            name: name.clone(),
            kind: *kind,
            tensor: tensor.shallow_clone(),
        };
        self.variables.iter().map(copy).collect()
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor, Failed> {
        let mut values: Vec<Option<Value>> = Vec::new();
        values.resize_with(self.slots, || None);
        for (slot, tensor) in &self.constants {
            values[*slot] = Some(Value::Tensor(tensor.shallow_clone()));
        }
        values[self.input] = Some(Value::Tensor(x.shallow_clone()));
        let mut scopes = Scopes::default();
        for step in &self.steps {
            scopes.move_to(&step.modules);
            let results = self.run(step, &values).map_err(|f| Failed {
                message: format!("{}: {}", step.target, f.message),
                ..f
            })?;
            if results.len() < step.outputs.len() {
                let found = format!("{} results, expected {}", results.len(), step.outputs.len());
                return Err(failed(FailureKind::Run, format!("{}: {found}", step.target)));
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
        match values[self.output].take() {
            Some(Value::Tensor(output)) => Ok(output),
            _ => Err(failed(FailureKind::Output, "the program's output is not a tensor")),
        }
    }

    fn run(&self, step: &Step, values: &[Option<Value>]) -> Result<Vec<Value>, Failed> {
        match &step.kind {
            StepKind::Op(op, args) => {
                let args = args.iter().map(|a| self.argument(a, values)).collect::<Result<Vec<_>, _>>()?;
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
                let value = value.ok_or_else(|| failed(FailureKind::Run, format!("no dimension {dim} in {list:?}")))?;
                Ok(vec![Value::Int(*value)])
            }
            StepKind::Scalar(args) => {
                let args = args.iter().map(|a| scalar_of(a, values)).collect::<Result<Vec<_>, _>>()?;
                let result = scalar::evaluate(&step.target, &args).ok_or_else(|| {
                    failed(FailureKind::Unsupported, format!("Python's arithmetic is not known for {args:?}"))
                })?;
                Ok(vec![result.value()])
            }
        }
    }

    fn argument(&self, arg: &Arg, values: &[Option<Value>]) -> Result<Value, Failed> {
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
            Arg::Ints(list) => Value::Ints(list.iter().map(|a| integer(a, values)).collect::<Result<_, _>>()?),
            Arg::Floats(list) => Value::Floats(list.clone()),
            Arg::Bools(list) => Value::Bools(list.iter().map(|b| i64::from(*b)).collect()),
            Arg::Tensors(list) => Value::Tensors(
                list.iter().map(|s| Ok(tensor_at(*s, values)?.shallow_clone())).collect::<Result<_, Failed>>()?,
            ),
            Arg::OptionalTensors(list) => Value::OptionalTensors(
                list.iter()
                    .map(|s| s.map(|s| Ok(tensor_at(s, values)?.shallow_clone())).transpose())
                    .collect::<Result<_, Failed>>()?,
            ),
        })
    }

    fn mark_last_uses(&mut self) {
        let kept: Vec<Slot> = std::iter::once(self.output).chain(self.constants.iter().map(|(s, _)| *s)).collect();
        let mut seen: std::collections::HashSet<Slot> = kept.into_iter().collect();
        for step in self.steps.iter_mut().rev() {
            let mut used: Vec<Slot> = step.outputs.iter().flatten().copied().collect();
            match &step.kind {
                StepKind::Op(_, args) | StepKind::Scalar(args) => args.iter().for_each(|a| slots_of(a, &mut used)),
                StepKind::Shape(_, tensor, dim) => {
                    used.push(*tensor);
                    dim.iter().for_each(|a| slots_of(a, &mut used));
                }
            }
            step.last_uses = used.into_iter().filter(|slot| seen.insert(*slot)).collect();
        }
    }
}

fn slots_of(arg: &Arg, into: &mut Vec<Slot>) {
    match arg {
        Arg::Slot(slot) => into.push(*slot),
        Arg::Ints(list) => list.iter().for_each(|a| slots_of(a, into)),
        Arg::Tensors(list) => into.extend(list),
        Arg::OptionalTensors(list) => into.extend(list.iter().flatten()),
        _ => {}
    }
}

fn missing() -> Failed {
    failed(FailureKind::Run, "a value is used before it is made")
}

fn tensor_at(slot: Slot, values: &[Option<Value>]) -> Result<&Tensor, Failed> {
    match &values[slot] {
        Some(Value::Tensor(t)) => Ok(t),
        _ => Err(missing()),
    }
}

fn integer(arg: &Arg, values: &[Option<Value>]) -> Result<i64, Failed> {
    match scalar_of(arg, values)? {
        Scalar::Int(i) => Ok(i),
        Scalar::Bool(b) => Ok(i64::from(b)),
        Scalar::Float(f) => Err(failed(FailureKind::Run, format!("expected an integer, found {f}"))),
    }
}

fn scalar_of(arg: &Arg, values: &[Option<Value>]) -> Result<Scalar, Failed> {
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

/// The modules that are running, entered and left as the nodes move through them.
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
        // Innermost first, also where a node failed.
        self.leave_all();
    }
}

struct Compiler<'a> {
    path: &'a Path,
    names: HashMap<String, Slot>,
    classes: &'a BTreeMap<String, String>,
    modules: HashMap<String, Rc<[Module]>>,
}

type Signature = (Slot, Vec<(Slot, Tensor)>, Vec<(String, VariableKind, Tensor)>);

impl Compiler<'_> {
    fn slot(&mut self, name: &str) -> Slot {
        let next = self.names.len();
        *self.names.entry(name.to_owned()).or_insert(next)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Failed {
        failed(FailureKind::Load, format!("{}: {what}", self.path.display()))
    }

    fn unsupported(&self, what: impl std::fmt::Display) -> Failed {
        failed(FailureKind::Unsupported, format!("{}: {what}", self.path.display()))
    }

    /// Inputs, parameters, buffers and constants. Tied parameters share one tensor and are listed once.
    fn signature(&mut self, model: &Model, archive: &mut Archive, device: Device) -> Result<Signature, Failed> {
        let mut weights: BTreeMap<String, (&str, Weight)> = BTreeMap::new();
        for (folder, table) in TABLES {
            if archive.has(table) {
                let table: Weights = read_json(archive, table)?;
                weights.extend(table.config.into_iter().map(|(name, weight)| (name, (folder, weight))));
            }
        }
        let mut inputs = Vec::new();
        let mut constants = Vec::new();
        let mut variables = Vec::new();
        let mut loaded: HashMap<String, Tensor> = HashMap::new();
        for spec in &model.graph_module.signature.input_specs {
            let Some((kind, body)) = spec.iter().next() else { continue };
            let value = body.pointer("/arg/name").or_else(|| body.pointer("/arg/as_tensor/name")).and_then(Json::as_str);
            let Some(value) = value else {
                return Err(self.unsupported(format!("an input that is not a tensor ({kind})")));
            };
            let (key, variable) = match kind.as_str() {
                "user_input" => {
                    inputs.push(self.slot(value));
                    continue;
                }
                "parameter" => ("parameter_name", VariableKind::Parameter),
                "buffer" => ("buffer_name", VariableKind::Buffer),
                "tensor_constant" => ("tensor_constant_name", VariableKind::Constant),
                other => return Err(self.unsupported(format!("an input of the kind `{other}`"))),
            };
            let name = body.get(key).and_then(Json::as_str).unwrap_or_default();
            let (folder, weight) =
                weights.get(name).ok_or_else(|| self.wrong(format!("`{name}` is not among the stored weights")))?;
            let identity = format!("{folder}{} {:?}", weight.path_name, weight.tensor_meta);
            let tensor = match loaded.get(&identity) {
                Some(tensor) => tensor.shallow_clone(),
                None => {
                    let tensor = self.tensor(name, folder, weight, archive)?.to_device(device);
                    loaded.insert(identity, tensor.shallow_clone());
                    variables.push((name.to_owned(), variable, tensor.shallow_clone()));
                    tensor
                }
            };
            constants.push((self.slot(value), tensor));
        }
        // Weights that the graph does not read count all the same: they are part of what was handed in.
        for (name, (folder, weight)) in &weights {
            let identity = format!("{folder}{} {:?}", weight.path_name, weight.tensor_meta);
            if *folder == TABLES[0].0 && !loaded.contains_key(&identity) {
                let tensor = self.tensor(name, folder, weight, archive)?.to_device(device);
                loaded.insert(identity, tensor.shallow_clone());
                variables.push((name.clone(), VariableKind::Parameter, tensor));
            }
        }
        match inputs[..] {
            [input] => Ok((input, constants, variables)),
            _ => Err(self.wrong(format!("expected one input, the LR image, found {}", inputs.len()))),
        }
    }

    fn tensor(&self, name: &str, folder: &str, weight: &Weight, archive: &mut Archive) -> Result<Tensor, Failed> {
        if weight.use_pickle {
            return Err(self.unsupported(format!("`{name}` is a pickled object, not plain bytes")));
        }
        let ints = |list: &[Json]| list.iter().map(fixed).collect::<Option<Vec<i64>>>();
        let meta = &weight.tensor_meta;
        let (Some(sizes), Some(strides), Some(offset), Some(dtype)) =
            (ints(&meta.sizes), ints(&meta.strides), fixed(&meta.storage_offset), format::scalar_type(meta.dtype))
        else {
            return Err(self.wrong(format!("`{name}` has no fixed layout")));
        };
        let bytes = archive.read(&format!("{folder}{}", weight.path_name)).map_err(unreadable)?;
        tensor_from_storage(&bytes, &sizes, &strides, offset, dtype).map_err(|e| self.wrong(format!("`{name}`: {e}")))
    }

    /// A node, or nothing for one that only checks.
    fn step(&mut self, node: &Node) -> Result<Option<Step>, Failed> {
        let target = node.target.as_str();
        let kind = if let Some(op) = target.strip_prefix("torch.ops.") {
            let mut parts = op.splitn(3, '.');
            let (space, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let overload = parts.next().unwrap_or_default();
            match (space, name) {
                ("higher_order", _) => {
                    return Err(self.unsupported(format!("the higher-order operation {name} is not supported")));
                }
                ("aten", n) if n.starts_with("_assert") || n.starts_with("sym_constrain") => return Ok(None),
                ("aten", "sym_size") => self.shape(ShapeOf::Size, node)?,
                ("aten", "sym_stride") => self.shape(ShapeOf::Stride, node)?,
                ("aten", "sym_numel") => self.shape(ShapeOf::Numel, node)?,
                ("aten" | "prims", _) => {
                    let overload = if overload == "default" { "" } else { overload };
                    let op = Op::find(&format!("{space}::{name}"), overload)?;
                    let args = self.arguments(&op, node)?;
                    StepKind::Op(op, args)
                }
                _ => return Err(self.unsupported(format!("the custom operation {space}::{name} is not supported"))),
            }
        } else {
            StepKind::Scalar(node.inputs.iter().map(|i| self.argument(target, i)).collect::<Result<_, _>>()?)
        };
        let modules = self.modules(node.metadata.get("nn_module_stack").map(String::as_str).unwrap_or_default());
        let outputs = self.outputs(node)?;
        Ok(Some(Step { target: target.to_owned(), kind, outputs, modules, last_uses: Vec::new() }))
    }

    fn shape(&mut self, what: ShapeOf, node: &Node) -> Result<StepKind, Failed> {
        let mut args = node.inputs.iter().map(|i| self.argument(&node.target, i));
        let tensor = args.next().transpose()?;
        let dim = args.next().transpose()?;
        drop(args);
        match tensor {
            Some(Arg::Slot(slot)) => Ok(StepKind::Shape(what, slot, dim)),
            _ => Err(self.wrong(format!("{}: its first argument is no tensor", node.target))),
        }
    }

    fn arguments(&mut self, op: &Op, node: &Node) -> Result<Vec<Arg>, Failed> {
        let mut args: Vec<Arg> = op.arguments.iter().map(|_| Arg::Default).collect();
        for input in &node.inputs {
            let Some(at) = op.arguments.iter().position(|name| *name == input.name) else {
                return Err(self.wrong(format!("{} takes no argument `{}`", node.target, input.name)));
            };
            args[at] = self.argument(&node.target, input)?;
        }
        Ok(args)
    }

    fn argument(&mut self, target: &str, input: &Input) -> Result<Arg, Failed> {
        let wrong = |this: &Self| this.wrong(format!("{target}: argument `{}`: {}", input.name, input.arg));
        let Some((kind, value)) = union(&input.arg) else { return Err(wrong(self)) };
        self.value(kind, value).ok_or_else(|| wrong(self))
    }

    fn value(&mut self, kind: &str, value: &Json) -> Option<Arg> {
        Some(match kind {
            "as_none" => Arg::None,
            "as_tensor" => Arg::Slot(self.slot(value["name"].as_str()?)),
            "as_int" => Arg::Int(value.as_i64()?),
            "as_float" => Arg::Float(float(value)?),
            "as_bool" => Arg::Bool(value.as_bool()?),
            "as_string" => Arg::Str(CString::new(value.as_str()?).ok()?),
            "as_sym_int" | "as_sym_bool" | "as_sym_float" => self.symbolic(value)?,
            "as_ints" => Arg::Ints(value.as_array()?.iter().map(|v| v.as_i64().map(Arg::Int)).collect::<Option<_>>()?),
            "as_sym_ints" => {
                Arg::Ints(value.as_array()?.iter().map(|v| self.symbolic(v)).collect::<Option<_>>()?)
            }
            "as_floats" => Arg::Floats(value.as_array()?.iter().map(float).collect::<Option<_>>()?),
            "as_bools" => Arg::Bools(value.as_array()?.iter().map(Json::as_bool).collect::<Option<_>>()?),
            "as_tensors" => Arg::Tensors(
                value.as_array()?.iter().map(|v| Some(self.slot(v["name"].as_str()?))).collect::<Option<_>>()?,
            ),
            "as_optional_tensors" => Arg::OptionalTensors(
                value
                    .as_array()?
                    .iter()
                    .map(|v| match v.get("as_tensor") {
                        Some(t) => Some(Some(self.slot(t["name"].as_str()?))),
                        None => v.get("as_none").map(|_| None),
                    })
                    .collect::<Option<_>>()?,
            ),
            "as_scalar_type" => Arg::Int(format::scalar_type(value.as_i64()?)?),
            "as_memory_format" => Arg::Int(format::memory_format(value.as_i64()?)?),
            // Strided is the only layout of these networks.
            "as_layout" if value.as_i64() == Some(7) => Arg::Int(0),
            "as_device" => Arg::Device,
            _ => return None,
        })
    }

    fn symbolic(&mut self, value: &Json) -> Option<Arg> {
        match union(value)? {
            ("as_name", name) => Some(Arg::Slot(self.slot(name.as_str()?))),
            ("as_int", i) => i.as_i64().map(Arg::Int),
            ("as_float", f) => float(f).map(Arg::Float),
            ("as_bool", b) => b.as_bool().map(Arg::Bool),
            _ => None,
        }
    }

    fn outputs(&mut self, node: &Node) -> Result<Vec<Option<Slot>>, Failed> {
        let mut slots = Vec::new();
        for output in &node.outputs {
            let named = |v: &Json| v.get("name").or_else(|| v.get("as_name")).and_then(Json::as_str).map(str::to_owned);
            match union(output) {
                Some(("as_tensors", list)) => {
                    for tensor in list.as_array().into_iter().flatten() {
                        slots.push(named(tensor).map(|n| self.slot(&n)));
                    }
                }
                Some(("as_none", _)) => slots.push(None),
                Some((_, value)) => match named(value) {
                    Some(name) => slots.push(Some(self.slot(&name))),
                    None => return Err(self.wrong(format!("{}: output {output}", node.target))),
                },
                None => return Err(self.wrong(format!("{}: output {output}", node.target))),
            }
        }
        Ok(slots)
    }

    fn output(&mut self, model: &Model) -> Result<Slot, Failed> {
        let users = model.graph_module.signature.output_specs.iter().filter(|s| s.contains_key("user_output")).count();
        let total = model.graph_module.graph.outputs.len();
        if users != 1 || total != 1 {
            return Err(self.wrong(format!("expected one output, the SR image, found {total}")));
        }
        match union(&model.graph_module.graph.outputs[0]) {
            Some(("as_tensor", tensor)) if tensor["name"].is_string() => {
                Ok(self.slot(tensor["name"].as_str().unwrap_or_default()))
            }
            _ => Err(self.wrong("its output is not one tensor")),
        }
    }

    /// `key,path,class;...`: entries of the export machinery itself have no path of the network.
    fn modules(&mut self, stack: &str) -> Rc<[Module]> {
        if let Some(known) = self.modules.get(stack) {
            return Rc::clone(known);
        }
        let classes = self.classes;
        let modules: Rc<[Module]> = stack
            .split(';')
            .filter_map(|entry| {
                let mut parts = entry.splitn(3, ',');
                let (key, path, class) = (parts.next()?, parts.next()?, parts.next()?);
                key.starts_with("L__self__").then(|| Module {
                    key: key.to_owned(),
                    path: path.to_owned(),
                    class: hook_class(classes, class),
                })
            })
            .collect();
        self.modules.insert(stack.to_owned(), Rc::clone(&modules));
        modules
    }
}

fn read_json<T: serde::de::DeserializeOwned>(archive: &mut Archive, name: &str) -> Result<T, Failed> {
    let bytes = archive.read(name).map_err(unreadable)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(archive.wrong(name, "JSON as torch.export writes it", error.to_string())))
}

/// JSON has no infinities: the archive writes them as text.
fn float(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| match value.as_str()? {
        "Infinity" | "inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        "NaN" | "nan" => Some(f64::NAN),
        _ => None,
    })
}

fn input_name(model: &Model) -> String {
    let user = model.graph_module.signature.input_specs.iter().find_map(|s| s.get("user_input"));
    user.and_then(|u| u.pointer("/arg/as_tensor/name")).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn bound_size(meta: &TensorMeta) -> Option<[i64; 2]> {
    match &meta.sizes[..] {
        [_, _, height, width] => Some([fixed(height)?, fixed(width)?]),
        _ => None,
    }
}

/// As PyTorch writes it.
pub(super) fn device_name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_owned(),
    }
}
