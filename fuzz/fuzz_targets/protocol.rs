//! Any bytes as lines of a worker.
#![no_main]

use esr_bench::graph;
use esr_bench::protocol::{Numbered, Reply, Request};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for line in data.split(|&b| b == b'\n') {
        let _ = serde_json::from_slice::<Numbered<Request>>(line);
        if let Ok(Numbered { body: Reply::Recorded { graph }, .. }) = serde_json::from_slice::<Numbered<Reply>>(line)
            && graph::file::check(&graph).is_ok()
        {
            let _ = graph::count(&graph, graph::Counter::Hook);
            let _ = graph::precision(&graph, "float32");
        }
    }
});
