//! Compiles the shim against the libtorch that torch-sys found, and lets the worker find that libtorch at run time.

use std::path::PathBuf;

const SOURCES: [&str; 5] = ["device.cpp", "meta.cpp", "program.cpp", "recorder.cpp", "settings.cpp"];

fn main() {
    println!("cargo:rerun-if-changed=shim");
    // torch-sys tells its direct dependents where the libtorch lies that it was linked with.
    let lib = PathBuf::from(std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency"));
    let include = lib.parent().expect("libtorch/lib has a parent").join("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        // As libtorch was built, in every profile: with assertions on, inline code of its headers would differ.
        .define("NDEBUG", None)
        .debug(false)
        .opt_level(2)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(SOURCES.map(|file| PathBuf::from("shim").join(file)))
        .compile("esr_shim");
    // libtorch_cuda is not linked: where there is one, the worker opens it when it starts (src/cuda.rs), so that one
    // binary serves machines with and without CUDA.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
