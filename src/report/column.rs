//! Columns: what can be shown of an entry, by the names that the CSV export uses.

use std::fmt;
use std::str::FromStr;

use crate::entry::Metric;
use crate::entry::Trust;
use crate::report::line::{Kind, Line};
use crate::text;
use crate::util::toml_file::nearest;

/// One column of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The track's name.
    Track,
    /// The entry's place.
    Rank,
    /// The team.
    Team,
    /// The submission.
    Submission,
    /// The track's rank sum or score.
    Score,
    /// A metric; tables for people add its rank in parentheses.
    Metric(Metric),
    /// The rank by a metric, on its own.
    MetricRank(Metric),
    /// The partial score by a metric.
    MetricScore(Metric),
    /// Whether the entry is ranked.
    Ranked,
    /// Why it is not.
    Reason,
    /// Whether it is on the Pareto front that was asked for.
    Pareto,
    /// How far its code is the harness's own.
    Trust,
    /// Between which places it lies: `2-4`.
    RankInterval,
    /// The better end of that.
    RankLow,
    /// The worse end of that.
    RankHigh,
    /// Between which values its runtime lies, ms.
    RuntimeInterval,
    /// The lower end of that.
    RuntimeLow,
    /// The upper end of that.
    RuntimeHigh,
    /// Letters that it shares with entries that it cannot be told apart from.
    Group,
}

impl Column {
    /// The CSV export's columns. Scripts rely on them: they do not change.
    pub const CSV: [Column; 20] = [
        Column::Track,
        Column::Rank,
        Column::Team,
        Column::Submission,
        Column::Score,
        Column::Metric(Metric::RuntimeMs),
        Column::MetricRank(Metric::RuntimeMs),
        Column::Metric(Metric::ParamsM),
        Column::MetricRank(Metric::ParamsM),
        Column::Metric(Metric::FlopsG),
        Column::MetricRank(Metric::FlopsG),
        Column::Metric(Metric::ActsM),
        Column::MetricRank(Metric::ActsM),
        Column::Metric(Metric::MemM),
        Column::MetricRank(Metric::MemM),
        Column::Metric(Metric::PsnrVal),
        Column::Metric(Metric::PsnrTest),
        Column::Metric(Metric::Convs),
        Column::Ranked,
        Column::Reason,
    ];

    /// What the CSV export appends where it was asked how sure places are.
    pub const UNCERTAINTY: [Column; 5] =
        [Column::RankLow, Column::RankHigh, Column::RuntimeLow, Column::RuntimeHigh, Column::Group];

    /// Every column.
    pub fn all() -> impl Iterator<Item = Column> {
        let plain = [
            Column::Track,
            Column::Rank,
            Column::Team,
            Column::Submission,
            Column::Score,
            Column::Ranked,
            Column::Reason,
            Column::Pareto,
            Column::Trust,
            Column::RankInterval,
            Column::RankLow,
            Column::RankHigh,
            Column::RuntimeInterval,
            Column::RuntimeLow,
            Column::RuntimeHigh,
            Column::Group,
        ];
        let of_metric =
            Metric::ALL.into_iter().flat_map(|m| [Column::Metric(m), Column::MetricRank(m), Column::MetricScore(m)]);
        plain.into_iter().chain(of_metric)
    }

    /// The column's name: `runtime_ms`, `runtime_rank`, `runtime_score`, `team`.
    pub fn name(self) -> String {
        match self {
            Column::Track => "track".into(),
            Column::Rank => "rank".into(),
            Column::Team => "team".into(),
            Column::Submission => "submission".into(),
            Column::Score => "score".into(),
            Column::Metric(m) => m.name().into(),
            Column::MetricRank(m) => format!("{}_rank", stem(m)),
            Column::MetricScore(m) => format!("{}_score", stem(m)),
            Column::Ranked => "ranked".into(),
            Column::Reason => "reason".into(),
            Column::Pareto => "pareto".into(),
            Column::Trust => "class".into(),
            Column::RankInterval => "rank_interval".into(),
            Column::RankLow => "rank_low".into(),
            Column::RankHigh => "rank_high".into(),
            Column::RuntimeInterval => "runtime_interval".into(),
            Column::RuntimeLow => "runtime_low".into(),
            Column::RuntimeHigh => "runtime_high".into(),
            Column::Group => "group".into(),
        }
    }

    /// The heading for people; `score` is what the track calls its figure.
    pub(super) fn heading(self, score: &str) -> String {
        match self {
            Column::Score => text::capitalised(score),
            Column::Metric(m) => m.heading().into(),
            Column::MetricRank(m) => format!("{} rank", bare_heading(m)),
            Column::MetricScore(m) => format!("{} score", bare_heading(m)),
            Column::RankInterval => "Rank 95 %".into(),
            Column::RuntimeInterval => "Runtime 95 %, this session [ms]".into(),
            other => text::capitalised(&other.name().replace('_', " ")),
        }
    }

    /// Whether the column holds numbers.
    pub(super) fn is_numeric(self) -> bool {
        matches!(
            self,
            Column::RankInterval
                | Column::RankLow
                | Column::RankHigh
                | Column::RuntimeInterval
                | Column::RuntimeLow
                | Column::RuntimeHigh
        ) || matches!(
            self,
            Column::Rank | Column::Score | Column::Metric(_) | Column::MetricRank(_) | Column::MetricScore(_)
        )
    }

