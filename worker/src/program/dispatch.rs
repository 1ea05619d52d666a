//! ATen operations by name: the Rust side of `shim/program.h`.

use std::ffi::{CString, c_char, c_int, c_void};

use esr_models::state::Layout;
use tch::Tensor;

use crate::failure;
use crate::failure::Result;
use crate::shim::{c_string, last_error, owned_text};

const CAPACITY: usize = 256;

/// The tags of `EsrValue`.
mod tag {
    pub(super) const DEFAULT: i32 = 0;
    pub(super) const NONE: i32 = 1;
    pub(super) const TENSOR: i32 = 2;
    pub(super) const INT: i32 = 3;
    pub(super) const DOUBLE: i32 = 4;
    pub(super) const BOOL: i32 = 5;
    pub(super) const STRING: i32 = 6;
    pub(super) const DEVICE: i32 = 7;
    pub(super) const INTS: i32 = 8;
    pub(super) const DOUBLES: i32 = 9;
    pub(super) const BOOLS: i32 = 10;
    pub(super) const TENSORS: i32 = 11;
    pub(super) const OPTIONAL_TENSORS: i32 = 12;
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Raw {
    tag: i32,
    integer: i64,
    number: f64,
    pointer: *const c_void,
    length: usize,
}

impl Raw {
    const EMPTY: Raw = Raw { tag: tag::DEFAULT, integer: 0, number: 0.0, pointer: std::ptr::null(), length: 0 };

    fn integer(tag: i32, integer: i64) -> Raw {
        Raw { tag, integer, ..Raw::EMPTY }
    }

    fn slice<T>(tag: i32, slice: &[T]) -> Raw {
        Raw { tag, pointer: slice.as_ptr().cast(), length: slice.len(), ..Raw::EMPTY }
    }
}

unsafe extern "C" {
    fn esr_op_find(name: *const c_char, overload: *const c_char) -> *mut c_void;
    fn esr_op_arguments(op: *const c_void) -> *mut c_char;
    fn esr_op_free(op: *mut c_void);
    fn esr_op_call(op: *const c_void, args: *const Raw, n: usize, out: *mut Raw, capacity: usize) -> c_int;
    fn esr_tensor_from_storage(
        bytes: *const c_void,
        length: usize,
        sizes: *const i64,
        strides: *const i64,
        dims: usize,
        offset: i64,
        scalar_type: c_int,
    ) -> *mut c_void;
}

/// What goes into an operation and comes out.
#[derive(Debug)]
pub(super) enum Value {
    Default,
    None,
    Tensor(Tensor),
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(CString),
    Device(CString),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<i64>),
    Tensors(Vec<Tensor>),
    OptionalTensors(Vec<Option<Tensor>>),
}

/// An operation of libtorch's dispatcher.
pub(super) struct AtenOp {
    handle: *mut c_void,
    /// Argument names, in schema order.
    pub(super) arguments: Vec<String>,
}

impl AtenOp {
    /// Finds `aten::add` with the overload `Tensor` (empty for the default one).
    pub(super) fn find(name: &str, overload: &str) -> Result<AtenOp> {
        // SAFETY: both strings live through the call; the handle is freed in `drop` alone.
        let handle = unsafe { esr_op_find(c_string(name).as_ptr(), c_string(overload).as_ptr()) };
        if handle.is_null() {
            return Err(failure::unsupported(last_error()));
        }
        let mut op = AtenOp { handle, arguments: Vec::new() };
        // SAFETY: the handle is live; the shim hands the text over.
        op.arguments = unsafe { owned_text(esr_op_arguments(handle)) }?.lines().map(str::to_owned).collect();
        Ok(op)
    }

