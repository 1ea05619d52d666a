//! safetensors: a header in JSON, then the elements.

use safetensors::{Dtype, SafeTensors};
use tch::{Kind, Tensor};

use super::error::Fault;
use super::found::Found;
use super::tensors::first_line;

pub(super) fn read(bytes: &[u8]) -> Result<Found, Fault> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| Fault::bad("", "a whole safetensors file", format!("a damaged one ({e})")))?;
    let mut tensors = Vec::new();
    for (name, view) in file.iter() {
        let at = format!("`{name}`");
        let kind = kind(view.dtype())
            .ok_or_else(|| Fault::bad(&at, "floats, integers or bools", format!("{:?}", view.dtype())))?;
        let size: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &size, kind)
            .map_err(|e| Fault::bad(&at, "a tensor", first_line(&e)))?;
        tensors.push((name.to_owned(), tensor));
    }
    if tensors.is_empty() {
        return Err(Fault::bad("", "tensors", "none"));
    }
    Ok(Found { tensors, notes: Vec::new() })
}

fn kind(dtype: Dtype) -> Option<Kind> {
    Some(match dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        Dtype::I64 => Kind::Int64,
        Dtype::I32 => Kind::Int,
        Dtype::I16 => Kind::Int16,
        Dtype::I8 => Kind::Int8,
        Dtype::U8 => Kind::Uint8,
        Dtype::BOOL => Kind::Bool,
        _ => return None,
    })
}
