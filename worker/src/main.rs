//! `esr-worker`: runs one network on libtorch for `esr-bench`.
//!
//! It speaks [`esr_bench::protocol`] on stdin and stdout, and ends with its input or with its parent. Whatever the
//! libraries print goes to stderr, its log.

mod cuda;
mod exchange;
mod failure;
mod fuse;
mod hello;
mod identify;
mod memory;
mod network;
mod pixels;
mod process;
mod program;
mod record;
mod server;
mod session;
mod shim;
mod timing;

use std::io;

fn main() -> anyhow::Result<()> {
    process::end_with_parent();
    let replies = process::claim_stdout()?;
    // Before anything asks libtorch about CUDA: the first answer is kept for good.
    cuda::open();
    // Nothing here trains.
    let _no_grad = tch::no_grad_guard();
    server::serve(io::stdin().lock(), replies)?;
    process::exit_at_once()
}
