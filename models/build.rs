//! Compiles the few operations that tch lacks, and lets this package's tests find libtorch at run time.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=src/ops.cpp");
    // torch-sys tells its direct dependents where the libtorch lies that it was linked with.
    let lib = PathBuf::from(std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency"));
    let include = lib.parent().expect("libtorch/lib has a parent").join("include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        // As libtorch was built: with assertions on, inline code of its headers would differ.
        .define("NDEBUG", None)
        .debug(false)
        .opt_level(1)
        .include(&include)
        .file("src/ops.cpp")
        .compile("esr_ops");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
