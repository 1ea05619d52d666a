//! What a reader must know of an entry's figures.

use std::fmt;

/// Why an entry's quality was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoQuality {
    RandomWeights,
    SyntheticInput,
    NoHr,
}

/// A note on an entry; its text is what tables print.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Note {
    /// Fewer rounds than planned.
    Rounds { timed: usize, planned: u32 },
    /// The runtime is not that of all splits that the rules name.
    RuntimeOf { splits: Vec<String> },
    /// Memory is not that of the split that the rules name.
    MemoryOf { splits: Vec<String>, named: &'static str },
    /// What memory means on the CPU.
    ResidentGrowth,
    /// Efficiency only.
    NoQuality(NoQuality),
    /// NaN or infinity in outputs.
    NonFinite { values: u64 },
    /// Convolutions that the hook does not see.
    Functional { convolutions: usize, macs: u64 },
    /// Parameters that no recorded operation read.
    Unread { parameters: Vec<String> },
    /// A check of its figures failed.
    Untrusted { reason: String },
    /// The run went on on another machine.
    Machines { machines: Vec<String> },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Rounds { timed, planned } => write!(f, "{timed} of {planned} rounds timed"),
            Note::RuntimeOf { splits } => write!(f, "runtime is that of {}", splits.join(" and ")),
            Note::MemoryOf { splits, named } => {
                write!(f, "memory is that of {}, as {named} was not measured", splits.join(" and "))
            }
            Note::ResidentGrowth => f.write_str("memory is the process's resident growth on the CPU"),
            Note::NoQuality(why) => write!(
                f,
                "efficiency only: PSNR not measured ({})",
                match why {
                    NoQuality::RandomWeights => "random weights",
                    NoQuality::SyntheticInput => "synthetic input",
                    NoQuality::NoHr => "no HR images",
                }
            ),
            Note::NonFinite { values } => write!(f, "{values} output values were NaN or infinite"),
            Note::Functional { convolutions, macs } => write!(
                f,
                "{convolutions} convolutions of {:.3} G MACs are no modules: the hook convention does not count them",
                *macs as f64 / 1e9
            ),
            Note::Unread { parameters } => {
                let more = if parameters.len() > 3 { ", ..." } else { "" };
                let first: Vec<&str> = parameters.iter().take(3).map(String::as_str).collect();
                write!(f, "no operation reads {} of its parameters: {}{more}", parameters.len(), first.join(", "))
            }
            Note::Untrusted { reason } => write!(f, "a check of its figures failed: {reason}"),
            Note::Machines { machines } => {
                write!(f, "figures of {} machines are mixed: {}", machines.len(), machines.join("; "))
            }
        }
    }
}