    /// The value as a program wants it: full precision, empty where it does not apply.
    pub(super) fn exact(self, track: &str, line: &Line<'_>) -> String {
        match self {
            Column::Track => track.to_owned(),
            Column::Rank => optional(line.rank),
            Column::Team => line.entry.team.clone(),
            Column::Submission => line.entry.submission.clone(),
            Column::Score => optional(line.score),
            Column::Metric(m) => optional(line.entry.get(m)),
            Column::MetricRank(m) => optional(line.metric_rank(m)),
            Column::MetricScore(m) => optional(line.metric_score(m)),
            Column::Ranked => (line.kind == Kind::Ranked).to_string(),
            Column::Reason => line.reason.unwrap_or_default().to_owned(),
            Column::Pareto => line.pareto.to_string(),
            Column::Trust => line.entry.trust.map_or("", Trust::name).to_owned(),
            Column::RankInterval => line.rank_interval().map_or_else(String::new, |(low, high)| span(low, high)),
            Column::RankLow => optional(line.rank_interval().map(|i| i.0)),
            Column::RankHigh => optional(line.rank_interval().map(|i| i.1)),
            Column::RuntimeInterval => {
                line.runtime_interval().map_or_else(String::new, |i| format!("{}-{}", i.low, i.high))
            }
            Column::RuntimeLow => optional(line.runtime_interval().map(|i| i.low)),
            Column::RuntimeHigh => optional(line.runtime_interval().map(|i| i.high)),
            Column::Group => line.uncertainty().map_or_else(String::new, |u| u.group.clone()),
        }
    }

    /// The value as the challenge prints it; `score_decimals` belong to the track.
    pub(super) fn shown(self, track: &str, line: &Line<'_>, score_decimals: usize) -> String {
        match self {
            Column::Score => line.score.map_or_else(String::new, |v| text::fixed(v, score_decimals)),
            Column::Metric(m) => line.entry.get(m).map_or_else(String::new, |v| text::fixed(v, m.decimals())),
            Column::MetricScore(m) => line.metric_score(m).map_or_else(String::new, |v| text::fixed(v, 2)),
            Column::RuntimeLow => runtime(line.runtime_interval().map(|i| i.low)),
            Column::RuntimeHigh => runtime(line.runtime_interval().map(|i| i.high)),
            Column::RuntimeInterval => line
                .runtime_interval()
                .map_or_else(String::new, |i| format!("{}-{}", runtime(Some(i.low)), runtime(Some(i.high)))),
            Column::Ranked => if line.kind == Kind::Ranked { "yes" } else { "no" }.into(),
            Column::Pareto => if line.pareto { "*" } else { "" }.into(),
            Column::Team if line.kind == Kind::Baseline => marked_baseline(&line.entry.team),
            other => other.exact(track, line),
        }
    }
}

/// The metric's heading without its unit.
fn bare_heading(metric: Metric) -> &'static str {
    let heading = metric.heading();
    heading.split_once(" [").map_or(heading, |(words, _)| words)
}

/// The metric's name without its unit.
fn stem(metric: Metric) -> &'static str {
    let name = metric.name();
    ["_ms", "_m", "_g"].iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name)
}

fn span(low: u32, high: u32) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

fn runtime(ms: Option<f64>) -> String {
    ms.map_or_else(String::new, |ms| text::fixed(ms, Metric::RuntimeMs.decimals()))
}

fn optional(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Column::all().find(|c| c.name() == s).ok_or_else(|| {
            let known: Vec<String> = Column::all().map(Column::name).collect();
            format!("no column `{s}`{}", nearest(s, known.iter().map(String::as_str)))
        })
    }
}

/// The columns of the table of entries that are not ranked: no rank, no score, and the reason at the end.
pub(super) fn unranked_columns(columns: &[Column]) -> Vec<Column> {
    let apply = |c: &Column| matches!(c, Column::Team | Column::Submission | Column::Metric(_) | Column::Trust);
    let mut out: Vec<Column> = columns.iter().copied().filter(apply).collect();
    if !out.contains(&Column::Team) && !out.contains(&Column::Submission) {
        out.insert(0, Column::Team);
    }
    out.push(Column::Reason);
    out
}

/// `IMDN (baseline)`, if the name does not say so itself.
pub(super) fn marked_baseline(team: &str) -> String {
    if team.to_lowercase().contains("baseline") { team.to_owned() } else { format!("{team} (baseline)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_by_its_name() {
        for column in Column::all() {
            assert_eq!(column.name().parse::<Column>(), Ok(column));
        }
        assert_eq!(
            "runtime_rnk".parse::<Column>(),
            Err("no column `runtime_rnk`, did you mean `runtime_rank`?".into())
        );
    }

    #[test]
    fn the_csv_header_is_what_scripts_rely_on() {
        assert_eq!(
            Column::CSV.map(Column::name).join(","),
            "track,rank,team,submission,score,runtime_ms,runtime_rank,params_m,params_rank,flops_g,flops_rank,acts_m,acts_rank,\
             mem_m,mem_rank,psnr_val,psnr_test,convs,ranked,reason"
        );
    }
}
