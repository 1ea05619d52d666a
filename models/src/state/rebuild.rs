//! The calls that a state dict's pickle may ask for, by name. Each is answered by building data here.

use super::error::Fault;
use super::heap::{Heap, Storage, StorageView, Value};

/// Answers a call to `callee` with `args` (a tuple).
pub(super) fn call(heap: &mut Heap, callee: &Value, args: &Value) -> Result<Value, Fault> {
    let Value::Global(module, name) = callee else {
        return Err(Fault::bad("", "a class or function to call", callee.kind()));
    };
    if !matches!(args, Value::Seq(_)) {
        return Err(Fault::bad("", "a tuple of arguments", args.kind()));
    }
    let args = heap.copy_items(args)?;
    match (&**module, &**name) {
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => tensor(heap, &args),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => match args.first() {
            Some(Value::Tensor(id)) => Ok(Value::Tensor(*id)),
            other => Err(Fault::bad("", "a tensor for a parameter", other.map_or("nothing", Value::kind))),
        },
        // A tensor with attributes: (the function that rebuilds it, its class, that function's arguments, attributes).
        ("torch._tensor", "_rebuild_from_type_v2") => match args.as_slice() {
            [Value::Global(m, n), _, inner, ..] if !n.starts_with("_rebuild_from_type") => {
                call(heap, &Value::Global(m.clone(), n.clone()), inner)
            }
            _ => Err(Fault::bad("", "a function that rebuilds a tensor", "something else")),
        },
        ("collections", "OrderedDict" | "Counter") | ("builtins" | "__builtin__", "dict") => {
            // Python 2 passed a list of pairs.
            let pairs = args.first().map_or(Ok(Vec::new()), |v| heap.copy_items(v))?;
            let pairs = pairs.iter().filter_map(|pair| match heap.items(pair) {
                [key, value] => Some((key.clone(), value.clone())),
                _ => None,
            });
            let pairs = pairs.collect();
            Ok(heap.dict(pairs))
        }
        ("collections", "defaultdict") => Ok(heap.dict(Vec::new())),
        ("torch", "Size") | ("builtins" | "__builtin__", "set" | "frozenset" | "list" | "tuple") => {
            let items = args.first().map_or(Ok(Vec::new()), |v| heap.copy_items(v))?;
            Ok(heap.seq(items))
        }
        (m, n) if is_inert(m, n) => Ok(Value::Opaque),
        (m, n) => Err(Fault::Call(format!("{m}.{n}"))),
    }
}

/// Plain data of Python and numpy that training scripts store beside the tensors.
fn is_inert(module: &str, name: &str) -> bool {
    match module {
        "torch" => matches!(name, "device" | "dtype"),
        "torch.serialization" => name == "_get_layout",
        "_codecs" => name == "encode",
        "builtins" | "__builtin__" => matches!(name, "complex" | "bytearray" | "slice" | "range" | "object"),
        "collections" => name == "deque",
        "datetime" => matches!(name, "datetime" | "date" | "time" | "timedelta" | "timezone"),
        "pathlib" | "pathlib._local" => {
            matches!(name, "Path" | "PosixPath" | "WindowsPath" | "PurePath" | "PurePosixPath" | "PureWindowsPath")
        }
        "argparse" => name == "Namespace",
        "types" => name == "SimpleNamespace",
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "numpy.core.multiarray" | "numpy._core.multiarray" => matches!(name, "scalar" | "_reconstruct"),
        _ => false,
    }
}

/// (storage, offset, size, stride, ...)
fn tensor(heap: &mut Heap, args: &[Value]) -> Result<Value, Fault> {
    let [Value::Storage(storage), Value::Int(offset), size, stride, ..] = args else {
        return Err(Fault::bad("", "a storage, an offset, a size and a stride", "other arguments of a tensor"));
    };
    let ints = |what: &str, value: &Value| -> Result<Vec<i128>, Fault> {
        let int = |v: &Value| match v {
            Value::Int(i) => Ok(*i),
            other => Err(Fault::bad("", format!("integers for a tensor's {what}"), other.kind())),
        };
        match value {
            Value::Seq(_) => heap.items(value).iter().map(int).collect(),
            other => Err(Fault::bad("", format!("a tuple for a tensor's {what}"), other.kind())),
        }
    };
    let view =
        StorageView { storage: *storage, offset: *offset, size: ints("size", size)?, stride: ints("stride", stride)? };
    heap.tensors.push(view);
    Ok(Value::Tensor(heap.tensors.len() - 1))
}

/// Answers a persistent id: ("storage", class, key, location, elements[, view]). The location (`cuda:0`) does not
/// matter: everything is read to memory.
pub(super) fn storage(heap: &mut Heap, id: &Value) -> Result<Value, Fault> {
    let fault = |found: &str| Fault::bad("", "a storage's class, key, location and length", found);
    let (class, key, len, view) = match heap.items(id) {
        [Value::Str(tag), Value::Global(_, class), Value::Str(key), _, Value::Int(len), rest @ ..]
            if &**tag == "storage" =>
        {
            (
                class.clone(),
                key.clone(),
                usize::try_from(*len).map_err(|_| fault("an impossible length"))?,
                rest.first(),
            )
        }
        _ => return Err(fault("another persistent id")),
    };
    // Before 1.6 a part of a storage was named with its key, start and length.
    let window = match view {
        None | Some(Value::None) => None,
        Some(part) => match heap.items(part) {
            [_, Value::Int(start), Value::Int(count)] => {
                let part = usize::try_from(*start).ok().zip(usize::try_from(*count).ok());
                let inside = part.filter(|(s, n)| s.checked_add(*n).is_some_and(|end| end <= len));
                Some(inside.ok_or_else(|| fault(&format!("a part from {start} of {count} elements in {len}")))?)
            }
            _ => return Err(fault("a malformed part of a storage")),
        },
    };
    heap.storages.push(Storage { kind: kind(&class)?, key, len, window });
    Ok(Value::Storage(heap.storages.len() - 1))
}

fn kind(class: &str) -> Result<tch::Kind, Fault> {
    use tch::Kind;
    Ok(match class {
        "FloatStorage" => Kind::Float,
        "DoubleStorage" => Kind::Double,
        "HalfStorage" => Kind::Half,
        "BFloat16Storage" => Kind::BFloat16,
        "LongStorage" => Kind::Int64,
        "IntStorage" => Kind::Int,
        "ShortStorage" => Kind::Int16,
        "CharStorage" => Kind::Int8,
        "ByteStorage" => Kind::Uint8,
        "BoolStorage" => Kind::Bool,
        other => return Err(Fault::bad("", "a storage of floats, integers or bools", format!("`{other}`"))),
    })
}
