//! Compiles the shim.
//!
//! libtorch_cuda is not linked. The worker opens it when it starts where there is one (`src/cuda.rs`), so that one binary
//! serves machines with and without CUDA.

use std::path::Path;

const SOURCES: [&str; 6] = ["device.cpp", "memory.cpp", "meta.cpp", "program.cpp", "recorder.cpp", "settings.cpp"];

fn main() {
    println!("cargo:rerun-if-changed=shim");
    esr_build_support::compile("esr_shim", &SOURCES.map(|file| Path::new("shim").join(file)));
}
