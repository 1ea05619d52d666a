//! What the baseline shows against itself: the one A/A figure of the project.

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::matrix::Matrix;
use super::samples::CONTROL_SUFFIX;
use super::settings::Settings;
use super::shift::PairRounds;

/// One network under two labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AgainstItself {
    /// Its label.
    pub label: String,
    /// Rounds that both labels have.
    pub rounds: usize,
    /// The control relative to the label, less one: the median of the rounds' ratios, rounds in which one of the two was disturbed left out.
    pub difference: f64,
    /// Its interval, by inverting the sign-flip test. Absent: too few rounds.
    pub interval: Option<Interval>,
    /// The p-value of "they are alike", which they are. Absent: too few rounds.
    pub p_value: Option<f64>,
}

impl AgainstItself {
    /// The largest difference that the interval allows: smaller ones between other entries cannot be expected to show in this session.
    pub fn resolution(&self) -> Option<f64> {
        self.interval.map(|i| i.low.abs().max(i.high.abs()))
    }

    /// Whether one network differs from itself at the level of its interval: something is wrong with the session, or it is that one
    /// session in twenty.
    pub fn differs(&self) -> bool {
        self.interval.is_some_and(|i| !i.contains(0.0))
    }
}

/// The A/A figure of every label of the matrix that has a control.
pub fn against_itself(matrix: &Matrix, settings: Settings) -> Vec<AgainstItself> {
    matrix
        .labels
        .iter()
        .enumerate()
        .filter_map(|(control, again)| {
            let label = again.strip_suffix(CONTROL_SUFFIX)?;
            let row = matrix.row(label)?;
            let pair = PairRounds::of(matrix, control, row);
            let tested = pair.test(1.0 - settings.level, settings);
            (!pair.ratios.is_empty()).then(|| AgainstItself {
                label: label.to_owned(),
                rounds: pair.shared,
                difference: pair.centre().exp_m1(),
                interval: tested.map(|(i, _)| Interval { low: i.low.exp_m1(), high: i.high.exp_m1() }),
                p_value: tested.map(|(_, p)| p),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::summary::Protocol;

    fn matrix(rows: &[Vec<f64>]) -> Matrix {
        let labels = vec!["imdn".to_owned(), format!("imdn{CONTROL_SUFFIX}"), "rlfn".to_owned()];
        Matrix::from_rows(labels, rows, Protocol::Robust)
    }

    #[test]
    fn the_control_is_compared_with_its_own_label() {
        let wobble = [1.0, -2.0, 0.5, -0.5, 2.0, -1.0, 0.2];
        let rows = [[10.0; 7].to_vec(), wobble.map(|w| 10.0 + 0.1 * w).to_vec(), [7.0; 7].to_vec()];
        let found = against_itself(&matrix(&rows), Settings::default());
        assert_eq!((found.len(), found[0].label.as_str(), found[0].rounds), (1, "imdn", 7));
        assert!((found[0].difference - 0.002).abs() < 1e-9);
        assert!(!found[0].differs() && found[0].resolution().unwrap() > 0.009);
    }

    #[test]
    fn a_network_that_differs_from_itself_is_told() {
        let rows = [[10.0; 7].to_vec(), [10.5; 7].to_vec(), [7.0; 7].to_vec()];
        assert!(against_itself(&matrix(&rows), Settings::default())[0].differs());
        let few = [[10.0; 3].to_vec(), [10.5; 3].to_vec(), [7.0; 3].to_vec()];
        let few = &against_itself(&matrix(&few), Settings::default())[0];
        assert_eq!((few.interval, few.differs()), (None, false));
    }
}
