//! Compiles an archive's graph into steps: finds the operations, puts arguments into schema order, and gives each value a
//! slot.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::CString;
use std::rc::Rc;

use serde_json::Value as Json;

use super::allowed;
use super::classes::hook_class;
use super::dispatch::AtenOp;
use super::format::{self, GraphModule, Input, Node, union};
use crate::failure;
use crate::failure::Result;

/// A value's index while a program runs.
pub(super) type Slot = usize;

/// A graph that is ready to run.
pub(super) struct Compiled {
    pub(super) steps: Vec<Step>,
    pub(super) input: Slot,
    pub(super) output: Slot,
    /// The number of slots.
    pub(super) slots: usize,
}

pub(super) struct Step {
    /// The node's target, for messages.
    pub(super) target: String,
    pub(super) kind: StepKind,
    pub(super) outputs: Vec<Option<Slot>>,
    /// The enclosing modules, outermost first.
    pub(super) modules: Rc<[Module]>,
    /// Values that no later step uses.
    pub(super) last_uses: Vec<Slot>,
}

pub(super) enum StepKind {
    /// An operation of the dispatcher, its arguments in schema order.
    Op(AtenOp, Vec<Arg>),
    /// `sym_size`, `sym_numel` and `sym_stride`, which are no operations in eager PyTorch.
    Shape(ShapeOf, Slot, Option<Arg>),
    /// Python arithmetic.
    Scalar(Vec<Arg>),
}

#[derive(Clone, Copy)]
pub(super) enum ShapeOf {
    Size,
    Stride,
    Numel,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// Distinguishes the calls of one module.
    pub(super) key: String,
    pub(super) path: String,
    pub(super) class: String,
}

