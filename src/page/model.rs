//! The page as data: a pure function of leaderboards, entries and runs.

use serde::Serialize;

use crate::entry::{Entry, Metric, Trust, label};
use crate::error::Result;
use crate::page::comparison::Comparison;
use crate::page::data::{Announcement, SessionVerdict};
use crate::page::detail::{Detail, Fact, detail};
use crate::page::machine;
use crate::page::runtime::{Control, ImageFacts, control, images};
use crate::page::table::TrackTable;
use crate::rules::Rules;
use crate::run::{Run, failures};
use crate::text;

/// How many images an entry's section lists as its worst.
const WORST: usize = 5;

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// The heading.
    pub title: String,
    /// What made it: `esr-bench 0.1.0`.
    pub tool: String,
    /// When.
    pub made: jiff::Timestamp,
    /// Whether the session's figures can be trusted; absent for tables without a run.
    pub verdict: Option<SessionVerdict>,
    /// What may be announced.
    pub announcements: Vec<Announcement>,
    /// The runs.
    pub runs: Vec<RunFacts>,
    /// The metrics that some entry has: the axes of the scatter.
    pub metrics: Vec<MetricFacts>,
    /// The ranked tables.
    pub tracks: Vec<TrackTable>,
    /// Every entry.
    pub entries: Vec<EntryFacts>,
    /// Images side by side.
    pub comparisons: Vec<Comparison>,
}

/// A metric as an axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricFacts {
    /// `runtime_ms`.
    pub name: &'static str,
    /// `Runtime [ms]`.
    pub heading: &'static str,
    /// Decimals that the challenge prints.
    pub decimals: usize,
    /// Whether more is better.
    pub higher_is_better: bool,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryFacts {
    /// Its name in messages.
    pub name: String,
    /// The team alone, where no other entry is of the same team: plots have little room.
    pub brief: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// How far its code is the harness's own.
    pub trust: Option<&'static str>,
    /// In the order of [`Page::metrics`].
    pub figures: Vec<Option<f64>>,
    /// Why it has no complete figures.
    pub failure: Option<String>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Its run's place in [`Page::runs`].
    pub run: Option<usize>,
    /// What its run tells.
    pub detail: Option<Detail>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// Its folder's name.
    pub name: String,
    /// How it was measured.
    pub how: Vec<Fact>,
    /// On what machine.
    pub machine: Vec<Fact>,
    /// The images.
    pub images: Vec<ImageFacts>,
    /// The baseline against itself.
    pub control: Option<Control>,
}

impl Page {
    /// A page of tables alone. Rows of the tracks refer to `entries` by their place.
    pub fn new(title: String, tracks: Vec<TrackTable>, entries: &[Entry]) -> Page {
        let metrics: Vec<Metric> =
            Metric::ALL.into_iter().filter(|m| entries.iter().any(|e| e.get(*m).is_some())).collect();
        // Where all are of one kind the word says nothing.
        let mixed = entries.iter().any(|e| e.trust != entries[0].trust);
        let facts = |entry: &Entry| EntryFacts {
            name: text::one_line(&label(entry)),
            brief: match entries.iter().filter(|other| other.team == entry.team).count() {
                1 if !entry.team.is_empty() => text::one_line(&entry.team),
                _ => text::one_line(&label(entry)),
            },
            baseline: entry.baseline,
            trust: entry.trust.filter(|_| mixed).map(Trust::name),
            figures: metrics.iter().map(|m| entry.get(*m)).collect(),
            failure: entry.failure.clone(),
            notes: entry.notes.clone(),
            run: None,
            detail: None,
        };
        Page {
            title,
            tool: concat!("esr-bench ", env!("CARGO_PKG_VERSION")).to_owned(),
            made: jiff::Timestamp::now(),
            verdict: None,
            announcements: Vec::new(),
            runs: Vec::new(),
            entries: entries.iter().map(facts).collect(),
            metrics: metrics
                .iter()
                .map(|m| MetricFacts {
                    name: m.name(),
                    heading: m.heading(),
                    decimals: m.decimals(),
                    higher_is_better: m.higher_is_better(),
                })
                .collect(),
            tracks,
            comparisons: Vec::new(),
        }
    }

