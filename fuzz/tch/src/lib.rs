//! What the state-dict reader uses of tch, without libtorch: a tensor is its element type, its shape and its bytes. The
//! fuzzer then runs the reader alone, a thousand times as fast as with libtorch, and sees every allocation.

use std::fmt;
use std::rc::Rc;

/// Element types, by the names of tch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Uint8,
    Int8,
    Int16,
    Int,
    Int64,
    Half,
    Float,
    Double,
    Bool,
    BFloat16,
}

impl Kind {
    pub fn elt_size_in_bytes(self) -> usize {
        match self {
            Kind::Uint8 | Kind::Int8 | Kind::Bool => 1,
            Kind::Int16 | Kind::Half | Kind::BFloat16 => 2,
            Kind::Int | Kind::Float => 4,
            Kind::Int64 | Kind::Double => 8,
        }
    }
}

/// What libtorch would have thrown.
#[derive(Debug)]
pub struct TchError(String);

impl fmt::Display for TchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A contiguous tensor, or a view that is about to become one.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub kind: Kind,
    pub size: Vec<i64>,
    pub bytes: Rc<[u8]>,
}

impl Tensor {
    pub fn f_from_data_size(bytes: &[u8], size: &[i64], kind: Kind) -> Result<Tensor, TchError> {
        let elements: i64 = size.iter().product();
        if bytes.len() != elements as usize * kind.elt_size_in_bytes() {
            return Err(TchError(format!("{} bytes for {size:?} of {kind:?}", bytes.len())));
        }
        Ok(Tensor { kind, size: size.to_vec(), bytes: bytes.into() })
    }

    /// Copies at once: a view outside of its storage panics, where libtorch would throw.
    pub fn f_as_strided(&self, size: &[i64], stride: &[i64], offset: impl Into<Option<i64>>) -> Result<Tensor, TchError> {
        let width = self.kind.elt_size_in_bytes();
        let elements: i64 = size.iter().product();
        let mut bytes = Vec::with_capacity(elements as usize * width);
        let mut at = vec![0_i64; size.len()];
        let offset = offset.into().unwrap_or(0);
        for _ in 0..elements {
            let element = (offset + at.iter().zip(stride).map(|(i, s)| i * s).sum::<i64>()) as usize;
            bytes.extend_from_slice(&self.bytes[element * width..(element + 1) * width]);
            for (i, n) in at.iter_mut().zip(size).rev() {
                *i += 1;
                if *i < *n {
                    break;
                }
                *i = 0;
            }
        }
        Ok(Tensor { kind: self.kind, size: size.to_vec(), bytes: bytes.into() })
    }

    pub fn f_contiguous(&self) -> Result<Tensor, TchError> {
        Ok(self.clone())
    }

    pub fn shallow_clone(&self) -> Tensor {
        self.clone()
    }
}
