//! Lets the worker find libtorch at run time.

use std::path::PathBuf;

fn main() {
    let lib = PathBuf::from(std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys is a direct dependency"));
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
}
