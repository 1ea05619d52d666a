//! The worker as a process: it ends with its input and with its parent, and its stdout is the protocol's alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Worker;

fn alive(pid: &str) -> bool {
    // A process that ended and waits to be reaped counts as gone.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn it_ends_with_its_input() {
    let mut worker = Worker::start();
    worker.hello();
    assert!(worker.close());
}

#[test]
fn it_dies_with_its_parent() {
    // A shell that starts a worker, tells its number and waits; the worker's input stays open in this test.
    let mut parent = Command::new("sh")
        .args(["-c", r#"exec 3<&0; "$0" <&3 & echo $!; wait"#, env!("CARGO_BIN_EXE_esr-worker")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = parent.stdin.take().unwrap();
    let mut output = BufReader::new(parent.stdout.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    let worker = line().trim().to_owned();
    // A worker that answers has arranged its end already.
    writeln!(input, r#"{{"id":1,"do":"hello","protocol":1}}"#).unwrap();
    assert!(line().starts_with(r#"{"id":1,"reply":"hello""#));
    assert!(alive(&worker), "{worker:?}");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while alive(&worker) {
        assert!(Instant::now() < deadline, "the worker outlived its parent");
        sleep(Duration::from_millis(20));
    }
    drop(input);
}

#[test]
fn nothing_but_replies_reaches_its_stdout() {
    // Whoever writes to descriptor 1 of a worker writes to its stderr.
    let mut child = Command::new(env!("CARGO_BIN_EXE_esr-worker"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, r#"{{"id":1,"do":"hello","protocol":1}}"#).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut reply = String::new();
    stdout.read_line(&mut reply).unwrap();
    assert!(reply.starts_with(r#"{"id":1,"reply":"hello""#), "{reply}");
    let link = |fd: u32| fs::read_link(format!("/proc/{}/fd/{fd}", child.id())).unwrap();
    assert_eq!(link(1), link(2));
    writeln!(fs::OpenOptions::new().write(true).open(format!("/proc/{}/fd/1", child.id())).unwrap(), "stray").unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let (mut rest, mut log) = (String::new(), String::new());
    stdout.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(rest, "");
    assert!(log.contains("stray"), "{log:?}");
}

#[test]
fn a_signal_ends_it_at_once_while_it_starts_and_leaves_no_partial_line() {
    for (delay_ms, signal) in
        [0, 1, 3, 10, 30, 100, 300].into_iter().flat_map(|d| [(d, libc::SIGINT), (d, libc::SIGTERM)])
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_esr-worker"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // SAFETY: between fork and exec one async-signal-safe call is made. A shell lets its background jobs ignore SIGINT, and
        // children inherit that.
        unsafe {
            command.pre_exec(|| {
                libc::signal(libc::SIGINT, libc::SIG_DFL);
                Ok(())
            });
        }
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, r#"{{"id":1,"do":"hello","protocol":1}}"#).unwrap();
        sleep(Duration::from_millis(delay_ms));
        // SAFETY: a child of this process that was not waited for.
        assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
        let sent = Instant::now();
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal), "after {delay_ms} ms: {status}");
        assert!(sent.elapsed() < Duration::from_secs(20), "after {delay_ms} ms it took {:?}", sent.elapsed());
        assert!(output.is_empty() || output.ends_with("}\n"), "after {delay_ms} ms: {output:?}");
        drop(stdin);
    }
}
