//! The worker as a process: it ends with its input and with its parent, and its stdout is the protocol's alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
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
