//! Intervals for one submission's runtime.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use crate::stats::samples::Samples;
use crate::stats::summary::{Protocol, image_runtime, mean, median, split_names};

/// A closed interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies in it.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// An interval for the median of what `values` were drawn from, by order statistics, interpolated between the two pairs whose
/// coverage brackets `level` (Hettmansperger and Sheather 1986). It assumes no distribution, no symmetry. `None` where even the
/// extremes do not reach `level`: fewer than six values at 95 %.
pub fn of_median(values: &[f64], level: f64) -> Option<Interval> {
    let n = values.len();
    let binomial = Binomial::new(0.5, n as u64).ok()?;
    // The coverage of [x(k), x(n + 1 - k)], k from 1.
    let coverage = |k: usize| 1.0 - 2.0 * binomial.cdf(k as u64 - 1);
    let k = (1..=n / 2).take_while(|&k| coverage(k) >= level).last()?;
    let mut x = values.to_vec();
    x.sort_by(f64::total_cmp);
    if 2 * (k + 1) > n {
        return Some(Interval { low: x[k - 1], high: x[n - k] });
    }
    let inner = (coverage(k) - level) / (coverage(k) - coverage(k + 1));
    let weight = (n - k) as f64 * inner / (k as f64 + (n as f64 - 2.0 * k as f64) * inner);
    Some(Interval { low: x[k - 1] + weight * (x[k] - x[k - 1]), high: x[n - k] + weight * (x[n - k - 1] - x[n - k]) })
}

/// Student's interval for a mean. `None` for fewer than two values.
pub fn of_mean(values: &[f64], level: f64) -> Option<Interval> {
    let half = t_quantile(level, values.len())? * deviation(values) / (values.len() as f64).sqrt();
    let centre = mean(values);
    Some(Interval { low: centre - half, high: centre + half })
}

/// What resampling IMAGES would say: how far the runtime would move if other images of the same kind were taken. It says nothing
/// about run-to-run noise, and a ranking on it alone is sure of everything; it is shown as what it is. In closed form: the
/// images' standard error in each split, and the normal approximation that a bootstrap over hundreds of images converges to.
/// `None` if some split has one image only.
pub fn over_images(samples: &Samples, protocol: Protocol, level: f64) -> Option<Interval> {
    let splits = split_names(samples.rounds.iter());
    let (mut centre, mut variance, mut fewest) = (0.0, 0.0, usize::MAX);
    for split in &splits {
        // An image's figure: over its rounds, as the protocol summarises rounds.
        let mut images: indexmap::IndexMap<&str, Vec<f64>> = indexmap::IndexMap::new();
        for image in samples.rounds.iter().flat_map(|r| &r.images).filter(|i| i.split == *split) {
            images.entry(&image.image).or_default().push(image_runtime(image, protocol));
        }
        let values: Vec<f64> = images.values().map(|rounds| median(rounds)).collect();
        if values.len() < 2 {
            return None;
        }
        centre += mean(&values);
        variance += deviation(&values).powi(2) / values.len() as f64;
        fewest = fewest.min(values.len());
    }
    let count = splits.len() as f64;
    let half = t_quantile(level, fewest)? * variance.sqrt() / count;
    Some(Interval { low: centre / count - half, high: centre / count + half })
}

/// Student's two-sided quantile for `n` values. `None` for fewer than two.
pub(super) fn t_quantile(level: f64, n: usize) -> Option<f64> {
    let freedom = n.checked_sub(1).filter(|&f| f > 0)?;
    StudentsT::new(0.0, 1.0, freedom as f64).ok().map(|t| t.inverse_cdf(0.5 + level / 2.0))
}

/// The sample's standard deviation; 0 for one value.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { (squares / (values.len() - 1) as f64).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_statistics_bracket_the_median() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let i = of_median(&ten, 0.95).unwrap();
        // [x2, x9] covers 97.85 %, [x3, x8] 89.06 %: the interpolation lies between.
        let inner = (0.978_515_625 - 0.95) / (0.978_515_625 - 0.890_625);
        let weight = 8.0 * inner / (2.0 + 6.0 * inner);
        assert!((i.low - (2.0 + weight)).abs() < 1e-9, "{i:?}");
        assert!((i.high - (9.0 - weight)).abs() < 1e-9, "{i:?}");
    }

    #[test]
    fn five_values_are_too_few_and_six_are_just_enough() {
        assert_eq!(of_median(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        let i = of_median(&[6.0, 1.0, 5.0, 2.0, 4.0, 3.0], 0.95).unwrap();
        assert!((1.0..1.5).contains(&i.low) && i.high <= 6.0, "{i:?}");
    }

    #[test]
    fn student_as_in_the_tables() {
        let i = of_mean(&[1.0, 2.0, 3.0, 4.0], 0.95).unwrap();
        assert!((i.high - (2.5 + 3.182_446 * 1.290_994 / 2.0)).abs() < 1e-4, "{i:?}");
        assert_eq!(of_mean(&[1.0], 0.95), None);
    }
}
