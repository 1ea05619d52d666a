//! What can go wrong between a card and a network.

use crate::{state, vars};

/// Shorthand for this package's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a card and a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such architecture.
    #[error("no architecture `{name}`; known: {}", known.join(", "))]
    UnknownArch {
        /// The name that was given.
        name: String,
        /// The names of the registry.
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
    /// The weights hold a branch that may or may not take part in the forward, and the config does not say which.
    #[error(
        "{arch}: the EDBB block `{block}` has a branch `conv1x1_3x3`, and the weights do not tell whether its forward \
         adds it: the block's argument `with_13` decides. State `with_13 = true` or `with_13 = false` in the config of a \
         model card and name that card"
    )]
    Undecided {
        /// The architecture.
        arch: &'static str,
        /// The first such block's key.
        block: String,
    },
}
