// The reader of `models/`, compiled on the stand-in for tch.
#[path = "../models/src/state/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod state;

#[allow(dead_code)]
mod vars {
    pub(crate) type StateDict = std::collections::BTreeMap<String, tch::Tensor>;
}
