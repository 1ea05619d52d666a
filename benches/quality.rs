//! PSNR-RGB, PSNR-Y and SSIM-Y of one image pair, as `quality::compare` computes them.
//!
//! `cargo bench --bench quality` times a synthetic pair of the challenge's size (2040 x 1404). `scripts/bench_quality.py`
//! times the same pair in NumPy in turns with this program, which it drives through `--pair HR SR HEIGHT WIDTH` (files of
//! raw RGB bytes): each line on standard input is answered with one JSON object.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use esr_bench::quality::Image;
use esr_bench::quality::{Quality, compare};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The only scale that matters here: how many pixels are shaved.
const SCALE: u32 = 4;
const HEIGHT: usize = 1404;
const WIDTH: usize = 2040;
const REPEATS: usize = 15;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let one = ThreadPoolBuilder::new().num_threads(1).build()?;
    let all = ThreadPoolBuilder::new().build()?;
    let mut out = io::stdout().lock();
    match args.as_slice() {
        [] => {
            let (hr, sr) = (synthetic(0), synthetic(3));
            for pool in [&one, &all] {
                let mut ms: Vec<f64> =
                    (0..REPEATS).map(|_| timed(pool, &hr, &sr).map(|t| t.0)).collect::<Result<_>>()?;
                ms.sort_by(f64::total_cmp);
                let (least, median, most) = (ms[0], ms[REPEATS / 2], ms[REPEATS - 1]);
                let threads = pool.current_num_threads();
                writeln!(out, "{HEIGHT} x {WIDTH}, threads {threads}: median {median:.1} ms, {least:.1} to {most:.1}")?;
            }
        }
        [flag, hr, sr, height, width] if flag == "--pair" => {
            let read = |path: &str| -> Result<Image> {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
                Ok(Image::new(height.parse()?, width.parse()?, bytes)?)
            };
            let (hr, sr) = (read(hr)?, read(sr)?);
            for line in io::stdin().lock().lines() {
                line?;
                let (one_ms, quality) = timed(&one, &hr, &sr)?;
                let (all_ms, again) = timed(&all, &hr, &sr)?;
                let same_bits = quality == again;
                let threads = all.current_num_threads();
                let answer = serde_json::json!({
                    "one_ms": one_ms, "all_ms": all_ms, "threads": threads, "same_bits": same_bits, "quality": quality,
                });
                writeln!(out, "{answer}")?;
                out.flush()?;
            }
        }
        other => bail!("expected nothing or --pair HR SR HEIGHT WIDTH, found {}", other.join(" ")),
    }
    Ok(())
}

fn timed(pool: &ThreadPool, hr: &Image, sr: &Image) -> Result<(f64, Quality)> {
    pool.install(|| {
        let start = Instant::now();
        let quality = compare(hr, sr, SCALE)?;
        Ok((start.elapsed().as_secs_f64() * 1e3, quality))
    })
}

/// Structure of several periods; `shift` makes a second picture that differs a little everywhere.
fn synthetic(shift: usize) -> Image {
    let value = |i: usize| {
        let (x, y, c) = (i / 3 % WIDTH, i / 3 / WIDTH, i % 3);
        ((x * (y + shift) / 97 + x / 5 + y / 3 + c * 40 + shift) % 256) as u8
    };
    Image { height: HEIGHT, width: WIDTH, rgb: (0..HEIGHT * WIDTH * 3).map(value).collect() }
}
