//! Times the forward of a card's network, one repetition for each line of input: for interleaving with another program.
//!
//! `cargo run --release -p esr-models --example forward -- CARD WEIGHTS HEIGHT WIDTH THREADS` prints, for each line that it
//! reads, the wall and the process's CPU time of one forward in milliseconds. Every pixel of the input is 0.5.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use esr_bench::card::Card;
use esr_models::arch::Arch;
use esr_models::state;
use esr_models::vars::Vars;
use tch::{Device, Kind, Tensor};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [card, weights, height, width, threads] = args.as_slice() else {
        bail!("expected CARD WEIGHTS HEIGHT WIDTH THREADS, found {} arguments", args.len());
    };
    tch::set_num_threads(threads.parse().context("THREADS")?);
    let card = Card::find(card)?;
    let vars = Vars::from_dict(state::read(Path::new(weights))?, Device::Cpu);
    let built = Arch::find(&card.arch)?.build(vars, &card.config)?;
    let size = [1, 3, height.parse().context("HEIGHT")?, width.parse().context("WIDTH")?];
    let x = Tensor::full(size, 0.5 * card.data_range, (Kind::Float, Device::Cpu));

    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        line?;
        let (wall, cpu) = (Instant::now(), cpu_ms());
        drop(tch::no_grad(|| built.network.forward(&x)));
        writeln!(out, "{:.3} {:.3}", wall.elapsed().as_secs_f64() * 1e3, cpu_ms() - cpu)?;
        out.flush()?;
    }
    Ok(())
}

/// CPU time of this process so far, all threads together.
fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result, and this clock exists on every Unix.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
