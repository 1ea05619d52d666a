//! What the processors do while something is timed: who else uses them, what a hypervisor takes away, how often the
//! scheduler switches.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::machine::files;

/// Counters of the kernel at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    at: Instant,
    /// Ticks of all processors that were spent on anything but waiting, and ticks that the hypervisor gave to others.
    busy: u64,
    stolen: u64,
    total: u64,
    /// CPU seconds of the harness itself.
    own: f64,
}

/// What happened on the processors between two moments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Activity {
    /// Processors that were kept busy, on average, by processes other than the harness and its worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub others_busy: Option<f64>,
    /// The share of the processors' time that the hypervisor gave to other machines, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steal: Option<f64>,
    /// How often the worker was taken off a processor although it wanted to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preempted: Option<u64>,
    /// How often the worker waited by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
}

/// What one process used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProcessUse {
    cpu_s: f64,
    preempted: Option<u64>,
    waited: Option<u64>,
}

impl Snapshot {
    /// The counters now; absent where the system does not tell.
    pub fn take() -> Option<Snapshot> {
        Snapshot::of(&files::text(Path::new("/"), "proc/stat")?)
    }

    fn of(stat: &str) -> Option<Snapshot> {
        // user nice system idle iowait irq softirq steal; guest time is counted within user time.
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line.split_whitespace().take(8).map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [user, nice, system, idle, iowait, irq, softirq, stolen] = ticks.try_into().ok()?;
        let busy = user + nice + system + irq + softirq;
        let own = process_use("self").map_or(0.0, |used| used.cpu_s);
        Some(Snapshot { at: Instant::now(), busy, stolen, total: busy + idle + iowait + stolen, own })
    }

    /// What happened since `self`, in which the worker used what `worker` says.
    pub fn until(&self, now: &Snapshot, worker: Option<ProcessUse>) -> Activity {
        let seconds = now.at.duration_since(self.at).as_secs_f64();
        let busy = (now.busy.saturating_sub(self.busy)) as f64 / ticks_per_second();
        let total = now.total.saturating_sub(self.total);
        let known = worker.map(|worker| worker.cpu_s + now.own - self.own);
        Activity {
            // A tick is ten milliseconds: of a shorter time nothing can be said.
            others_busy: known.filter(|_| seconds > 0.05).map(|known| ((busy - known) / seconds).max(0.0)),
            steal: (total > 0).then(|| now.stolen.saturating_sub(self.stolen) as f64 / total as f64),
            preempted: worker.and_then(|worker| worker.preempted),
            waited: worker.and_then(|worker| worker.waited),
        }
    }
}

/// What the process (a number, or `self`) used so far, all its threads together; absent once it has ended.
pub fn process_use(pid: &str) -> Option<ProcessUse> {
    let root = Path::new("/proc").join(pid);
    let stat = files::text(&root, "stat")?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let mut used = ProcessUse { cpu_s: (ticks(11)? + ticks(12)?) as f64 / ticks_per_second(), ..ProcessUse::default() };
    for thread in std::fs::read_dir(root.join("task")).into_iter().flatten().flatten() {
        let status = files::text(&thread.path(), "status").unwrap_or_default();
        let count = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)?.trim().parse::<u64>().ok());
        let add = |sum: &mut Option<u64>, more: Option<u64>| {
            *sum = more.map(|more| more + sum.unwrap_or_default()).or(*sum);
        };
        add(&mut used.preempted, count("nonvoluntary_ctxt_switches:"));
        add(&mut used.waited, count("voluntary_ctxt_switches:"));
    }
    Some(used)
}

fn ticks_per_second() -> f64 {
    rustix::param::clock_ticks_per_second() as f64
}

/// Other processes that run or want to run now, by name; at most `most`.
pub fn running(except: &[u32], most: usize) -> Vec<String> {
    let mut names = Vec::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Some(stat) = files::text(&process.path(), "stat") else { continue };
        let Some((head, tail)) = stat.rsplit_once(')') else { continue };
        if tail.trim_start().starts_with('R') && !except.contains(&pid) {
            names.push(head.split_once('(').map_or("", |(_, name)| name).to_owned());
        }
        if names.len() == most {
            break;
        }
    }
    names.sort_unstable();
    names
}

/// The mean clock of all processors now, in MHz; absent where the system does not tell.
pub fn clock_mhz() -> Option<f64> {
    let cpus = std::fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten();
    let mut clocks: Vec<f64> = cpus
        .filter_map(|cpu| files::number::<f64>(&cpu.path(), "cpufreq/scaling_cur_freq").map(|khz| khz / 1000.0))
        .collect();
    if clocks.is_empty() {
        let info = files::text(Path::new("/"), "proc/cpuinfo").unwrap_or_default();
        clocks = info
            .lines()
            .filter_map(|line| line.strip_prefix("cpu MHz")?.split_once(':')?.1.trim().parse().ok())
            .collect();
    }
    (!clocks.is_empty()).then(|| clocks.iter().sum::<f64>() / clocks.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_use_is_the_rest() {
        let at = |stat: &str| Snapshot::of(stat).unwrap();
        let before = Snapshot { own: 0.0, ..at("cpu  100 0 0 1000 0 0 0 0 0 0\n") };
        let mut after = Snapshot { own: 0.0, ..at("cpu  400 0 100 1500 0 0 0 100 0 0\ncpu0 1 2\n") };
        after.at = before.at + std::time::Duration::from_secs(2);
        let worker = ProcessUse { cpu_s: 1.0, preempted: Some(3), waited: Some(7) };
        let activity = before.until(&after, Some(worker));
        // Four seconds were used in two, one of them by the worker.
        assert_eq!(activity.others_busy, Some(400.0 / ticks_per_second() / 2.0 - 0.5));
        assert_eq!((activity.steal, activity.preempted, activity.waited), (Some(0.1), Some(3), Some(7)));
        assert_eq!(
            before.until(&after, None).others_busy,
            None,
            "without the worker's share nothing is known of others"
        );
    }

    #[test]
    fn this_process_has_used_something() {
        let mut sum = 0_u64;
        for i in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(i * i));
        }
        std::hint::black_box(sum);
        let used = process_use("self").unwrap();
        assert!(used.waited.is_some() && used.preempted.is_some());
        assert!(process_use("4294967295").is_none());
    }
}
