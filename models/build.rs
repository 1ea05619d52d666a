//! Compiles the operations that tch lacks.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=src/ops.cpp");
    esr_build_support::compile("esr_ops", &[PathBuf::from("src/ops.cpp")]);
}
