//! A loaded network: its device, its conventions, and a forward over images.

use std::env;

use esr_bench::protocol::{Inferred, Load, Loaded, Probe, Slot, Switches, Tile};
use esr_models::vars::VarKind;
use tch::{Device, Tensor};

use crate::exchange::Exchange;
use crate::failure;
use crate::failure::Result;
use crate::network;
use crate::network::Network;
use crate::pixels::{Sr, to_input};
use crate::{cuda, program, shim};

/// The largest scale that a request may name: beyond it an SR image is a mistake.
const LARGEST_SCALE: u32 = 16;

/// A network on a device.
pub(crate) struct Session {
    pub(crate) network: Box<dyn Network>,
    pub(crate) device: Device,
    /// As libtorch writes it: `cpu`, `cuda:0`.
    pub(crate) device_name: String,
    pub(crate) data_range: f64,
    scale: i64,
    tile: Option<Tile>,
}

impl Session {
    /// Sets the switches and builds the network.
    pub(crate) fn load(load: &Load) -> Result<(Session, Loaded)> {
        let device = parse_device(&load.device)?;
        if !(1..=LARGEST_SCALE).contains(&load.scale) {
            return Err(failure::request(format!("scale {}: expected 1 to {LARGEST_SCALE}", load.scale)));
        }
        if !(load.data_range.is_finite() && load.data_range > 0.0) {
            return Err(failure::request(format!("data range {}: expected a positive number", load.data_range)));
        }
        if let Some(tile) = load.tile.filter(|t| t.overlap >= t.size) {
            return Err(failure::request(format!(
                "tile {}: expected more than its overlap {}",
                tile.size, tile.overlap
            )));
        }
        set(&load.switches)?;
        let ready = network::build(&load.network, device)?;
        let elements = |kind| -> u64 {
            ready.network.vars().iter().filter(|v| v.kind == kind).map(|v| v.tensor.numel() as u64).sum()
        };
        let loaded = Loaded {
            parameters: elements(VarKind::Parameter),
            buffers: elements(VarKind::Buffer),
            settings: shim::settings::in_force()?,
            hashes: ready.hashes,
            network: None,
            notes: ready.notes,
        };
        let device_name = match device {
            Device::Cuda(index) => format!("cuda:{index}"),
            _ => "cpu".to_owned(),
        };
        let session = Session {
            network: ready.network,
            device,
            device_name,
            data_range: load.data_range,
            scale: i64::from(load.scale),
            tile: load.tile,
        };
        Ok((session, loaded))
    }

    /// Answers `infer`: the slot's image through the network.
    pub(crate) fn infer(&self, slot: &Slot) -> Result<Inferred> {
        let (exchange, x) = self.open(slot)?;
        let sr = self.to_bytes(&x, &self.forward(&x)?)?;
        exchange.write_sr(&sr.bytes)?;
        let scale = self.scale as usize;
        Ok(Inferred {
            height: slot.height * scale,
            width: slot.width * scale,
            sha256: sr.sha256(),
            non_finite: sr.non_finite,
            range: sr.range,
        })
    }

    /// Answers `check`: does the program still give what its exporter saw?
    pub(crate) fn check(&self, probes: &[Probe]) -> Result<()> {
        program::check(self.network.as_ref(), probes, self.data_range, self.device)
    }