/// An argument whose values are not known yet.
pub(super) enum Arg {
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

/// Compiles a graph whose inputs are `input` and the tensors named `constants`. Returns the slots of the constants as well.
pub(super) fn compile(
    module: &GraphModule,
    input: &str,
    constants: &[&str],
    classes: &BTreeMap<String, String>,
) -> Result<(Compiled, Vec<Slot>)> {
    let mut compiler = Compiler { names: HashMap::new(), classes, modules: HashMap::new() };
    let input = compiler.slot(input);
    let constants: Vec<Slot> = constants.iter().map(|name| compiler.slot(name)).collect();
    let mut steps: Vec<Step> =
        module.graph.nodes.iter().filter_map(|n| compiler.step(n).transpose()).collect::<Result<_>>()?;
    let output = compiler.output(module)?;
    mark_last_uses(&mut steps, constants.iter().copied().chain([output]).collect());
    Ok((Compiled { steps, input, output, slots: compiler.names.len() }, constants))
}

/// Walks backwards, so that the first step that uses a slot is its last use. The slots `kept` are never dropped.
fn mark_last_uses(steps: &mut [Step], kept: HashSet<Slot>) {
    let mut seen = kept;
    for step in steps.iter_mut().rev() {
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

fn slots_of(arg: &Arg, into: &mut Vec<Slot>) {
    match arg {
        Arg::Slot(slot) => into.push(*slot),
        Arg::Ints(list) => list.iter().for_each(|a| slots_of(a, into)),
        Arg::Tensors(list) => into.extend(list),
        Arg::OptionalTensors(list) => into.extend(list.iter().flatten()),
        _ => {}
    }
}

struct Compiler<'a> {
    names: HashMap<String, Slot>,
    classes: &'a BTreeMap<String, String>,
    modules: HashMap<String, Rc<[Module]>>,
}

impl Compiler<'_> {
    fn slot(&mut self, name: &str) -> Slot {
        let next = self.names.len();
        *self.names.entry(name.to_owned()).or_insert(next)
    }

    /// Compiles a node. A node that only checks its arguments becomes no step.
    fn step(&mut self, node: &Node) -> Result<Option<Step>> {
        let target = node.target.as_str();
        let kind = if let Some(op) = target.strip_prefix("torch.ops.") {
            let mut parts = op.splitn(3, '.');
            let (space, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let overload = parts.next().unwrap_or_default();
            match (space, name) {
                ("higher_order", _) => {
                    return Err(failure::unsupported(format!("the higher-order operation {name} is not supported")));
                }
                ("aten", n) if n.starts_with("_assert") || n.starts_with("sym_constrain") => return Ok(None),
                ("aten", "sym_size") => self.shape(ShapeOf::Size, node)?,
                ("aten", "sym_stride") => self.shape(ShapeOf::Stride, node)?,
                ("aten", "sym_numel") => self.shape(ShapeOf::Numel, node)?,
                ("aten" | "prims", _) => {
                    let overload = if overload == "default" { "" } else { overload };
                    allowed::tensor_operation(&format!("{space}::{name}"))?;
                    let op = AtenOp::find(&format!("{space}::{name}"), overload)?;
                    let args = self.arguments(&op, node)?;
                    StepKind::Op(op, args)
                }
                _ => {
                    return Err(failure::unsupported(format!("the custom operation {space}::{name} is not supported")));
                }
            }
        } else {
            StepKind::Scalar(node.inputs.iter().map(|i| self.argument(target, i)).collect::<Result<_>>()?)
        };
        let modules = self.modules(node.metadata.get("nn_module_stack").map(String::as_str).unwrap_or_default());
        let outputs = self.outputs(node)?;
        Ok(Some(Step { target: target.to_owned(), kind, outputs, modules, last_uses: Vec::new() }))
    }

    fn shape(&mut self, what: ShapeOf, node: &Node) -> Result<StepKind> {
        let mut args = node.inputs.iter().map(|i| self.argument(&node.target, i));
        let tensor = args.next().transpose()?;
        let dim = args.next().transpose()?;
        drop(args);
        match tensor {
            Some(Arg::Slot(slot)) => Ok(StepKind::Shape(what, slot, dim)),
            _ => Err(failure::load(format!("{}: expected a tensor as its first argument", node.target))),
        }
    }

    fn arguments(&mut self, op: &AtenOp, node: &Node) -> Result<Vec<Arg>> {
        let mut args: Vec<Arg> = op.arguments.iter().map(|_| Arg::Default).collect();
        for input in &node.inputs {
            let Some(at) = op.arguments.iter().position(|name| *name == input.name) else {
                return Err(failure::load(format!("{} takes no argument `{}`", node.target, input.name)));
            };
            args[at] = self.argument(&node.target, input)?;
        }
        Ok(args)
    }

    fn argument(&mut self, target: &str, input: &Input) -> Result<Arg> {
        let wrong = || failure::load(format!("{target}: argument `{}`: {}", input.name, input.arg));
        let Some((kind, value)) = union(&input.arg) else { return Err(wrong()) };
        self.value(kind, value).ok_or_else(wrong)
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
            "as_sym_ints" => Arg::Ints(value.as_array()?.iter().map(|v| self.symbolic(v)).collect::<Option<_>>()?),
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
            // The strided layout is the only one that is supported.
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

    fn outputs(&mut self, node: &Node) -> Result<Vec<Option<Slot>>> {
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
                    None => return Err(failure::load(format!("{}: output {output}", node.target))),
                },
                None => return Err(failure::load(format!("{}: output {output}", node.target))),
            }
        }
        Ok(slots)
    }

    fn output(&mut self, module: &GraphModule) -> Result<Slot> {
        let users = module.signature.output_specs.iter().filter(|s| s.contains_key("user_output")).count();
        let total = module.graph.outputs.len();
        if users != 1 || total != 1 {
            return Err(failure::load(format!("expected one output, the SR image, found {total}")));
        }
        match union(&module.graph.outputs[0]) {
            Some(("as_tensor", tensor)) if tensor["name"].is_string() => {
                Ok(self.slot(tensor["name"].as_str().unwrap_or_default()))
            }
            _ => Err(failure::load("expected one tensor as the output")),
        }
    }

    /// Reads `key,path,class;...`. Entries of the exporter's own modules have no path in the network and are ignored.
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

/// The archive writes infinities and NaN as text, since JSON has none.
fn float(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| match value.as_str()? {
        "Infinity" | "inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        "NaN" | "nan" => Some(f64::NAN),
        _ => None,
    })
}
