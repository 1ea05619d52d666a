//! Converts bytes to a network's input and its output to bytes, by the challenge's conventions.

use esr_bench::util::sha256;
use tch::{Device, Kind, Tensor};

use crate::failure;
use crate::failure::Result;

/// RGB bytes, rows first, to a (1, 3, H, W) float tensor on `device`: `x = byte / (255 / data_range)`.
pub(crate) fn to_input(bytes: &[u8], height: i64, width: i64, data_range: f64, device: Device) -> Result<Tensor> {
    let x = Tensor::f_from_data_size(bytes, &[height, width, 3], Kind::Uint8)
        .and_then(|t| t.f_to_device(device))
        .and_then(|t| t.f_permute([2, 0, 1]))
        .and_then(|t| t.f_unsqueeze(0))
        .and_then(|t| t.f_to_kind(Kind::Float))
        // The permuted bytes are in channels-last order; networks get the layout that PyTorch's loaders give.
        .and_then(|t| t.f_contiguous())
        .and_then(|t| t.f_div_scalar(255.0 / data_range));
    x.map_err(failure::tch)
}

/// A network's output as an image, and its range.
pub(crate) struct Sr {
    /// RGB, rows first.
    pub(crate) bytes: Vec<u8>,
    /// Values that were NaN or infinite.
    pub(crate) non_finite: u64,
    /// The smallest and largest finite value; zeros where there is none.
    pub(crate) range: [f64; 2],
}

impl Sr {
    /// (1, 3, H, W) in `[0, data_range]` to bytes: clamp, `* 255`, `/ data_range`, round half to even. NaN becomes 0.
    pub(crate) fn from_output(y: &Tensor, data_range: f64) -> Result<Sr> {
        let y = y.f_to_kind(Kind::Float).map_err(failure::tch)?;
        let (non_finite, range) = finite_range(&y)?;
        let y = if non_finite > 0 { y.f_nan_to_num(0.0, data_range, 0.0) } else { Ok(y) };
        let bytes = y
            .and_then(|y| y.f_clamp(0.0, data_range))
            .and_then(|y| y.f_mul_scalar(255.0))
            .and_then(|y| y.f_div_scalar(data_range))
            .and_then(|y| y.f_round())
            .and_then(|y| y.f_to_kind(Kind::Uint8))
            .and_then(|y| y.f_squeeze_dim(0))
            .and_then(|y| y.f_permute([1, 2, 0]))
            .and_then(|y| y.f_contiguous())
            .and_then(|y| y.f_view([-1]))
            .and_then(|y| Vec::<u8>::try_from(&y));
        Ok(Sr { bytes: bytes.map_err(failure::tch)?, non_finite, range })
    }

    /// SHA-256 of the bytes, hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

fn finite_range(y: &Tensor) -> Result<(u64, [f64; 2])> {
    let bounds = |t: &Tensor| -> std::result::Result<[f64; 2], tch::TchError> {
        Ok([f64::try_from(t.f_min()?)?, f64::try_from(t.f_max()?)?])
    };
    // A NaN makes both bounds NaN, an infinity makes one of them infinite. Finite bounds prove that all values are finite.
    let range = bounds(y).map_err(failure::tch)?;
    if range.iter().all(|v| v.is_finite()) {
        return Ok((0, range));
    }
    let finite = y.f_isfinite().and_then(|mask| y.f_masked_select(&mask)).map_err(failure::tch)?;
    let non_finite = (y.numel() - finite.numel()) as u64;
    let range = if finite.numel() == 0 { [0.0; 2] } else { bounds(&finite).map_err(failure::tch)? };
    Ok((non_finite, range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_there_and_back_in_either_range() {
        let bytes: Vec<u8> = (0..=251).collect();
        for data_range in [1.0, 255.0] {
            let x = to_input(&bytes, 7, 12, data_range, Device::Cpu).unwrap();
            assert_eq!(x.size(), [1, 3, 7, 12]);
            assert!(x.is_contiguous());
            assert_eq!(x.double_value(&[0, 1, 0, 0]), f64::from(1.0 / (255.0 / data_range) as f32));
            let sr = Sr::from_output(&x, data_range).unwrap();
            assert_eq!(sr.bytes, bytes);
            assert_eq!((sr.non_finite, sr.range[0]), (0, 0.0));
        }
    }

    #[test]
    fn halves_round_to_even_and_what_is_outside_is_clamped() {
        let y = Tensor::from_slice(&[0.5f32, 1.5, 2.5, -3.0, 254.5, 400.0]).view([1, 3, 1, 2]);
        let sr = Sr::from_output(&y, 255.0).unwrap();
        // Planes become pixels: (0.5, 2.5, 254.5), (1.5, -3, 400).
        assert_eq!(sr.bytes, [0, 2, 254, 2, 0, 255]);
        assert_eq!(sr.range, [-3.0, 400.0]);
    }

    #[test]
    fn what_is_not_finite_is_counted_and_becomes_a_byte() {
        let y = Tensor::from_slice(&[f32::NAN, 1.0, f32::INFINITY]).view([1, 3, 1, 1]);
        let sr = Sr::from_output(&y, 1.0).unwrap();
        assert_eq!((sr.bytes, sr.non_finite, sr.range), (vec![0, 255, 255], 2, [1.0, 1.0]));
        let none = Sr::from_output(&Tensor::full([1, 3, 1, 1], f64::NAN, (Kind::Float, Device::Cpu)), 1.0).unwrap();
        assert_eq!((none.non_finite, none.range), (3, [0.0, 0.0]));
    }
}
