//! What is no regular file, or too large, where a command expects an input: refused at once, by name, with exit code 3.

#[path = "common/bench.rs"]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bench::{Bench, told};
use esr_bench::exit;

/// Far more than any of these commands needs, far less than for ever.
const PATIENCE: Duration = Duration::from_secs(20);

fn esr_bench(bench: &Bench, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_esr-bench"));
    command.args(args).current_dir(bench.path(".")).stdin(Stdio::null());
    command
}

/// The output of a command that must end by itself.
fn ended(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The command refuses `input`, whose message says what it is.
fn refused(bench: &Bench, args: &[&str], found: &str) {
    let (code, _, stderr) = told(&ended(&mut esr_bench(bench, args)));
    assert_eq!(code, i32::from(exit::BAD_INPUT), "{args:?}: {stderr}");
    assert!(stderr.contains("expected a regular file of at most") && stderr.contains(found), "{args:?}: {stderr}");
}

#[test]
fn pipes_sockets_devices_and_folders_are_refused_by_every_command() {
    let bench = Bench::new();
    let worker = mock::worker().to_str().unwrap();
    for name in ["pipe.csv", "pipe.json", "pipe.toml", "pipe.pth"] {
        fifo(&bench.path(name));
    }
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("socket.csv")).unwrap();
    std::fs::write(bench.path("ok.csv"), "team,runtime_ms\nA,1\n").unwrap();
    for kind in ["csv", "json"] {
        let pipe = format!("pipe.{kind}");
        refused(&bench, &["rank", &pipe], "found a pipe");
        refused(&bench, &["where", &pipe], "found a pipe");
    }
    refused(&bench, &["rank", "socket.csv"], "found a socket");
    refused(&bench, &["rank", "/dev/zero"], "found a device");
    refused(&bench, &["rank", "ok.csv", "--rules", "pipe.toml"], "found a pipe");
    refused(&bench, &["audit", "pipe.csv", "--rules", "ntire2022"], "found a pipe");
    refused(&bench, &["audit", "/dev/zero", "--rules", "ntire2022"], "found a device");
    refused(&bench, &["compare", "A", "B", "--run", "pipe.json"], "found a pipe");
    refused(&bench, &["rules", "show", "pipe.toml"], "found a pipe");
    refused(&bench, &["inspect", "pipe.json"], "found a pipe");
    refused(&bench, &["where", "pipe.toml"], "found a pipe");
    refused(&bench, &["fuse", "pipe.pth", "--worker", worker, "--output", "o.safetensors"], "found a pipe");
    refused(&bench, &["measure", "--model", "rlfn", "--weights", "pipe.pth", "--worker", worker], "found a pipe");
    refused(&bench, &["measure", "--model", "rlfn", "--weights", "/dev/zero", "--worker", worker], "found a device");
    refused(&bench, &["measure", "--model", "rlfn", "--weights", ".", "--worker", worker], "found a folder");
    let (code, stdout, _) = told(&ended(&mut esr_bench(&bench, &["identify", "pipe.pth", "--worker", worker])));
    assert_eq!(code, i32::from(exit::BAD_INPUT));
    assert!(stdout.contains("found a pipe"), "{stdout}");
}

