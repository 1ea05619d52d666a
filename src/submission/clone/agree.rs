//! Whether a registered network gives what the team's own code gives: both run on one small image.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};
use crate::protocol::{Load, Reply, Request, Switches};
use crate::submission::resolved::Submission;
use crate::worker_process::{Exchange, Launches};

/// LR height and width of the image.
const SIZE: [usize; 2] = [40, 56];

/// What two outputs may differ by in any byte: one rounding.
const ROUNDING: u8 = 1;

/// How two outputs compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Every byte is the same.
    Same,
    /// No byte differs by more than one.
    Rounding,
    /// The largest difference of a byte.
    Differs(u8),
}

impl Agreement {
    /// Whether both are the same network.
    pub fn holds(self) -> bool {
        !matches!(self, Agreement::Differs(_))
    }

    fn of(one: &[u8], other: &[u8]) -> Agreement {
        match one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max() {
            None | Some(0) => Agreement::Same,
            Some(step) if step <= ROUNDING => Agreement::Rounding,
            Some(step) => Agreement::Differs(step),
        }
    }
}

/// Runs both submissions. The inner error says, in one line, why one of them has no output.
pub(super) fn compare(launches: &Launches, one: &Submission, other: &Submission) -> Result<Result<Agreement, String>> {
    let room = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let exchange = Exchange::create(&room.path().join("exchange"))?;
    let mut outputs = Vec::new();
    for submission in [one, other] {
        match output(launches, submission, &exchange)? {
            Ok(bytes) => outputs.push(bytes),
            Err(why) => return Ok(Err(why)),
        }
    }
    Ok(Ok(Agreement::of(&outputs[0], &outputs[1])))
}

fn output(launches: &Launches, submission: &Submission, exchange: &Exchange) -> Result<Result<Vec<u8>, String>> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let mut worker = match launches.start(&submission.network, exchange.path(), &interrupt)? {
        Ok(worker) => worker,
        Err(why) => return Ok(Err(why)),
    };
    let load = Load {
        network: submission.network.clone(),
        device: "cpu".to_owned(),
        scale: submission.scale,
        data_range: submission.data_range,
        tile: submission.tile,
        switches: Switches::default(),
    };
    if let Err(failure) = worker.request(&Request::Load(Box::new(load)), "loading") {
        return Ok(Err(failure.to_string()));
    }
    let [height, width] = SIZE;
    let slot = exchange.put(&image(height, width), height, width, submission.scale)?;
    let scale = submission.scale as usize;
    match worker.request(&Request::Infer { slot: slot.clone() }, "the comparison of outputs") {
        Ok(Reply::Inferred(_)) => {}
        Ok(_) => return Ok(Err("the worker did not answer `infer` with an image".to_owned())),
        Err(failure) => return Ok(Err(failure.to_string())),
    }
    let sr = exchange.take(&slot, height * scale, width * scale)?;
    Ok(sr.ok_or_else(|| "the exchange file was cut short".to_owned()))
}

/// Slopes with edges and a little noise: no two places look alike.
fn image(height: usize, width: usize) -> Vec<u8> {
    let byte = |y: usize, x: usize, c: usize| {
        let slope = y * 3 + x * 2 + c * 40;
        let edge = if (x / 7 + y / 5).is_multiple_of(2) { 60 } else { 0 };
        let noise = (y * 7919 + x * 104_729 + c * 1_299_709 + y * x * 31) / 8 % 32;
        ((slope % 160) + edge + noise) as u8
    };
    (0..height * width * 3).map(|at| byte(at / 3 / width, at / 3 % width, at % 3)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rounding_is_no_difference_and_two_steps_are_one() {
        assert_eq!(Agreement::of(&[1, 2, 3], &[1, 2, 3]), Agreement::Same);
        assert_eq!(Agreement::of(&[1, 2, 3], &[1, 3, 2]), Agreement::Rounding);
        let differs = Agreement::of(&[1, 2, 3], &[1, 2, 9]);
        assert!(differs == Agreement::Differs(6) && !differs.holds() && Agreement::Rounding.holds());
    }

    #[test]
    fn the_image_uses_most_values() {
        let bytes: std::collections::BTreeSet<u8> = image(40, 56).into_iter().collect();
        assert!(bytes.len() > 200, "{}", bytes.len());
    }
}
