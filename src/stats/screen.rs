//! From two entries' rounds to the scores that a sign-flip test takes.
//!
//! A score has the sign of the round's difference. Its size may depend on all that swapping the two entries' figures in a round
//! leaves as it is, and the test stays exact: on the absolute difference, on the pair's MEAN, and on every other entry. That is
//! enough to recognise a disturbed process. One that is 20 % slow moves the pair's mean by 10 % away from where the other entries
//! put the round, whichever of the two it was. Such a round says nothing of who is faster and scores zero: it is screened.
//!
//! What remains is clipped, as in Huber's estimators. A pair alone has no other entries to screen by: there the clip is
//! narrower, so that two disturbed rounds of twelve do not hide what the others show.

use super::summary::median;

/// Pair means beyond so many robust standard deviations are screened.
pub const SCREEN: f64 = 2.5;
/// The clip after screening, in median absolute differences: 1.35 standard deviations of normal noise, where Huber's estimator
/// keeps 95 % of the mean's efficiency.
pub const CLIP: f64 = 2.0;
/// The clip without screening: 0.84 standard deviations of normal noise (87 %). Far from zero the median absolute difference is
/// the difference itself, and each disturbed round outvotes as many others as the clip allows.
pub const CLIP_ALONE: f64 = 1.25;
/// From a median absolute deviation to a standard deviation of normal noise.
pub(super) const MAD_TO_SD: f64 = 1.482_602_218_505_602;
/// Fewer other entries than this cannot place a round.
const FEWEST_OTHERS: usize = 2;

/// `differences`, clipped to `clip` times the median absolute one.
pub fn clipped(differences: &[f64], clip: f64) -> Vec<f64> {
    let limit = clip * quick_median(&mut differences.iter().map(|d| d.abs()).collect::<Vec<f64>>());
    if limit > 0.0 { differences.iter().map(|d| d.clamp(-limit, limit)).collect() } else { differences.to_vec() }
}

/// Finds the rounds in which one of two entries was disturbed. Built once for a matrix of log runtimes.
#[derive(Debug)]
pub struct Screen<'a> {
    logs: &'a [Vec<Option<f64>>],
    sessions: &'a [usize],
    /// Each round's cells less the median of their entry in the session, ascending, with the entry.
    sorted: Vec<Vec<(f64, usize)>>,
}

impl<'a> Screen<'a> {
    /// `logs` by entry and round, baseline and control among them; the session of each round.
    pub fn new(logs: &'a [Vec<Option<f64>>], sessions: &'a [usize]) -> Self {
        let mut sorted: Vec<Vec<(f64, usize)>> = vec![Vec::new(); sessions.len()];
        for (entry, row) in logs.iter().enumerate() {
            for session in distinct(sessions) {
                let here: Vec<(usize, f64)> = cells(row, sessions, session).collect();
                let centre = median(&here.iter().map(|c| c.1).collect::<Vec<f64>>());
                for (round, value) in here {
                    sorted[round].push((value - centre, entry));
                }
            }
        }
        sorted.iter_mut().for_each(|round| round.sort_by(|a, b| a.0.total_cmp(&b.0)));
        Screen { logs, sessions, sorted }
    }

    /// Whether the pair has other entries to be screened by.
    pub fn able(&self) -> bool {
        self.logs.len() >= FEWEST_OTHERS + 2
    }

    /// The clip of its scores.
    pub fn clip(&self) -> f64 {
        if self.able() { CLIP } else { CLIP_ALONE }
    }

    /// For each round, whether the pair takes part: both were measured, and neither was disturbed.
    pub fn keeps(&self, i: usize, j: usize) -> Vec<bool> {
        let shared = |round: usize| Some((self.logs[i][round]?, self.logs[j][round]?));
        let mut keep: Vec<bool> = (0..self.sessions.len()).map(|round| shared(round).is_some()).collect();
        if !self.able() {
            return keep;
        }
        let mut off = vec![0.0; keep.len()];
        let mut spread = Vec::new();
        for session in distinct(self.sessions) {
            let mut means: Vec<(usize, f64)> = Vec::new();
            for round in (0..keep.len()).filter(|&r| self.sessions[r] == session) {
                let Some(common) = self.common(round, i, j) else { continue };
                spread.extend(self.others(round, i, j).map(|value| (value - common).abs()));
                if let Some((a, b)) = shared(round) {
                    means.push((round, 0.5 * (a + b) - common));
                }
            }
            let centre = median(&means.iter().map(|m| m.1).collect::<Vec<f64>>());
            for (round, mean) in means {
                off[round] = (mean - centre).abs();
            }
        }
        let own: Vec<f64> = off.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(off, _)| *off).collect();
        if own.is_empty() || spread.is_empty() {
            return keep;
        }
        // A mean of two varies less than one entry; one's distance from a median of `others` falls short by their number.
        let others = (self.logs.len() - 2) as f64;
        let of_others = quick_median(&mut spread) * (others / (others - 1.0) / 2.0).sqrt();
        let limit = SCREEN * MAD_TO_SD * median(&own).max(of_others);
        for (keep, off) in keep.iter_mut().zip(&off) {
            *keep &= *off <= limit;
        }
        keep
    }

    /// The scores of two entries on `values` (log runtimes, scores): 0 where a round plays no part.
    pub fn scores(&self, values: &[Vec<Option<f64>>], i: usize, j: usize, keep: &[bool]) -> Vec<f64> {
        let difference = |round: usize| Some(values[i][round]? - values[j][round]?).filter(|_| keep[round]);
        let differences: Vec<Option<f64>> = (0..keep.len()).map(difference).collect();
        let there: Vec<f64> = differences.iter().flatten().copied().collect();
        let mut clipped = clipped(&there, self.clip()).into_iter();
        differences.into_iter().map(|d| d.and_then(|_| clipped.next()).unwrap_or(0.0)).collect()
    }

    fn others(&self, round: usize, i: usize, j: usize) -> impl Iterator<Item = f64> {
        self.sorted[round].iter().filter(move |(_, e)| *e != i && *e != j).map(|(value, _)| *value)
    }

    /// What the others have in common in a round: their median.
    fn common(&self, round: usize, i: usize, j: usize) -> Option<f64> {
        let row = &self.sorted[round];
        let count = row.len() - row.iter().filter(|(_, e)| *e == i || *e == j).count();
        if count < FEWEST_OTHERS {
            return None;
        }
        let mut middle = self.others(round, i, j).skip((count - 1) / 2);
        let low = middle.next()?;
        Some(if count % 2 == 1 { low } else { 0.5 * (low + middle.next()?) })
    }
}

