//! `esr-worker`: runs one network on libtorch for `esr-bench`.

fn main() {}
