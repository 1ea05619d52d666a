//! Checks that a program computes what eager PyTorch computed when it was exported.
//!
//! A trace may have a size fixed in it and still run at another size, with wrong results. The exporter stores the means of
//! eager PyTorch's output at a few odd sizes, and this check compares them.

use esr_bench::protocol::Probe;
use tch::{Kind, Tensor};

use crate::failure;
use crate::failure::Result;
use crate::runnable::Runnable;

/// Blocks along each side of an image. The exporter stores the mean of each block.
const GRID: i64 = 4;
/// The largest difference of a block's mean between two machines that is rounding, in steps of 255.
const TOLERANCE: f64 = 0.02;

/// Runs every probe. The first one that does not agree is the failure.
pub(crate) fn check(network: &dyn Runnable, probes: &[Probe], data_range: f64, device: tch::Device) -> Result<()> {
    for probe in probes {
        let [height, width] = probe.size.map(i64::from);
        if height < GRID || width < GRID || probe.means.len() != (GRID * GRID) as usize {
            return Err(failure::request(format!("a probe of {height} x {width} with {} means", probe.means.len())));
        }
        let at = format!("at {height} x {width}");
        let output = network.forward(&pattern(height, width, data_range).to_device(device)).map_err(|f| {
            failure::output(format!("{at}, a size at which the exporter ran it, the program fails: {}", f.message))
        })?;
        if output.dim() != 4 || output.size()[..2] != [1, 3] {
            return Err(failure::output(format!("{at} its output is {:?}, expected an RGB image", output.size())));
        }
        for (block, (found, recorded)) in block_means(&output, data_range).iter().zip(&probe.means).enumerate() {
            let difference = (found - recorded).abs();
            if difference.is_nan() || difference > TOLERANCE {
                return Err(failure::output(format!(
                    "{at} it differs from the network that it was exported from: the mean of block {block} is {found:.3}, \
                     the exporter saw {recorded:.3} (of 255)"
                )));
            }
        }
    }
    Ok(())
}

/// The exporter's fixed image: (1, 3, `height`, `width`), byte values scaled to the data range.
fn pattern(height: i64, width: i64, data_range: f64) -> Tensor {
    let mut bytes = Vec::with_capacity((3 * height * width) as usize);
    for c in 0..3 {
        for y in 0..height {
            for x in 0..width {
                let noise = ((y * 7919 + x * 104_729 + c * 1_299_709 + y * x * 31) / 8) % 128;
                let smooth = (y * 3 + x * 2 + c * 40) % 128;
                bytes.push((noise + smooth) as f32);
            }
        }
    }
    Tensor::from_slice(&bytes).reshape([1, 3, height, width]) / (255.0 / data_range)
}

fn block_means(output: &Tensor, data_range: f64) -> Vec<f64> {
    let grey = output.clamp(0.0, data_range).squeeze_dim(0).to_kind(Kind::Double).mean_dim(0i64, false, Kind::Double);
    let blocks = grey.tensor_split(GRID, 0).into_iter().flat_map(|row| row.tensor_split(GRID, 1));
    blocks.map(|block| block.mean(Kind::Double).double_value(&[]) * 255.0 / data_range).collect()
}
