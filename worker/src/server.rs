//! The protocol loop: one JSON line in, one JSON line out.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use esr_bench::protocol::{Numbered, Reply, Request};
use esr_bench::worker_process::sandbox;
use serde_json::Value;

use crate::failure;
use crate::failure::Result;
use crate::identify;
use crate::session::Session;
use crate::{fuse, hello};

/// Answers until `exit` or the end of the input.
///
/// # Errors
/// When the pipe to or from the harness fails.
pub(crate) fn serve(mut requests: impl BufRead, mut replies: impl Write) -> io::Result<()> {
    let mut worker = Worker::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if requests.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let reply = worker.answer_line(&line);
        let mut out = serde_json::to_vec(&reply)?;
        out.push(b'\n');
        replies.write_all(&out)?;
        replies.flush()?;
        if reply.body == Reply::Bye {
            return Ok(());
        }
    }
}

#[derive(Default)]
struct Worker {
    session: Option<Session>,
}

impl Worker {
    fn answer_line(&mut self, line: &[u8]) -> Numbered<Reply> {
        let (id, request) = parse(line);
        let body = request.and_then(|r| self.answer_guarded(r)).unwrap_or_else(Reply::Failed);
        Numbered { id, body }
    }

    // tch panics where libtorch throws in a function that returns no result. Only the request fails then.
    fn answer_guarded(&mut self, request: Request) -> Result<Reply> {
        catch_unwind(AssertUnwindSafe(|| self.answer(request)))
            .unwrap_or_else(|payload| Err(failure::from_panic(payload.as_ref())))
    }

    fn answer(&mut self, request: Request) -> Result<Reply> {
        match request {
            Request::Hello { protocol } => hello::hello(protocol).map(Reply::Hello),
            Request::Load(load) => {
                sandbox::close().map_err(failure::load)?;
                // The previous network is freed first: two may not fit on the device.
                self.session = None;
                let (session, loaded) = Session::load(&load)?;
                self.session = Some(session);
                Ok(Reply::Loaded(loaded))
            }
            Request::Infer { slot } => self.session()?.infer(&slot).map(Reply::Inferred),
            Request::Time { slot, warmup, repeats } => self.session()?.time(&slot, warmup, repeats).map(Reply::Timed),
            Request::Memory { slot } => self.session()?.memory(&slot).map(Reply::Memory),
            Request::Record { height, width, how } => {
                let graph = self.session()?.record(height, width, how)?;
                Ok(Reply::Recorded { graph: Box::new(graph) })
            }
            Request::Check { probes } => self.session()?.check(&probes).map(|()| Reply::Checked),
            Request::Identify { file } => identify::identify(&file).map(Reply::Identified),
            Request::Fuse { arch, config, weights, output } => {
                fuse::fuse(&arch, &config, &weights, &output).map(Reply::Fused)
            }
            Request::Exit => Ok(Reply::Bye),
        }
    }

    fn session(&self) -> Result<&Session> {
        self.session.as_ref().ok_or_else(|| failure::request("no network is loaded: send `load` first"))
    }
}

// The number of a request is read even where the request is wrong, so that the harness can match the reply.
fn parse(line: &[u8]) -> (u64, Result<Request>) {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(e) => return (0, Err(failure::request(format!("not a line of JSON: {e}")))),
    };
    let id = value.get("id").and_then(Value::as_u64);
    match serde_json::from_value::<Numbered<Request>>(value) {
        Ok(numbered) => (numbered.id, Ok(numbered.body)),
        Err(e) => (id.unwrap_or(0), Err(failure::request(format!("not a request of this protocol: {e}")))),
    }
}
