//! The pixels of timed forwards: an image with small secret changes, so that no forward can be answered from an earlier one, and what
//! another process gave for them.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// One value in so many is changed, on average.
const EVERY: usize = 32;

/// What an image's forward is for: each use has pixels of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Use {
    /// The first forward of a process.
    ColdStart,
    /// Untimed forwards before the timed ones.
    WarmUp,
    /// A timed forward, by its number.
    Timed(u32),
}

/// What the reference pass of a session found.
#[derive(Debug, Default)]
pub(super) struct References {
    /// SHA-256 of the SR of each timed forward's pixels, by the submission's name, the image's place in the plan, and the use.
    pub(super) hashes: HashMap<(String, usize, Use), String>,
    /// By the submission's name: why the network that is timed is not that whose quality was measured.
    pub(super) far: HashMap<String, String>,
}

/// The bytes of an image, about one in 32 of them changed by one step up or down. The output of a network changes by about as
/// little, and no two uses of an image share their pixels.
pub(super) fn variant(rgb: &[u8], secret: u64, image: usize, of: Use) -> Vec<u8> {
    let of = match of {
        Use::ColdStart => 0,
        Use::WarmUp => 1,
        Use::Timed(n) => 2 + u64::from(n),
    };
    let mut rng = Pcg64::seed_from_u64(secret ^ (image as u64).rotate_left(40) ^ of.rotate_left(20));
    let mut changed = rgb.to_vec();
    let mut at = rng.random_range(0..EVERY.min(rgb.len().max(1)));
    while let Some(value) = changed.get_mut(at) {
        let up = rng.random::<bool>();
        *value = match *value {
            0 => 1,
            255 => 254,
            v if up => v + 1,
            v => v - 1,
        };
        at += rng.random_range(1..2 * EVERY);
    }
    changed
}

/// A secret that nobody outside of this process knows.
pub(super) fn secret() -> u64 {
    rand::random()
}

/// The numbers below `count` in an order that nobody knows before.
pub(super) fn secret_order(count: u32) -> Vec<u32> {
    use rand::seq::SliceRandom;
    let mut order: Vec<u32> = (0..count).collect();
    order.shuffle(&mut rand::rng());
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_of_an_image_has_pixels_of_its_own_and_one_step_from_it() {
        let image: Vec<u8> = (0..3000).map(|i| (i % 256) as u8).collect();
        let uses = [Use::ColdStart, Use::WarmUp, Use::Timed(0), Use::Timed(1)];
        let all: Vec<Vec<u8>> = uses.iter().map(|&of| variant(&image, 7, 0, of)).collect();
        for (i, one) in all.iter().enumerate() {
            let changed = one.iter().zip(&image).filter(|(a, b)| a != b).count();
            assert!((50..200).contains(&changed), "{changed} of 3000");
            assert!(one.iter().zip(&image).all(|(a, b)| a.abs_diff(*b) <= 1));
            assert!(all[..i].iter().all(|other| other != one));
        }
        assert_eq!(variant(&image, 7, 0, Use::Timed(1)), all[3], "the reference sees the same pixels");
        assert_ne!(variant(&image, 8, 0, Use::Timed(1)), all[3], "another secret, other pixels");
        assert_ne!(variant(&image, 7, 1, Use::Timed(1)), all[3]);
    }

    #[test]
    fn the_smallest_image_is_changed_as_well() {
        assert_ne!(variant(&[9, 9, 9], 1, 0, Use::Timed(0)), [9, 9, 9]);
        let mut order = secret_order(9);
        order.sort_unstable();
        assert_eq!(order, (0..9).collect::<Vec<u32>>());
    }
}
