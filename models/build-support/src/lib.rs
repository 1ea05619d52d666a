//! Compiles a package's C++ against the libtorch that torch-sys found. For build scripts alone.
//!
//! The folder `include` holds `guard.h`, which every C++ part of the workspace uses at its border with Rust.

// A build script speaks to cargo on stdout.
#![allow(clippy::print_stdout)]

use std::env;
use std::path::{Path, PathBuf};

/// Compiles `sources` (paths relative to the package) into the static library `name`, and lets the package's programs
/// and tests find libtorch at run time.
///
/// # Panics
/// Where the package that runs it does not depend on torch-sys directly: cargo tells only direct dependents where the
/// libtorch is that torch-sys was linked with.
pub fn compile(name: &str, sources: &[PathBuf]) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    println!("cargo:rerun-if-changed={}", own.display());
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let lib = PathBuf::from(env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency"));
    let include = lib.parent().expect("libtorch/lib has a parent").join("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        // As libtorch was built, in every profile: with assertions on, inline code of its headers would differ.
        .define("NDEBUG", None)
        .debug(false)
        .opt_level(2)
        .include(own)
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .files(sources)
        .compile(name);
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