    /// Calls it with one value for each of [`AtenOp::arguments`]; list results are flattened.
    pub(super) fn call(&self, args: &[Value]) -> Result<Vec<Value>> {
        // Lists of tensors are passed as lists of pointers, which must outlive the call.
        let mut lists: Vec<Vec<*const c_void>> = Vec::new();
        let raw: Vec<Raw> = args.iter().map(|value| raw(value, &mut lists)).collect();
        let mut out = [Raw::EMPTY; CAPACITY];
        // SAFETY: `raw` points into `args` and `lists`, which live through the call; `out` has room for CAPACITY.
        let count = unsafe { esr_op_call(self.handle, raw.as_ptr(), raw.len(), out.as_mut_ptr(), CAPACITY) };
        let count = usize::try_from(count).map_err(|_| failure::from_libtorch(&last_error()))?;
        Ok(out[..count].iter().map(result).collect())
    }
}

impl Drop for AtenOp {
    fn drop(&mut self) {
        // SAFETY: the handle came from `esr_op_find` and is freed once.
        unsafe { esr_op_free(self.handle) }
    }
}

fn raw(value: &Value, lists: &mut Vec<Vec<*const c_void>>) -> Raw {
    let pointer = |t: &Tensor| t.as_ptr() as *const c_void;
    match value {
        Value::Default => Raw::EMPTY,
        Value::None => Raw::integer(tag::NONE, 0),
        Value::Tensor(t) => Raw { tag: tag::TENSOR, pointer: pointer(t), ..Raw::EMPTY },
        Value::Int(i) => Raw::integer(tag::INT, *i),
        Value::Float(f) => Raw { tag: tag::DOUBLE, number: *f, ..Raw::EMPTY },
        Value::Bool(b) => Raw::integer(tag::BOOL, i64::from(*b)),
        Value::Str(s) => Raw { tag: tag::STRING, pointer: s.as_ptr().cast(), ..Raw::EMPTY },
        Value::Device(s) => Raw { tag: tag::DEVICE, pointer: s.as_ptr().cast(), ..Raw::EMPTY },
        Value::Ints(list) => Raw::slice(tag::INTS, list),
        Value::Floats(list) => Raw::slice(tag::DOUBLES, list),
        Value::Bools(list) => Raw::slice(tag::BOOLS, list),
        Value::Tensors(list) => {
            lists.push(list.iter().map(pointer).collect());
            Raw::slice(tag::TENSORS, &lists[lists.len() - 1])
        }
        Value::OptionalTensors(list) => {
            lists.push(list.iter().map(|t| t.as_ref().map_or(std::ptr::null(), pointer)).collect());
            Raw::slice(tag::OPTIONAL_TENSORS, &lists[lists.len() - 1])
        }
    }
}

fn result(raw: &Raw) -> Value {
    match raw.tag {
        // SAFETY: the shim hands over a new tensor with this tag.
        tag::TENSOR => Value::Tensor(unsafe { Tensor::from_ptr(raw.pointer.cast_mut().cast()) }),
        tag::INT => Value::Int(raw.integer),
        tag::DOUBLE => Value::Float(raw.number),
        tag::BOOL => Value::Bool(raw.integer != 0),
        _ => Value::None,
    }
}

/// A tensor over a copy of a stored storage. `scalar_type` is c10's number.
pub(super) fn tensor_from_storage(
    bytes: &[u8],
    sizes: &[i64],
    strides: &[i64],
    offset: i64,
    scalar_type: i64,
) -> Result<Tensor> {
    let width = element_size(scalar_type)
        .ok_or_else(|| failure::load(format!("the element type {scalar_type} is not supported")))?;
    if !bytes.len().is_multiple_of(width) {
        let found = format!("{} bytes", bytes.len());
        return Err(failure::load(format!("expected whole elements of {width} bytes in its storage, found {found}")));
    }
    let layout = Layout::check(sizes, strides, offset, bytes.len() / width)
        .map_err(|found| failure::load(format!("the sizes reach beyond the stored bytes: {found}")))?;
    copied(bytes, &layout.sizes, &layout.strides, layout.offset, scalar_type)
}

/// Bytes of one element, by c10's number of its type.
fn element_size(scalar_type: i64) -> Option<usize> {
    match scalar_type {
        // uint8, int8 and bool.
        0 | 1 | 11 => Some(1),
        // int16, float16 and bfloat16.
        2 | 5 | 15 => Some(2),
        // int32, float32 and complex32.
        3 | 6 | 8 => Some(4),
        // int64, float64 and complex64.
        4 | 7 | 9 => Some(8),
        // complex128.
        10 => Some(16),
        _ => None,
    }
}