#[test]
fn a_run_whose_files_are_pipes_is_refused() {
    let bench = Bench::new();
    bench.submission("a", "{ ms = 5.0 }");
    let (code, _, stderr) = told(&bench.measure(&["a", "--rounds", "1", "--run", "run"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    let run = bench.path("run");
    std::fs::remove_file(run.join("events.jsonl")).unwrap();
    fifo(&run.join("events.jsonl"));
    refused(&bench, &["show", "run"], "found a pipe");
    let (code, _, stderr) = told(&ended(&mut bench.measure(&["--run", "run", "--resume"])));
    assert_ne!(code, 0);
    assert!(stderr.contains("events.jsonl"), "{stderr}");
    std::fs::remove_file(run.join("run.json")).unwrap();
    fifo(&run.join("run.json"));
    refused(&bench, &["show", "run"], "found a pipe");
}

#[test]
fn files_beyond_their_limit_are_refused_within_a_second() {
    let bench = Bench::new();
    // Holes: they take no space.
    for (name, mib) in [("large.csv", 300), ("large.toml", 2), ("large.json", 300), ("large.pth", 3000)] {
        std::fs::File::create(bench.path(name)).unwrap().set_len(mib << 20).unwrap();
    }
    let begin = Instant::now();
    refused(&bench, &["rank", "large.csv"], "found 314572800 bytes");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    refused(&bench, &["rules", "show", "large.toml"], "found 2097152 bytes");
    refused(&bench, &["rank", "large.json"], "found 314572800 bytes");
    refused(&bench, &["inspect", "large.json"], "found 314572800 bytes");
    let worker = mock::worker().to_str().unwrap();
    refused(
        &bench,
        &["measure", "--model", "rlfn", "--weights", "large.pth", "--worker", worker],
        "found 3145728000 bytes",
    );
}

#[test]
fn a_line_as_long_as_a_table_may_be_is_an_error_of_readable_length() {
    let bench = Bench::new();
    std::fs::write(bench.path("line.csv"), vec![b'x'; 20 << 20]).unwrap();
    let columns: Vec<String> = (0..200_000).map(|i| format!("c{i}")).collect();
    std::fs::write(bench.path("columns.csv"), columns.join(",")).unwrap();
    for (name, found) in [("line.csv", "characters)"), ("columns.csv", "found 200000 of them")] {
        let (code, _, stderr) = told(&ended(&mut esr_bench(&bench, &["rank", name])));
        assert_eq!(code, i32::from(exit::BAD_INPUT));
        assert!(stderr.len() < 20_000 && stderr.contains(found), "{} bytes", stderr.len());
    }
}

#[test]
fn a_table_may_come_from_standard_input() {
    let bench = Bench::new();
    for args in [&["rank", "-", "--rules", "ntire2022", "--track", "runtime"][..], &["where", "-"]] {
        let mut child = esr_bench(&bench, args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"team,runtime_ms,psnr_val,psnr_test\nPiped,30,29,28.8\n").unwrap();
        let (code, stdout, _) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, 0, "{args:?}");
        assert!(stdout.contains("Piped"), "{stdout}");
    }
}

#[test]
fn weights_behind_a_link_that_leads_out_are_not_measured() {
    let bench = Bench::new();
    let folder = bench.submission("a", "{ ms = 5.0 }");
    let (code, _, stderr) = told(&bench.measure(&["a", "--rounds", "1", "--run", "control"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    std::fs::write(bench.path("secret.pth"), "of another team").unwrap();
    std::fs::remove_file(folder.join("weights.pth")).unwrap();
    std::os::unix::fs::symlink(bench.path("secret.pth"), folder.join("weights.pth")).unwrap();
    let (code, _, stderr) = told(&bench.measure(&["a", "--rounds", "1", "--run", "run"]).output().unwrap());
    assert_eq!(code, i32::from(exit::BAD_INPUT), "{stderr}");
    assert!(stderr.contains("found a link that leads out of the folder"), "{stderr}");
    assert!(!bench.path("run").exists());
    // A link inside of the folder is its own file.
    std::fs::remove_file(folder.join("weights.pth")).unwrap();
    std::fs::write(folder.join("real.pth"), "a").unwrap();
    std::os::unix::fs::symlink("real.pth", folder.join("weights.pth")).unwrap();
    let (code, _, stderr) =
        told(&bench.measure(&["a/submission.toml", "--rounds", "1", "--run", "run"]).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn sizes_that_no_memory_holds_are_a_finding_of_lint_and_no_panic() {
    let bench = Bench::new();
    let folder = bench.submission("a", "{}");
    let manifest = "team = \"A\"\ndata_range = 1.0\n[program]\nfiles = [{ path = \"weights.pth\", size = [4294967295, 4294967295] }]\n";
    std::fs::write(folder.join("submission.toml"), manifest).unwrap();
    let worker = mock::worker().to_str().unwrap();
    let (code, stdout, stderr) = told(&ended(&mut esr_bench(&bench, &["lint", "a", "--worker", worker])));
    assert_eq!(code, i32::from(exit::CHECK_FAILED), "{stdout}{stderr}");
    assert!(stdout.contains("found [4294967295, 4294967295]"), "{stdout}");
}

#[test]
fn a_network_that_computes_in_another_precision_than_declared_fails() {
    let bench = Bench::new();
    let folder = bench.submission("half", "{ ms = 5.0 }");
    bench.submission("honest", "{ ms = 5.0 }");
    let manifest = std::fs::read_to_string(folder.join("submission.toml")).unwrap();
    std::fs::write(folder.join("submission.toml"), format!("precision = \"float16\"\n{manifest}")).unwrap();
    let (code, stdout, _) =
        told(&bench.measure(&["half", "honest", "--rounds", "1", "--run", "run"]).output().unwrap());
    assert_eq!(code, i32::from(exit::SOME_FAILED), "{stdout}");
    assert!(stdout.contains("half: the manifest declares float16, and nothing is computed in it"), "{stdout}");
    assert!(!stdout.contains("Failed: honest"), "{stdout}");
}

/// Seconds of processor time that `rank` takes for `rows` rows.
fn cost(bench: &Bench, rows: usize) -> f64 {
    let mut text = String::from("team,runtime_ms,params_m,flops_g,acts_m,mem_m,psnr_val,psnr_test,overall_rank\n");
    for i in 0..rows {
        let figure = |k: usize| 1.0 + ((i * 7919 + k * 104_729) % 9_973) as f64 / 100.0;
        let (runtime, params, flops) = (figure(1), figure(2), figure(3));
        text += &format!("team {i},{runtime},{params},{flops},{},{},29.0,28.8,{}\n", figure(4), figure(5), 1 + i / 3);
    }
    std::fs::write(bench.path("rows.csv"), text).unwrap();
    let args = ["rank", "rows.csv", "--rules", "ntire2022", "--format", "csv"];
    #[expect(clippy::zombie_processes, reason = "wait4 below waits for it, and tells what it used")]
    let child = esr_bench(bench, &args).stdout(Stdio::null()).spawn().unwrap();
    let mut status = 0;
    // SAFETY: rusage is plain data for which zeros are valid; wait4 fills it for a child of this process.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert!(libc::wait4(child.id().try_into().unwrap(), &mut status, 0, &mut usage) > 0);
        usage
    };
    assert_eq!(status, 0);
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

#[test]
fn the_cost_of_a_ranking_grows_as_its_rows() {
    let bench = Bench::new();
    // Four times the rows: about four times the time, where comparing all pairs would take sixteen.
    let (few, many) = (cost(&bench, 5_000), cost(&bench, 20_000));
    assert!(many < 8.0 * few + 0.05, "{few} s for 5,000 rows, {many} s for 20,000");
}
