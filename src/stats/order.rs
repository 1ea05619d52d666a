//! What is certain about an order: who comes before whom, and what follows from that.

use super::letters::letters;

/// A strict partial order of entries, closed: whoever comes before somebody comes before all that come after him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    before: Vec<Vec<bool>>,
}

impl Order {
    /// Nothing is certain.
    pub fn open(count: usize) -> Self {
        Order { before: vec![vec![false; count]; count] }
    }

    /// The number of entries.
    pub fn count(&self) -> usize {
        self.before.len()
    }

    /// Whether `a` certainly comes before `b`.
    pub fn before(&self, a: usize, b: usize) -> bool {
        self.before[a][b]
    }

    /// Whether the two are told apart.
    pub fn apart(&self, a: usize, b: usize) -> bool {
        self.before[a][b] || self.before[b][a]
    }

    /// Adds that `a` comes before `b`, and all that follows. The caller must not add the opposite of what is known.
    pub fn add(&mut self, a: usize, b: usize) {
        debug_assert!(a != b && !self.before[b][a], "{a} before {b} contradicts what is known");
        if self.before[a][b] {
            return;
        }
        let count = self.count();
        let firsts: Vec<usize> = (0..count).filter(|&i| i == a || self.before[i][a]).collect();
        let lasts: Vec<usize> = (0..count).filter(|&i| i == b || self.before[b][i]).collect();
        for first in firsts {
            for &last in &lasts {
                self.before[first][last] = true;
            }
        }
    }

    /// Between which places each entry lies: one more than those before it, and all but those after it.
    pub fn windows(&self) -> Vec<(u32, u32)> {
        let count = self.count();
        (0..count)
            .map(|i| {
                let before = (0..count).filter(|&o| self.before[o][i]).count();
                let after = self.before[i].iter().filter(|b| **b).count();
                (1 + before as u32, (count - after) as u32)
            })
            .collect()
    }

    /// Letters by which two entries share one exactly if they are not told apart; given in the order of `places`.
    pub fn letters(&self, places: &[u32]) -> Vec<String> {
        let mut order: Vec<usize> = (0..self.count()).collect();
        order.sort_by_key(|&i| places[i]);
        let mut out = vec![String::new(); order.len()];
        for (group, &entry) in letters(order.len(), |i, j| self.apart(order[i], order[j])).into_iter().zip(&order) {
            out[entry] = group;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_added_too() {
        let mut order = Order::open(4);
        order.add(0, 1);
        order.add(2, 3);
        assert!(!order.apart(0, 3));
        order.add(1, 2);
        assert!(order.before(0, 3) && order.before(0, 2) && order.before(1, 3) && !order.before(3, 0));
        assert_eq!(order.windows(), [(1, 1), (2, 2), (3, 3), (4, 4)]);
        assert_eq!(order.letters(&[1, 2, 3, 4]), ["a", "b", "c", "d"]);
    }

    #[test]
    fn entries_that_are_not_told_apart_share_a_letter_and_a_place() {
        let mut order = Order::open(3);
        order.add(2, 0);
        assert_eq!(order.windows(), [(2, 3), (1, 3), (1, 2)]);
        assert_eq!(order.letters(&[3, 2, 1]), ["b", "ab", "a"]);
    }
}