fn distinct(sessions: &[usize]) -> Vec<usize> {
    let mut all = sessions.to_vec();
    all.dedup();
    all
}

fn cells<'a>(row: &'a [Option<f64>], sessions: &'a [usize], session: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
    row.iter().enumerate().filter(move |(r, _)| sessions[*r] == session).filter_map(|(r, v)| Some((r, (*v)?)))
}

/// The median in linear time; the order of `values` is lost. NaN of nothing.
pub(super) fn quick_median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let (count, middle) = (values.len(), values.len() / 2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if count % 2 == 1 { upper } else { 0.5 * (below.iter().copied().fold(f64::MIN, f64::max) + upper) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five entries, eight rounds; each round common to all, and an own wobble.
    fn logs() -> Vec<Vec<Option<f64>>> {
        let wobble = |e: usize, r: usize| 0.01 * ((e * 31 + r * 17) as f64).sin();
        (0..5).map(|e| (0..8).map(|r| Some(e as f64 + 0.2 * (r as f64).cos() + wobble(e, r))).collect()).collect()
    }

    #[test]
    fn a_slow_process_is_screened_for_its_pairs_and_for_no_other() {
        let (mut logs, sessions) = (logs(), [0; 8]);
        logs[1][3] = logs[1][3].map(|v| v + 0.2);
        let screen = Screen::new(&logs, &sessions);
        let out =
            |i, j| screen.keeps(i, j).iter().enumerate().filter(|(_, k)| !**k).map(|(r, _)| r).collect::<Vec<_>>();
        assert_eq!((out(0, 1), out(1, 4)), (vec![3], vec![3]));
        assert!(out(0, 4).is_empty() && out(2, 3).is_empty());
        let keep = screen.keeps(0, 1);
        assert_eq!(screen.scores(&logs, 0, 1, &keep)[3], 0.0);
    }

    #[test]
    fn swapping_the_two_figures_of_a_round_turns_its_sign_and_nothing_else() {
        let (mut logs, sessions) = (logs(), [0; 8]);
        logs[2] = logs[3].iter().zip(&logs[2]).map(|(a, b)| Some(a.unwrap() + 0.3 * (b.unwrap() - 2.0))).collect();
        logs[3][5] = logs[3][5].map(|v| v + 0.3);
        let of = |logs: &[Vec<Option<f64>>]| {
            let screen = Screen::new(logs, &sessions);
            screen.scores(logs, 2, 3, &screen.keeps(2, 3))
        };
        let plain = of(&logs);
        let mut swapped = logs.clone();
        for round in [1, 5, 6] {
            (swapped[2][round], swapped[3][round]) = (logs[3][round], logs[2][round]);
        }
        for (round, (a, b)) in plain.iter().zip(of(&swapped)).enumerate() {
            let sign = if [1, 5, 6].contains(&round) { -1.0 } else { 1.0 };
            assert!((a - sign * b).abs() < 1e-12, "round {round}: {a} {b}");
        }
        assert!(plain.iter().filter(|s| **s == 0.0).count() == 1);
    }

    #[test]
    fn the_quick_median_is_the_median() {
        for count in 1..12 {
            let values: Vec<f64> = (0..count).map(|i| ((i * 7 + 3) as f64).sin()).collect();
            assert_eq!(quick_median(&mut values.clone()), median(&values));
        }
    }

    #[test]
    fn a_missing_round_plays_no_part_and_a_pair_alone_is_not_screened() {
        let mut logs = logs();
        logs[0][2] = None;
        let screen = Screen::new(&logs, &[0; 8]);
        assert!(!screen.keeps(0, 1)[2] && screen.keeps(1, 2)[2]);
        logs.truncate(2);
        logs[1][4] = Some(9.0);
        let screen = Screen::new(&logs, &[0; 8]);
        assert!(!screen.able() && screen.keeps(0, 1)[4]);
    }
}