    /// The slot, checked, and its LR image on the device.
    pub(crate) fn open<'a>(&self, slot: &'a Slot) -> Result<(Exchange<'a>, Tensor)> {
        let exchange = Exchange::open(slot, self.scale as usize)?;
        // The slot was checked: both sizes fit.
        let (height, width) = (slot.height as i64, slot.width as i64);
        if let Some(tile) = self.tile {
            let side = height.min(width).min(i64::from(tile.size));
            if side <= i64::from(tile.overlap) {
                let image = format!("an image of {height} x {width} is no larger than the tiles' overlap");
                return Err(failure::request(format!("{image} of {}", tile.overlap)));
            }
        }
        let x = to_input(&exchange.read_lr()?, height, width, self.data_range, self.device)?;
        Ok((exchange, x))
    }

    /// The network on a whole image, by tiles where the request wants them.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.tile {
            None => self.network.forward(x),
            Some(tile) => self.forward_tiled(x, tile),
        }
    }

    /// Checks an output's shape against its input's, and makes an image of it.
    pub(crate) fn to_bytes(&self, x: &Tensor, y: &Tensor) -> Result<Sr> {
        let (_, _, height, width) = x.size4().map_err(failure::tch)?;
        let expected = [1, 3, height * self.scale, width * self.scale];
        if y.size() != expected {
            return Err(failure::output(format!("the network's output is {:?}, expected {expected:?}", y.size())));
        }
        if !matches!(y.kind(), tch::Kind::Float | tch::Kind::Half | tch::Kind::BFloat16 | tch::Kind::Double) {
            return Err(failure::output(format!("the network's output is {:?}, expected floats", y.kind())));
        }
        Sr::from_output(y, self.data_range)
    }

    // As NTIRE's challenge does it: square tiles no larger than the image's shorter side, the last ones of a row and a
    // column moved inwards, each pixel the mean over the tiles that cover it.
    fn forward_tiled(&self, x: &Tensor, tile: Tile) -> Result<Tensor> {
        let (_, channels, height, width) = x.size4().map_err(failure::tch)?;
        let side = height.min(width).min(i64::from(tile.size));
        let step = side - i64::from(tile.overlap);
        let starts = |length: i64| (0..length - side).step_by(step as usize).chain([length - side]);
        let scale = self.scale;
        let sum = Tensor::zeros([1, channels, height * scale, width * scale], (x.kind(), x.device()));
        let count = sum.zeros_like();
        for top in starts(height) {
            for left in starts(width) {
                let y = self.network.forward(&x.narrow(2, top, side).narrow(3, left, side))?;
                let here = |t: &Tensor| t.narrow(2, top * scale, side * scale).narrow(3, left * scale, side * scale);
                if y.size() != here(&sum).size() {
                    let expected = here(&sum).size();
                    return Err(failure::output(format!("a tile's output is {:?}, expected {expected:?}", y.size())));
                }
                let _ = here(&sum).g_add_(&y);
                let _ = here(&count).g_add_scalar_(1);
            }
        }
        Ok(sum / count)
    }
}

fn parse_device(name: &str) -> Result<Device> {
    let index = match name.split_once(':') {
        None if name == "cpu" => return Ok(Device::Cpu),
        None if name == "cuda" => 0,
        Some(("cuda", index)) => index.parse().map_err(|_| unknown_device(name))?,
        _ => return Err(unknown_device(name)),
    };
    if index >= cuda::device_count() {
        return Err(failure::request(format!("device `{name}` is not available: {}", cuda::state())));
    }
    Ok(Device::Cuda(index))
}

fn unknown_device(name: &str) -> esr_bench::protocol::Failed {
    failure::request(format!("device `{name}`: expected `cpu` or `cuda:N`"))
}

fn set(switches: &Switches) -> Result<()> {
    if let Some(threads) = switches.threads {
        let threads = i32::try_from(threads).ok().filter(|&n| n > 0);
        tch::set_num_threads(threads.ok_or_else(|| failure::request("threads: expected 1 or more"))?);
    }
    if switches.deterministic == Some(true) && env::var_os("CUBLAS_WORKSPACE_CONFIG").is_none() {
        // cuBLAS is deterministic only with a workspace of fixed size, which it reads when it starts.
        // SAFETY: between requests no other thread of this process reads or writes the environment.
        unsafe { env::set_var("CUBLAS_WORKSPACE_CONFIG", ":4096:8") };
    }
    for (key, on) in [
        ("tf32_conv", switches.tf32_conv),
        ("tf32_matmul", switches.tf32_matmul),
        ("cudnn_benchmark", switches.cudnn_benchmark),
        ("deterministic", switches.deterministic),
    ] {
        if let Some(on) = on {
            shim::settings::set(key, on)?;
        }
    }
    Ok(())
}
