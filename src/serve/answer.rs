//! From a request to an answer, without a network.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::error::Result;
use crate::page::{RunLine, render_list};
use crate::rules::Rules;
use crate::serve::follow::Follower;
use crate::serve::hosts::Hosts;
use crate::serve::list::{Listed, runs};
use crate::serve::progress::Progress;

/// What is served.
#[derive(Debug)]
pub struct Site {
    folder: PathBuf,
    rules: Rules,
    hosts: Hosts,
    followers: Mutex<HashMap<PathBuf, Arc<Follower>>>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub kind: &'static str,
    /// The body.
    pub body: Arc<String>,
}

/// What a live page asks for every few seconds.
#[derive(Debug, Serialize)]
struct State<'a> {
    number: u64,
    problem: Option<&'a str>,
    progress: &'a Progress,
}

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

impl Answer {
    /// A short text.
    pub fn text(status: u16, text: &str) -> Answer {
        Answer { status, kind: TEXT, body: Arc::new(format!("{text}\n")) }
    }
}

impl Site {
    /// The runs of `folder`, ranked by `rules`.
    pub fn new(folder: PathBuf, rules: Rules, hosts: Hosts) -> Site {
        Site { folder, rules, hosts, followers: Mutex::default() }
    }

    /// Answers a request. `path` is as it came, percent signs included.
    pub fn answer(&self, method: &str, host: Option<&str>, path: &str) -> Answer {
        if !self.hosts.allow(host) {
            return Answer::text(421, "This server answers to its own address only; `--host NAME` adds a name.");
        }
        if !matches!(method, "GET" | "HEAD") {
            return Answer::text(405, "This server only shows: GET and HEAD.");
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            [""] => self.list().unwrap_or_else(|error| Answer::text(500, &error.to_string())),
            ["run", name, what @ ("" | "state.json")] => self.run(name, *what == "state.json"),
            _ => Answer::text(404, "There is no such page."),
        }
    }

    /// A name is looked up among the runs that are there: what the request says never becomes a path.
    fn run(&self, name: &str, state: bool) -> Answer {
        let Some(name) = decoded(name) else { return Answer::text(400, "The address is not well formed.") };
        let Some(listed) = runs(&self.folder).into_iter().find(|run| run.name == name) else {
            self.forget();
            return Answer::text(404, "There is no such run (any more).");
        };
        match self.follower(&listed).look(&self.rules) {
            Err(error) => Answer::text(500, &error.to_string()),
            Ok(seen) if state => {
                let state = State { number: seen.number, problem: seen.problem.as_deref(), progress: &seen.progress };
                let body = serde_json::to_string(&state).unwrap_or_default();
                Answer { status: 200, kind: JSON, body: Arc::new(body) }
            }
            Ok(seen) => Answer { status: 200, kind: HTML, body: seen.html },
        }
    }

    fn list(&self) -> Result<Answer> {
        let line = |listed: Listed| {
            let address = format!("/run/{}/", encoded(&listed.name));
            match self.follower(&listed).look(&self.rules) {
                Ok(seen) => RunLine::new(listed.name, address, seen.progress.into_line(), seen.problem),
                Err(error) => {
                    RunLine::new(listed.name, address, crate::page::LineProgress::default(), Some(error.to_string()))
                }
            }
        };
        let lines: Vec<RunLine> = runs(&self.folder).into_iter().map(line).collect();
        Ok(Answer { status: 200, kind: HTML, body: Arc::new(render_list(&lines)?) })
    }

    fn follower(&self, listed: &Listed) -> Arc<Follower> {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Follower::new(listed.dir.clone()));
        followers.entry(listed.dir.clone()).or_insert_with(make).clone()
    }

    /// Runs that were removed take their pages with them.
    fn forget(&self) {
        let there = runs(&self.folder);
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|dir, _| there.iter().any(|run| run.dir == *dir));
    }
}

impl Progress {
    fn into_line(self) -> crate::page::LineProgress {
        crate::page::LineProgress {
            done: self.done,
            total: self.total,
            seconds_left: self.seconds_left,
            finished: self.finished,
            failed: self.failed,
            stage: self.stage,
        }
    }
}

/// A name as part of an address.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => out.push(byte as char),
            // Dots alone would be a step up for a browser.
            b'.' if !name.bytes().all(|b| b == b'.') => out.push('.'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decoded(part: &str) -> Option<String> {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = bytes.get(at + 1..at + 3).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            out.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_address() {
        for name in ["2026-01-02_03-04-05", "a b/c%", "..", "日本", "x.y", "<script>"] {
            let address = encoded(name);
            assert!(!address.contains(['/', '<', ' ']) && address != "..", "{address}");
            assert_eq!(decoded(&address).as_deref(), Some(name));
        }
        assert_eq!((decoded("%"), decoded("%4"), decoded("%zz"), decoded("%ff")), (None, None, None, None));
    }
}
