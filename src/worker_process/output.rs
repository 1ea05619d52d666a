//! What a worker writes: lines of its stdout one by one, and the last lines of its stderr.
//!
//! Each stream has a thread of its own, so that the harness never blocks on a silent worker. Of stderr the last lines are kept.
//! Of stdout one line waits to be taken and one is being read: a worker that writes more than it is asked for blocks on its
//! pipe, and cannot fill the harness's memory.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::worker_process::failure::one_line;

/// The longest line that is read: the graph of a network of ten thousand operations fits tenfold.
const LONGEST_LINE: u64 = 256 << 20;

/// Lines of stderr that are kept.
const KEPT: usize = 40;

/// Lines of stdout that may wait. A worker writes one line for each request, so more are never due.
const WAITING: usize = 1;

/// One thing that happened on stdout.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// A line, without its end.
    Text(String),
    /// Bytes that are no line of text: not UTF-8, or endless.
    Rubbish(String),
    /// Closed.
    End,
}

/// Reads lines into a channel until the stream closes or makes no sense.
pub(super) fn lines(stream: impl Read + Send + 'static) -> Receiver<Line> {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || read_lines(stream, LONGEST_LINE, &sender));
    receiver
}

fn read_lines(stream: impl Read, longest: u64, sender: &SyncSender<Line>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut bytes = Vec::new();
        let line = match reader.by_ref().take(longest).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => Line::End,
            Ok(_) if bytes.last() == Some(&b'\n') => {
                bytes.pop();
                match String::from_utf8(bytes) {
                    Ok(text) => Line::Text(text),
                    Err(error) => Line::Rubbish(format!(
                        "a line that is not UTF-8: {:?}",
                        one_line(&String::from_utf8_lossy(error.as_bytes()), 60)
                    )),
                }
            }
            Ok(read) if read as u64 == longest => Line::Rubbish(format!("a line of more than {longest} bytes")),
            Ok(_) => Line::Rubbish(format!("an unfinished line: {:?}", one_line(&String::from_utf8_lossy(&bytes), 60))),
        };
        let last = !matches!(line, Line::Text(_));
        if sender.send(line).is_err() || last {
            return;
        }
    }
}

/// The end of a worker's log.
#[derive(Debug, Clone)]
pub(super) struct Log(Arc<(Mutex<Tail>, Condvar)>);

#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    closed: bool,
}

impl Log {
    /// Follows `stream` until it closes.
    pub(super) fn follow(stream: impl Read + Send + 'static) -> Log {
        let log = Log(Arc::default());
        let writer = log.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            loop {
                let mut bytes = Vec::new();
                match reader.by_ref().take(4096).read_until(b'\n', &mut bytes) {
                    Ok(0) | Err(_) => break,
                    Ok(_) => writer.tail().push(&String::from_utf8_lossy(&bytes)),
                }
            }
            writer.tail().closed = true;
            writer.0.1.notify_all();
        });
        log
    }

    /// The last words of a process that ended: waits a little for the stream to close.
    pub(super) fn last_words(&self) -> String {
        let tail = self.tail();
        let patience = Duration::from_millis(500);
        let (tail, _) =
            self.0.1.wait_timeout_while(tail, patience, |t| !t.closed).unwrap_or_else(PoisonError::into_inner);
        tail.summary()
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn push(&mut self, line: &str) {
        // A panic's hint about backtraces would push the message itself out of the reason.
        if line.trim().is_empty() || line.starts_with("note: ") {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(one_line(line, 400));
    }

    fn summary(&self) -> String {
        const SHOWN: usize = 3;
        let lines: Vec<&str> =
            self.lines.iter().skip(self.lines.len().saturating_sub(SHOWN)).map(String::as_str).collect();
        lines.join(" / ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &'static [u8], longest: u64) -> Vec<Line> {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::spawn(move || read_lines(bytes, longest, &sender));
        receiver.iter().collect()
    }

    /// A worker that never stops writing, and how much of it was read.
    struct Endless(std::sync::Arc<std::sync::atomic::AtomicUsize>);

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            buffer.fill(b'\n');
            self.0.fetch_add(buffer.len(), std::sync::atomic::Ordering::SeqCst);
            Ok(buffer.len())
        }
    }

    #[test]
    fn nothing_more_is_read_while_nobody_takes_lines() {
        let read = std::sync::Arc::default();
        let receiver = lines(Endless(std::sync::Arc::clone(&read)));
        assert_eq!(receiver.recv().unwrap(), Line::Text(String::new()));
        std::thread::sleep(Duration::from_millis(200));
        let held = read.load(std::sync::atomic::Ordering::SeqCst);
        assert!(held <= 64 << 10, "{held} bytes were read ahead");
        assert_eq!(receiver.recv().unwrap(), Line::Text(String::new()), "the next line comes when it is asked for");
    }

    #[test]
    fn lines_come_one_by_one_and_rubbish_ends_them() {
        assert_eq!(all(b"{}\nx\n", 9), [Line::Text("{}".into()), Line::Text("x".into()), Line::End]);
        assert_eq!(all(b"123456789", 5), [Line::Rubbish("a line of more than 5 bytes".into())]);
        assert_eq!(all(b"{\"id\":", 99), [Line::Rubbish("an unfinished line: \"{\\\"id\\\":\"".into())]);
        assert!(matches!(&all(b"\xff\n{}\n", 9)[..], [Line::Rubbish(_)]));
    }

    #[test]
    fn last_words_are_the_last_three_lines() {
        let log = Log::follow(&b"one\ntwo\n\nthread 'main' panicked\nat the disco\nnote: run with\n"[..]);
        assert_eq!(log.last_words(), "two / thread 'main' panicked / at the disco");
    }
}
