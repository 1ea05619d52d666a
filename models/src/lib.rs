//! The registry of efficient super-resolution networks.
//!
//! Each network is built by name from hyperparameters and weights ([`arch::Arch`]), runs on tch, and tells an observer
//! which module it is in ([`scope`]), so that a recorder sees what PyTorch's hooks would.

pub mod arch;
pub mod blocks;
pub mod identify;
pub mod nn;
mod ops;
pub mod rep;
pub mod scope;
pub mod state;
pub mod vars;

/// Shorthand for this package's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a card and a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such architecture.
    #[error("no architecture `{name}`; known: {}", known.join(", "))]
    UnknownArch {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Hyperparameters that the architecture does not take.
    #[error("{arch}: {reason}")]
    Config {
        /// The architecture.
        arch: String,
        /// serde's message, which names the key.
        reason: String,
    },
    /// A weights file cannot be read.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The weights do not fit.
    #[error(transparent)]
    Misfit(#[from] vars::Misfit),
}
