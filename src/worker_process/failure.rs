//! Why a worker did not do what it was asked: every reason that can stand in a submission's row.

use std::fmt;
use std::time::Duration;

use rustix::process::Signal;

use crate::protocol::Failed;

/// A request that was not fulfilled.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The worker said so itself, and is ready for the next request.
    Refused(Failed),
    /// The worker ended.
    Died {
        /// What it was doing.
        doing: String,
        /// How it ended.
        status: Status,
        /// The last lines of its log, joined.
        last_words: String,
    },
    /// The worker did not answer in time, and was killed.
    TimedOut {
        /// What it was doing.
        doing: String,
        /// The limit.
        limit: Duration,
    },
    /// The worker held more memory than it may, and was killed.
    OverMemory {
        /// What it was doing.
        doing: String,
        /// Its resident bytes when it was caught.
        resident: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The worker wrote more temporary files than it may, and was killed.
    OverDisk {
        /// What it was doing.
        doing: String,
        /// Bytes on the disk when it was caught.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something on the worker's stdout that is no answer to the request. The worker was killed.
    Stray {
        /// What it was doing.
        doing: String,
        /// What was wrong with the line.
        found: String,
    },
    /// A figure in a reply that cannot be true. The worker was killed.
    Implausible {
        /// What it was doing.
        doing: String,
        /// What was expected and what was found.
        found: String,
    },
    /// The recorded operations refer to what is not there. The worker is ready for the next request.
    InvalidGraph {
        /// The key in the graph.
        at: String,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The user interrupted. The worker was killed.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(failed) => f.write_str(&one_line(&failed.message, 400)),
            Failure::Died { doing, status, last_words } => {
                write!(f, "the worker {status} during {doing}")?;
                if last_words.is_empty() { Ok(()) } else { write!(f, "; it last said: {last_words}") }
            }
            Failure::TimedOut { doing, limit } => {
                write!(f, "no answer within {} s during {doing}", limit.as_secs_f64())
            }
            Failure::OverMemory { doing, resident, limit } => write!(
                f,
                "{} MiB of memory during {doing}, the limit is {} MiB",
                resident.div_ceil(1 << 20),
                limit >> 20
            ),
            Failure::OverDisk { doing, size, limit } => write!(
                f,
                "{} MiB of temporary files during {doing}, the limit is {} MiB",
                size.div_ceil(1 << 20),
                limit >> 20
            ),
            Failure::Stray { doing, found } => write!(f, "stray output during {doing}: {found}"),
            Failure::Implausible { doing, found } => {
                write!(f, "the worker's figures cannot be true during {doing}: {}", one_line(found, 300))
            }
            Failure::InvalidGraph { at, expected, found } => {
                write!(f, "its graph is not whole: `{at}`: expected {expected}, found {found}")
            }
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl Failure {
    /// Whether the worker is ready for the next request.
    pub fn leaves_worker_alive(&self) -> bool {
        matches!(self, Failure::Refused(_) | Failure::InvalidGraph { .. })
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows: it closed its output, and had to be killed.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Status::Code(code) => write!(f, "ended with exit code {code}"),
            Status::Signal(signal) => match signal_name(signal) {
                Some((name, meaning)) => write!(f, "was killed by {name} ({meaning})"),
                None => write!(f, "was killed by signal {signal}"),
            },
            Status::Unknown => f.write_str("closed its output"),
        }
    }
}

fn signal_name(signal: i32) -> Option<(&'static str, &'static str)> {
    Some(match Signal::from_named_raw(signal)? {
        Signal::SEGV => ("SIGSEGV", "invalid memory access"),
        Signal::BUS => ("SIGBUS", "invalid memory access"),
        Signal::ILL => ("SIGILL", "illegal instruction"),
        Signal::FPE => ("SIGFPE", "arithmetic error"),
        Signal::ABORT => ("SIGABRT", "aborted"),
        Signal::KILL => ("SIGKILL", "by the system, as when memory runs out, or by a user"),
        Signal::TERM => ("SIGTERM", "terminated"),
        Signal::INT => ("SIGINT", "interrupted"),
        Signal::PIPE => ("SIGPIPE", "closed pipe"),
        Signal::SYS => ("SIGSYS", "forbidden system call"),
        Signal::XCPU => ("SIGXCPU", "CPU time limit"),
        Signal::TRAP => ("SIGTRAP", "trap"),
        _ => return None,
    })
}

/// `text` on one line, control characters blanked, at most `limit` characters: fit for a table and a log.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((cut, _)) = line.char_indices().nth(limit) {
            line.truncate(cut);
            line.push_str(" ...");
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_told_by_name() {
        assert_eq!(Status::Signal(Signal::SEGV.as_raw()).to_string(), "was killed by SIGSEGV (invalid memory access)");
        assert_eq!(Status::Signal(200).to_string(), "was killed by signal 200");
        assert_eq!(Status::Code(3).to_string(), "ended with exit code 3");
    }

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(one_line("a\n\tb\u{1b}[31mc  d", 100), "a b [31mc d");
        let long = one_line(&"é".repeat(1000), 10);
        assert_eq!(long, format!("{} ...", "é".repeat(10)));
        assert_eq!(one_line("éééééé is", 10), "éééééé is", "characters count, not bytes");
    }
}
