//! `esr-worker`: runs one network on libtorch for `esr-bench`.
//!
//! It speaks [`esr_bench::protocol`] on stdin and stdout, and ends when its input ends or its parent dies. What libraries
//! print goes to stderr, the worker's log. SIGINT and SIGTERM end it at once, as is the default: it holds nothing that
//! another process could need, and a reply of up to 4 KiB (PIPE_BUF) is written whole or not at all.

mod cuda;
mod device;
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
mod runnable;
mod server;
mod session;
mod shim;
mod timing;

use std::io;

fn main() -> io::Result<()> {
    // Before libtorch allocates.
    process::keep_freed_memory();
    process::end_with_parent();
    let replies = process::claim_stdout()?;
    // Before anything asks libtorch about CUDA: libtorch keeps its first answer.
    cuda::open();
    // Nothing here trains.
    let _no_grad = tch::no_grad_guard();
    server::serve(io::stdin().lock(), replies)?;
    process::exit_at_once()
}