/// Calls the shim, which checks sizes and strides once more.
fn copied(bytes: &[u8], sizes: &[i64], strides: &[i64], offset: i64, scalar_type: i64) -> Result<Tensor> {
    assert_eq!(sizes.len(), strides.len(), "checked by the caller");
    // SAFETY: the slices live through the call, which checks sizes and strides against the bytes' length and copies.
    unsafe {
        let tensor = esr_tensor_from_storage(
            bytes.as_ptr().cast(),
            bytes.len(),
            sizes.as_ptr(),
            strides.as_ptr(),
            sizes.len(),
            offset,
            scalar_type as c_int,
        );
        if tensor.is_null() { Err(failure::load(last_error())) } else { Ok(Tensor::from_ptr(tensor.cast())) }
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    const FLOAT: i64 = 6;

    #[test]
    fn a_stored_tensor_is_copied_in_its_layout() {
        let bytes: Vec<u8> = [1_f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let t = tensor_from_storage(&bytes, &[2], &[2], 1, FLOAT).unwrap();
        assert_eq!(Vec::<f32>::try_from(t.contiguous()).unwrap(), [2.0, 4.0]);
    }

    #[test]
    fn sizes_whose_reach_wraps_around_are_refused() {
        let bytes = [0; 24];
        // (3 - 1) * 2^62 is -2^63 in wrapping 64-bit integers: below every length.
        for (sizes, strides) in [(&[3][..], &[1 << 62][..]), (&[2, 2], &[i64::MAX, 3]), (&[i64::MAX, 3], &[1 << 62, 1])]
        {
            // Each check by itself: the shim's, and the one before it.
            let error = copied(&bytes, sizes, strides, 0, FLOAT).unwrap_err().message;
            assert_eq!(error, "the sizes reach beyond the stored bytes", "{sizes:?} {strides:?}");
            let error = tensor_from_storage(&bytes, sizes, strides, 0, FLOAT).unwrap_err().message;
            assert!(error.starts_with("the sizes reach beyond the stored bytes: size ["), "{error}");
        }
    }

    #[test]
    fn element_types_and_lengths_that_do_not_fit_are_refused() {
        let message = |bytes: &[u8], kind| tensor_from_storage(bytes, &[1], &[1], 0, kind).unwrap_err().message;
        assert!(message(&[0; 24], 99).contains("element type 99"));
        assert!(message(&[0; 7], FLOAT).contains("whole elements of 4 bytes"));
    }

    #[test]
    fn results_that_cannot_be_handed_over_are_errors_and_leak_nothing() {
        let resident = || -> u64 {
            let status = std::fs::read_to_string("/proc/self/statm").unwrap();
            status.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
        };
        let unbind = AtenOp::find("aten::unbind", "int").unwrap();
        let before = resident();
        for _ in 0..64 {
            // Views of 8 MB: one that leaks keeps all of it.
            let x = Tensor::ones([CAPACITY as i64 + 1, 8192], (Kind::Float, Device::Cpu));
            let error = unbind.call(&[Value::Tensor(x), Value::Int(0)]).unwrap_err().message;
            assert_eq!(error, "aten::unbind returned 257 results, at most 256 are supported");
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 128 << 20, "{grown} bytes");
    }

    #[test]
    fn a_complex_number_as_a_result_is_refused() {
        let item = AtenOp::find("aten::_local_scalar_dense", "").unwrap();
        let one = Tensor::ones([1], (Kind::ComplexFloat, Device::Cpu));
        let error = item.call(&[Value::Tensor(one)]).unwrap_err().message;
        assert!(error.contains("is not supported"), "{error}");
        let real = item.call(&[Value::Tensor(Tensor::ones([1], (Kind::Float, Device::Cpu)))]).unwrap();
        assert!(matches!(real[..], [Value::Float(1.0)]), "{real:?}");
    }
}