    /// Adds what a run tells of its entries, which are those from `first` on, in the plan's order.
    ///
    /// # Errors
    /// A graph of the run cannot be read.
    pub fn add_run(&mut self, run: &Run, first: usize, rules: &Rules) -> Result<()> {
        let counter = rules.costs.counter;
        let samples = run.samples();
        let failures = failures(run.dir())?;
        let place = self.runs.len();
        let plan = run.plan();
        let worst = run.worst(WORST);
        let of = (samples.as_slice(), failures.as_slice(), counter);
        for (planned, entry) in plan.submissions.iter().zip(self.entries.iter_mut().skip(first)) {
            entry.run = Some(place);
            let Some(results) = run.results().submissions.get(&planned.submission.name) else { continue };
            let mut detail = detail(run, planned, results, of)?;
            detail.worst = worst.iter().filter(|w| w.submission == planned.submission.name).cloned().collect();
            entry.detail = Some(detail);
        }
        let facts = RunFacts {
            name: run.dir().file_name().map_or_else(|| "run".to_owned(), |n| n.to_string_lossy().into_owned()),
            how: how(run),
            machine: machine::facts(&run.manifest().machine, &plan.device),
            images: images(run),
            control: control(run, &samples, rules)?,
        };
        let state = verdict(run, rules)?;
        self.runs.push(facts);
        self.verdict = Some(match self.verdict.take() {
            None => state,
            Some(before) => both(before, state),
        });
        Ok(())
    }
}

fn how(run: &Run) -> Vec<Fact> {
    let manifest = run.manifest();
    let plan = run.plan();
    let mut facts = vec![
        Fact::new("Begun", manifest.created.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        Fact::new("Harness", format!("esr-bench {}", manifest.esr_bench)),
        Fact::new("Worker", manifest.worker.worker.clone()),
        Fact::new("Backend", manifest.worker.backend.clone()),
        Fact::new("Device", plan.device.clone()),
        Fact::new("Protocol", plan.protocol.name()),
        Fact::new("Rounds", plan.rounds.to_string()),
        Fact::new("Repeats of each image", format!("{} after {} untimed", plan.repeats, plan.warmup)),
        Fact::new("Seed of the order", plan.seed.to_string()),
    ];
    let splits = run.splits().into_iter().map(|split| {
        let count = plan.images.iter().filter(|i| i.split == split).count();
        format!("{split}: {count} image{}", if count == 1 { "" } else { "s" })
    });
    facts.push(Fact::new("Images", splits.collect::<Vec<_>>().join(", ")));
    if let Some(baseline) = &plan.baseline {
        facts.push(Fact::new("Baseline", baseline.clone()));
    }
    if let Some(threads) = plan.switches.threads {
        facts.push(Fact::new("Threads of an operation", threads.to_string()));
    }
    facts
}

/// The session's verdict on itself, and how far it is.
fn verdict(run: &Run, rules: &Rules) -> Result<SessionVerdict> {
    let fitness = run.fitness(rules)?;
    let (plan, results) = (run.plan(), run.results());
    let mut reasons: Vec<String> = fitness.reasons.iter().map(|reason| sentence(&reason.to_string())).collect();
    let rounds = plan.labels().len() * plan.rounds as usize;
    let failed = results.failed();
    if !results.finished {
        let done = results.rounds.len();
        reasons.insert(0, format!("The run is not finished: {done} of {rounds} timed rounds are recorded."));
    } else if failed > 0 {
        reasons.push(format!("{failed} of {} submissions failed.", plan.submissions.len()));
    }
    let mark = if fitness.is_fit() && results.finished { "good" } else { "warn" };
    Ok(SessionVerdict { mark, sentence: fitness.headline(), reasons })
}

fn sentence(words: &str) -> String {
    format!("{}.", text::capitalised(words))
}

/// Two sessions on one page: the worse mark.
fn both(one: SessionVerdict, other: SessionVerdict) -> SessionVerdict {
    let worse = |mark: &str| ["good", "warn", "bad"].iter().position(|m| *m == mark);
    let mark = if worse(other.mark) > worse(one.mark) { other.mark } else { one.mark };
    let mut reasons = one.reasons;
    reasons.extend(other.reasons);
    SessionVerdict { mark, sentence: format!("{} {}", one.sentence, other.sentence), reasons }
}
