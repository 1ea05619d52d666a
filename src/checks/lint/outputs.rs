//! The checks of a network's outputs: sizes, values, and determinism.

use crate::checks::lint::finding::{Check, Finding};
use crate::checks::lint::running::{RunningSubmission, Stop};
use crate::error::Result;
use crate::protocol::Inferred;
use crate::worker_process::Exchange;

/// How far an output may exceed the data range, in data ranges. Sharp edges overshoot a little, and a network with little
/// training more; the output of a network for another range exceeds it by a factor of 255.
const OVERSHOOT: f64 = 4.0;

/// The smallest span of an output, in data ranges. A smaller one belongs to a network for another range.
const SPAN: f64 = 0.02;

/// An image that went through the network.
pub(super) struct Seen {
    size: [usize; 2],
    inferred: Inferred,
}

/// Runs every size; the findings about the outputs.
pub(super) fn check(running: &mut RunningSubmission<'_>, sizes: &[[usize; 2]]) -> Result<Vec<Finding>> {
    let exchange = Exchange::create(&running.folder.join("pixels"))?;
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for &size in sizes {
        match infer(running, &exchange, size) {
            Ok(inferred) => seen.push(Seen { size, inferred }),
            Err(Stop::Failed { why, fatal }) => {
                wrong.push(format!("at {}: {why}", times(size)));
                if fatal {
                    break;
                }
            }
            Err(Stop::Broken(error)) => return Err(error),
        }
    }
    let shape = if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) };
    let mut findings = vec![Finding::of(Check::Shape, shape)];
    let Some(first) = seen.first() else {
        let skip = |check| Finding::skip(check, "there is no output");
        findings.extend([Check::Finite, Check::Range, Check::Determinism].map(skip));
        return Ok(findings);
    };
    findings.push(Finding::of(Check::Finite, seen.iter().try_for_each(finite)));
    let data_range = running.submission.data_range;
    findings.push(Finding::of(Check::Range, seen.iter().try_for_each(|s| range(s, data_range))));
    findings.push(match infer(running, &exchange, first.size) {
        Ok(again) if again.sha256 == first.inferred.sha256 => Finding::pass(Check::Determinism),
        Ok(_) => Finding::fail(Check::Determinism, format!("two runs at {} give different images", times(first.size))),
        Err(Stop::Failed { why, .. }) => Finding::fail(Check::Determinism, format!("the second run failed: {why}")),
        Err(Stop::Broken(error)) => return Err(error),
    });
    Ok(findings)
}

fn infer(
    running: &mut RunningSubmission<'_>,
    exchange: &Exchange,
    [height, width]: [usize; 2],
) -> Result<Inferred, Stop> {
    let scale = running.submission.scale;
    let slot = exchange.put(&pixels(height, width), height, width, scale)?;
    let doing = format!("a forward at {}", times([height, width]));
    let inferred = running.ask(|worker| worker.infer(&slot, &doing))?;
    let expected = [height, width].map(|side| side * scale as usize);
    let found = [inferred.height, inferred.width];
    if found != expected {
        let why = format!("expected an image of {}, found {}", times(expected), times(found));
        return Err(Stop::Failed { why, fatal: false });
    }
    Ok(inferred)
}

/// Waves and edges over the whole range of bytes, other ones in each channel.
fn pixels(height: usize, width: usize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(height * width * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let wave = (x as f64 / (5.0 + channel as f64)).sin() * (y as f64 / 7.0).cos();
                let edge = if (x / 8 + y / 8 + channel) % 2 == 0 { 1.0 } else { -1.0 };
                rgb.push((127.5 + 80.0 * wave + 47.0 * edge) as u8);
            }
        }
    }
    rgb
}

fn finite(seen: &Seen) -> Result<(), String> {
    match seen.inferred.non_finite {
        0 => Ok(()),
        n => Err(format!("{n} values are NaN or infinite at {}", times(seen.size))),
    }
}

fn range(seen: &Seen, data_range: f64) -> Result<(), String> {
    let [low, high] = seen.inferred.range;
    let (least, most) = (-OVERSHOOT * data_range, (1.0 + OVERSHOOT) * data_range);
    let at = times(seen.size);
    if low < least || high > most {
        return Err(format!(
            "values from {low:.4} to {high:.4} at {at}, expected {least} to {most} for the data range {data_range}"
        ));
    }
    if high - low < SPAN * data_range {
        return Err(format!(
            "values from {low:.4} to {high:.4} at {at}, which is a small part of the data range {data_range}: check the data_range"
        ));
    }
    Ok(())
}

fn times([height, width]: [usize; 2]) -> String {
    format!("{height} x {width}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(low: f64, high: f64) -> Seen {
        let inferred = Inferred { height: 8, width: 8, sha256: String::new(), non_finite: 0, range: [low, high] };
        Seen { size: [2, 2], inferred }
    }

    #[test]
    fn a_range_that_is_another_ones_is_found_out() {
        assert_eq!(range(&seen(-0.1, 1.2), 1.0), Ok(()));
        assert_eq!(range(&seen(-30.0, 290.0), 255.0), Ok(()));
        assert!(range(&seen(0.0, 255.0), 1.0).unwrap_err().starts_with("values from 0.0000 to 255.0000 at 2 x 2"));
        assert!(range(&seen(0.0, 1.0), 255.0).unwrap_err().ends_with("check the data_range"));
    }

    #[test]
    fn the_image_fills_the_range_of_bytes() {
        let rgb = pixels(33, 47);
        assert_eq!(rgb.len(), 33 * 47 * 3);
        assert!(*rgb.iter().min().unwrap() < 16 && *rgb.iter().max().unwrap() > 240);
    }
}
