//! A loaded network: its device, its conventions, and a forward over images.

use std::env;

use esr_bench::protocol::{Inferred, Load, Loaded, Probe, Slot, Switches, Tile};
use esr_models::vars::VarKind;
use tch::{Device, Tensor};

use crate::exchange::Exchange;
use crate::failure;
use crate::failure::Result;
use crate::network;
use crate::pixels::{Sr, to_input};
use crate::runnable::Runnable;
use crate::{device, program, shim};

/// The largest scale that a request may name.
const LARGEST_SCALE: u32 = 16;

/// A network on a device.
pub(crate) struct Session {
    pub(crate) network: Box<dyn Runnable>,
    pub(crate) device: Device,
    /// As libtorch writes it: `cpu`, `cuda:0`.
    pub(crate) device_name: String,
    pub(crate) data_range: f64,
    scale: i64,
    tile: Option<Tile>,
    /// What the network keeps between forwards, as it was when it was loaded.
    state: u64,
}

impl Session {
    /// Sets the switches and builds the network.
    pub(crate) fn load(load: &Load) -> Result<(Session, Loaded)> {
        let device = device::parse(&load.device)?;
        if !(1..=LARGEST_SCALE).contains(&load.scale) {
            return Err(failure::request(format!("scale {}: expected 1 to {LARGEST_SCALE}", load.scale)));
        }
        if !(load.data_range.is_finite() && load.data_range > 0.0) {
            return Err(failure::request(format!("data range {}: expected a positive number", load.data_range)));
        }
        if let Some(tile) = load.tile.filter(|t| t.overlap >= t.size) {
            return Err(failure::request(format!(
                "tile size {}: expected more than the overlap {}",
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
        let session = Session {
            state: ready.network.state()?,
            network: ready.network,
            device,
            device_name: device::name(device),
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
        self.check_state()?;
        let scale = self.scale as usize;
        Ok(Inferred {
            height: slot.height * scale,
            width: slot.width * scale,
            sha256: sr.sha256(),
            non_finite: sr.non_finite,
            range: sr.range,
        })
    }

    /// Answers `check`: whether the program computes what its exporter saw.
    pub(crate) fn check(&self, probes: &[Probe]) -> Result<()> {
        program::check(self.network.as_ref(), probes, self.data_range, self.device)
    }

    /// Refuses a network that keeps something from one forward to the next: it could answer from what it kept.
    pub(crate) fn check_state(&self) -> Result<()> {
        if self.network.state()? == self.state {
            return Ok(());
        }
        Err(failure::run(
            "a forward of the program writes to a parameter, a buffer, a constant or an attribute: expected a network that \
             keeps nothing between two forwards",
        ))
    }

    /// Opens the slot and puts its LR image on the device.
    pub(crate) fn open<'a>(&self, slot: &'a Slot) -> Result<(Exchange<'a>, Tensor)> {
        let exchange = Exchange::open(slot, self.scale as usize)?;
        // Both fit: the slot was checked.
        let (height, width) = (slot.height as i64, slot.width as i64);
        if let Some(tile) = self.tile {
            let side = height.min(width).min(i64::from(tile.size));
            if side <= i64::from(tile.overlap) {
                let image = format!("the image of {height} x {width} is not larger than the overlap of its tiles,");
                return Err(failure::request(format!("{image} {}", tile.overlap)));
            }
        }
        let x = to_input(&exchange.read_lr()?, height, width, self.data_range, self.device)?;
        Ok((exchange, x))
    }

    /// Runs the network on a whole image, in tiles where the request asks for them.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self.tile {
            None => self.network.forward(x),
            Some(tile) => self.forward_tiled(x, tile),
        }
    }

    /// Checks the shape of an output against that of its input, and converts it to an image.
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

    // As in the NTIRE challenge: square tiles no larger than the image's shorter side. The last tile of a row or a column
    // is moved inwards, and each pixel is the mean over the tiles that cover it.
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
