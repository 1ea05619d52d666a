//! Python networks that want to answer timed forwards with less work, measured by the PyTorch worker.

use std::fs;

use esr_bench::exit;

use super::programs::{Bench, image};
use super::{interpreter, stopped};

const NETWORKS: &str = include_str!("networks.py");

/// A class of `networks.py`, and words of the reason that stops it.
const BAD: [(&str, &str); 4] = [
    ("KeepsFirst", "output differs between runs"),
    ("HonestLast", "output differs between runs"),
    ("ByContent", "output differs between runs"),
    ("KnowsTheImage", "an image whose values differ by at most one step gives an output that is "),
];

const HONEST: [&str; 2] = ["HonestMask", "SlowAtFirst"];

#[test]
fn python_networks_that_save_work_cost_one_row_and_honest_ones_pass() {
    let test_name = "python_networks_that_save_work_cost_one_row_and_honest_ones_pass";
    let Some(python) = interpreter::python("import torch", test_name) else { return };
    let bench = Bench::new();
    let (_, lr) = image();
    let known: u64 = lr.rgb.iter().map(|&v| u64::from(v)).sum();
    let networks = NETWORKS.replace("KNOWN = 0", &format!("KNOWN = {known}"));
    let names: Vec<&str> = HONEST.into_iter().chain(BAD.map(|(name, _)| name)).collect();
    for name in &names {
        let folder = bench.path("submissions").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("networks.py"), &networks).unwrap();
        let manifest =
            format!("team = \"Team {name}\"\ndata_range = 1.0\n[python]\nfile = \"networks.py\"\nclass = \"{name}\"\n");
        fs::write(folder.join("submission.toml"), manifest).unwrap();
    }
    let more = ["--warmup", "1", "--repeats", "3", "--python", python.to_str().unwrap()];
    let (run, code) = bench.measure(&names, &more);
    assert_eq!(code, Some(exit::SOME_FAILED.into()));
    for name in HONEST {
        assert_eq!(stopped(&run, name), None, "{name}");
        assert!(run.results().rounds.contains_key(&(name.to_owned(), 0)), "{name}");
    }
    for (name, words) in BAD {
        let reason = stopped(&run, name).unwrap_or_else(|| panic!("{name} passed"));
        assert!(reason.contains(words), "{name}: {reason}");
    }
}
