//! Which operations a program may call: those that networks need, by list. Everything else is refused when the program is
//! loaded, before any of it runs.
//!
//! Operations on tensors are those of the table of operations, which names what each of them costs. Files, processes, other
//! threads, attributes and the state of random numbers are not on any list.

use esr_bench::graph::table;

use crate::failure;
use crate::failure::Result;

/// Operations of the table that no trained network needs: random numbers tell a program how often it ran, and `set` gives a
/// tensor the memory of another one without a trace.
const NEVER: [&str; 7] =
    ["aten::rand", "aten::rand_like", "aten::randn", "aten::randn_like", "aten::uniform", "aten::normal", "aten::set"];

/// What TorchScript's own language is made of: control flow, numbers, tuples, lists, and questions about a tensor.
const LANGUAGE: [&str; 42] = [
    "prim::CallFunction",
    "prim::CallMethod",
    "prim::Constant",
    "prim::ConstantChunk",
    "prim::DictConstruct",
    "prim::GetAttr",
    "prim::If",
    "prim::ListConstruct",
    "prim::ListUnpack",
    "prim::Loop",
    "prim::NumToTensor",
    "prim::RaiseException",
    "prim::TupleConstruct",
    "prim::TupleIndex",
    "prim::TupleSlice",
    "prim::TupleUnpack",
    "prim::Uninitialized",
    "prim::abs",
    "prim::device",
    "prim::dtype",
    "prim::is_cpu",
    "prim::is_cuda",
    "prim::is_meta",
    "prim::is_mkldnn",
    "prim::is_quantized",
    "prim::is_sparse",
    "prim::isinstance",
    "prim::itemsize",
    "prim::layout",
    "prim::max",
    "prim::min",
    "prim::ndim",
    "prim::rangelist",
    "prim::requires_grad",
    "prim::shape",
    "prim::tolist",
    "prim::type",
    "prim::unchecked_cast",
    "prim::unchecked_unwrap_optional",
    "prim::unchecked_unwrap_shared",
    "prim::AutogradAllNonZero",
    "prim::AutogradAnyNonZero",
];

/// Operations of `aten` on numbers, strings, lists and dictionaries.
const VALUES: [&str; 67] = [
    "aten::__contains__",
    "aten::__derive_index",
    "aten::__getitem__",
    "aten::__is__",
    "aten::__isnot__",
    "aten::__not__",
    "aten::__or__",
    "aten::__and__",
    "aten::__xor__",
    "aten::__lshift__",
    "aten::__rshift__",
    "aten::__range_length",
    "aten::_set_item",
    "aten::_unwrap_optional",
    "aten::abs",
    "aten::add",
    "aten::append",
    "aten::bin",
    "aten::ceil",
    "aten::clear",
    "aten::copy",
    "aten::cos",
    "aten::count",
    "aten::device",
    "aten::dict",
    "aten::div",
    "aten::divmod",
    "aten::element_size",
    "aten::eq",
    "aten::exp",
    "aten::extend",
    "aten::floor",
    "aten::floordiv",
    "aten::fmod",
    "aten::format",
    "aten::gcd",
    "aten::ge",
    "aten::get",
    "aten::get_device",
    "aten::gt",
    "aten::insert",
    "aten::is_contiguous",
    "aten::is_grad_enabled",
    "aten::is_scripting",
    "aten::isfinite",
    "aten::isinf",
    "aten::isnan",
    "aten::items",
    "aten::keys",
    "aten::le",
    "aten::list",
    "aten::lt",
    "aten::mathremainder",
    "aten::mul",
    "aten::ne",
    "aten::neg",
    "aten::percentFormat",
    "aten::pop",
    "aten::pow",
    "aten::remainder",
    "aten::reverse",
    "aten::sort",
    "aten::sorted",
    "aten::str",
    "aten::sub",
    "aten::values",
    "aten::warn",
];

/// Refuses an operation on tensors that is not in the table of operations. `name` is without its overload.
pub(super) fn tensor_operation(name: &str) -> Result<()> {
    if is_tensor_operation(name) { Ok(()) } else { Err(refusal(&[name])) }
}

/// Refuses TorchScript with any other node than those of the lists. `kinds` are the kinds of all nodes of all functions.
pub(super) fn script<'a>(kinds: impl Iterator<Item = &'a str>) -> Result<()> {
    let allowed = |kind: &str| LANGUAGE.contains(&kind) || VALUES.contains(&kind) || is_tensor_operation(kind);
    let foreign: Vec<&str> = kinds.filter(|kind| !allowed(kind)).collect();
    if foreign.is_empty() { Ok(()) } else { Err(refusal(&foreign)) }
}

fn is_tensor_operation(name: &str) -> bool {
    let base = name.strip_suffix('_').filter(|base| !base.ends_with('_')).unwrap_or(name);
    table::find(name).is_some() && !NEVER.contains(&base)
}

fn refusal(names: &[&str]) -> esr_bench::protocol::Failed {
    let reasons: Vec<String> = names
        .iter()
        .map(|name| match reason(name) {
            Some(reason) => format!("{name} ({reason})"),
            None => (*name).to_owned(),
        })
        .collect();
    failure::unsupported(format!(
        "the program calls {}, expected operations that networks need: those of the table of operations; export the network \
         without them",
        reasons.join(", ")
    ))
}

fn reason(name: &str) -> Option<&'static str> {
    let base = name.strip_suffix('_').unwrap_or(name);
    Some(match name {
        "prim::SetAttr" => "it keeps a value from one forward to the next",
        "prim::fork" | "aten::wait" | "prim::awaitable" | "prim::rpc_async" => {
            "it moves work to another thread or process"
        }
        "aten::from_file" | "aten::save" | "aten::load" => "it reads or writes a file",
        "prim::Print" => "it prints",
        "prim::data" | "aten::data" => "it hides writes to a tensor",
        _ if base == "aten::set" => "it hides writes to a tensor",
        _ if NEVER.contains(&base) => "random numbers",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_networks_need_is_allowed() {
        for name in
            ["aten::conv2d", "aten::relu_", "aten::pixel_shuffle", "aten::layer_norm", "aten::dropout", "aten::pad"]
        {
            assert_eq!(tensor_operation(name), Ok(()), "{name}");
        }
        let network =
            ["prim::Constant", "prim::GetAttr", "prim::If", "aten::__getitem__", "aten::_convolution", "aten::len"];
        assert_eq!(script(network.into_iter()), Ok(()));
    }

    #[test]
    fn files_random_numbers_threads_attributes_and_the_unknown_are_refused_by_name() {
        for name in
            ["aten::from_file", "aten::set_", "aten::rand_like", "aten::manual_seed", "aten::frobnicate", "c10d::send"]
        {
            let failed = tensor_operation(name).unwrap_err();
            assert!(failed.message.starts_with(&format!("the program calls {name}")), "{}", failed.message);
        }
        for kind in [
            "prim::SetAttr",
            "prim::fork",
            "aten::wait",
            "prim::PythonOp",
            "prim::Print",
            "team::sharpen",
            "aten::save",
        ] {
            let failed = script(["aten::conv2d", kind].into_iter()).unwrap_err();
            assert!(failed.message.starts_with(&format!("the program calls {kind}")), "{}", failed.message);
        }
    }
}
