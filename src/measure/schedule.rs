//! In which order a round runs the submissions.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// For each round, the order of `labels` labels: shuffled in even rounds, and mirrored in the odd round after it, so that
/// what drifts (heat, clocks) falls on all alike. The same seed gives the same order, and more rounds only add to it.
pub fn order(labels: usize, rounds: u32, seed: u64) -> Vec<Vec<usize>> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut orders: Vec<Vec<usize>> = Vec::new();
    for round in 0..rounds {
        let mut next: Vec<usize> = (0..labels).collect();
        match orders.last() {
            Some(last) if round % 2 == 1 => next = last.iter().rev().copied().collect(),
            _ => next.shuffle(&mut rng),
        }
        orders.push(next);
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_runs_everything_once_and_odd_rounds_mirror() {
        let orders = order(7, 6, 3);
        for pair in orders.chunks(2) {
            let mirrored: Vec<usize> = pair[1].iter().rev().copied().collect();
            assert_eq!(pair[0], mirrored);
            let mut sorted = mirrored;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_ne!(orders[0], orders[2], "each pair is shuffled anew");
    }

    #[test]
    fn the_order_is_seeded_and_more_rounds_keep_it() {
        assert_eq!(order(5, 4, 1), order(5, 9, 1)[..4]);
        assert_ne!(order(20, 1, 1), order(20, 1, 2));
        assert_eq!(order(3, 0, 1), Vec::<Vec<usize>>::new());
    }
}
