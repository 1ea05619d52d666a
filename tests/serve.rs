//! `esr-bench serve` over real connections: what it shows, what it refuses, and how it follows a run that another process writes.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, events, told};

struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(bench: &Bench, folder: &str) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_esr-bench"))
            .args(["serve", folder, "--port", "0", "--nice", "0"])
            .current_dir(bench.path(""))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).expect("an address").split('/').next().unwrap().to_owned();
        Server { child, address }
    }

    /// Sends bytes as they are, and returns the status and the whole answer.
    fn raw(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // The server may refuse, and close, before all is sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    fn get(&self, path: &str) -> (u16, String) {
        let host = &self.address;
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
    }

    fn state(&self, run: &str) -> serde_json::Value {
        let (status, answer) = self.get(&format!("/run/{run}/state.json"));
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }
}

fn measured() -> Bench {
    let bench = Bench::new();
    bench.submission("a", "{}");
    bench.data("Tiny", &[(16, 16)]);
    let args = ["a", "--data", "val=Tiny", "--run", "results/one", "--rounds", "3"];
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(events(&bench.path("results/one")).iter().filter(|e| e["event"] == "round").count(), 3);
    bench
}

/// Asks until the answer is as wanted.
fn eventually<T>(mut ask: impl FnMut() -> T, good: impl Fn(&T) -> bool) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = ask();
        if good(&answer) || Instant::now() > end {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn runs_are_listed_and_shown_and_nothing_else_is() {
    let bench = measured();
    std::fs::write(bench.path("secret.txt"), "secret").unwrap();
    let server = Server::start(&bench, "results");
    let (status, list) = server.get("/");
    assert_eq!(status, 200, "{list}");
    assert!(list.contains("href=\"&#x2f;run&#x2f;one&#x2f;\"") && list.contains("finished"), "{list}");
    let (status, page) = server.get("/run/one/");
    assert_eq!(status, 200);
    assert!(page.contains("data-live=\"yes\"") && page.contains("connect-src &#x27;self&#x27;"));
    assert!(page.contains("x-frame-options: DENY") && page.contains("cache-control: no-store"));
    assert_eq!(server.state("one")["progress"]["finished"], true);
    let outside = [
        "/run/../secret.txt/",
        "/run/..%2Fsecret.txt/",
        "/run/%2e%2e/",
        "/run/one/../../../secret.txt",
        "/run/one%00/",
        "/run/one/run.json",
        "/results/one/events.jsonl",
        "//etc/passwd",
        "/run/%2Fetc%2Fpasswd/",
    ];
    for path in outside {
        let (status, answer) = server.get(path);
        assert!(matches!(status, 400 | 404), "{path}: {answer}");
        assert!(!answer.contains("secret\n") && !answer.contains("root:"), "{path}: {answer}");
    }
}

#[test]
fn other_hosts_methods_bodies_and_oversized_requests_are_refused() {
    let bench = measured();
    let server = Server::start(&bench, "results");
    let own = server.address.clone();
    let port = own.rsplit(':').next().unwrap();
    let asked = |request: String| server.raw(request.as_bytes()).0;
    let get = |host: &str| asked(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert_eq!([get(&own), get(&format!("localhost:{port}"))], [200, 200]);
    assert_eq!([get("evil.example"), get(&format!("evil.example:{port}")), get("127.0.0.1:1")], [421; 3]);
    assert_eq!(asked("GET / HTTP/1.0\r\n\r\n".into()), 421, "no name at all");
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(asked(format!("{method} / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n")), 405, "{method}");
    }
    assert_eq!(asked(format!("POST / HTTP/1.1\r\nHost: {own}\r\nContent-Length: 1000000000\r\n\r\nx")), 413);
    let long = "x".repeat(1 << 20);
    assert!(matches!(asked(format!("GET /{long} HTTP/1.1\r\nHost: {own}\r\n\r\n")), 414 | 431 | 400 | 0));
    assert!(matches!(asked(format!("GET / HTTP/1.1\r\nHost: {own}\r\nX: {long}\r\n\r\n")), 431 | 400 | 0));
    assert_eq!(get(&own), 200, "it is still there");
    let (status, head) = server.raw(format!("HEAD / HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n\r\n").as_bytes());
    assert_eq!((status, head.contains("<html")), (200, false));
}

#[test]
fn a_run_is_followed_while_it_grows_breaks_and_goes_away() {
    let bench = measured();
    let log = bench.path("results/one/events.jsonl");
    let whole = std::fs::read(&log).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|&b| b == b'\n').collect();
    // As it was before the last two rounds, the last line half written.
    let rounds: Vec<usize> =
        (0..lines.len()).filter(|&i| lines[i].windows(15).any(|w| w == b"\"event\":\"round\"")).collect();
    let start: Vec<u8> = lines[..=rounds[0]].concat();
    let torn = [start.as_slice(), &lines[rounds[1]][..20]].concat();
    std::fs::write(&log, &torn).unwrap();
    let server = Server::start(&bench, "results");
    let state = server.state("one");
    assert_eq!(
        (state["progress"]["finished"].as_bool(), state["progress"]["stage"].as_str()),
        (Some(false), Some("round 1 of 3"))
    );
    assert!(state["progress"]["seconds_left"].is_number(), "{state}");

    // It goes on.
    std::fs::write(&log, lines[..=rounds[1]].concat()).unwrap();
    let state = eventually(|| server.state("one"), |s| s["progress"]["stage"] == "round 2 of 3");
    assert_eq!((state["number"].as_u64(), state["problem"].as_str()), (Some(2), None));

    // A line that is no event: the page stays, and says so.
    std::fs::write(&log, [start.as_slice(), b"{rubbish}\n"].concat()).unwrap();
    let state = eventually(|| server.state("one"), |s| s["problem"].is_string());
    assert_eq!(state["number"], 2);
    assert!(state["problem"].as_str().unwrap().contains("events.jsonl"), "{state}");
    assert_eq!(server.get("/run/one/").0, 200);

    // Another file in its place, as a rotation leaves it.
    std::fs::rename(&log, bench.path("results/one/events.old")).unwrap();
    std::fs::write(&log, &whole).unwrap();
    let state = eventually(|| server.state("one"), |s| s["progress"]["finished"] == true);
    assert!(state["problem"].is_null());

    std::fs::remove_dir_all(bench.path("results/one")).unwrap();
    assert_eq!(server.get("/run/one/").0, 404);
    let (status, list) = server.get("/");
    assert!(status == 200 && list.contains("There are no runs yet"), "{list}");
}
