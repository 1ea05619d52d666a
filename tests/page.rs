//! `esr-bench report`, `rank --format html`, `measure --keep-sr` and `show --worst` from end to end, with the mock worker.

#[path = "common/bench.rs"]
mod bench;
#[path = "common/mock.rs"]
mod mock;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench::{Bench, events, told};
use esr_bench::quality::Image;
use sha2::{Digest, Sha256};

fn esr_bench(bench: &Bench, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).current_dir(bench.path("")).output().unwrap()
}

/// A run of two submissions on three images, SR kept as `keep` says.
fn run(keep: &str) -> Bench {
    let bench = Bench::new();
    bench.submission("fast", "{ ms = 5.0 }");
    bench.submission("slow", "{ ms = 20.0 }");
    bench.data("Tiny", &[(16, 16), (8, 16), (12, 16)]);
    let args = [
        "fast",
        "slow",
        "--data",
        "val=Tiny",
        "--run",
        "run",
        "--rounds",
        "6",
        "--baseline",
        "slow",
        "--keep-sr",
        keep,
    ];
    let (code, _, stderr) = told(&bench.measure(&args).output().unwrap());
    assert_eq!(code, 0, "{stderr}");
    bench
}

fn page(bench: &Bench, args: &[&str]) -> String {
    let args = [&["report", "run", "-o", "page.html"], args].concat();
    let (code, _, stderr) = told(&esr_bench(bench, &args));
    assert_eq!(code, 0, "{stderr}");
    std::fs::read_to_string(bench.path("page.html")).unwrap()
}

/// What stands between two texts, the first time.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from}")).1;
    rest.split_once(to).unwrap().0
}

fn data(html: &str) -> serde_json::Value {
    serde_json::from_str(between(html, "<script type=\"application/json\" id=\"data\">", "</script>")).unwrap()
}

/// The kept images below a folder, relative to it, sorted.
fn kept(bench: &Bench) -> Vec<String> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, out) } else { out.push(path) }
        }
    }
    let root = bench.path("run/sr");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let mut names: Vec<String> =
        files.iter().map(|f| f.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_run_becomes_one_page_that_may_open_no_connection() {
    let bench = run("2");
    let html = page(&bench, &[]);
    for part in ["ranking", "scatter", "runtime", "images", "entries", "conditions", "entry-0", "entry-1"] {
        assert!(html.contains(&format!("id=\"{part}\"")), "{part}");
    }
    let policy = between(&html, "http-equiv=\"Content-Security-Policy\" content=\"", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/");
    assert!(policy.starts_with("default-src 'none';") && policy.contains("connect-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    // The policy lets exactly this script and this style run.
    for (from, to) in [("<script>", "</script>"), ("<style>", "</style>")] {
        let hash = STANDARD.encode(Sha256::digest(between(&html, from, to).as_bytes()));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{from} {policy}");
    }
    let elsewhere: Vec<&str> =
        html.split("http").skip(1).filter(|rest| rest.starts_with("://") || rest.starts_with("s://")).collect();
    assert!(elsewhere.iter().all(|rest| rest.starts_with("://www.w3.org/2000/svg")), "an address in the page");

    let data = data(&html);
    assert_eq!(data["entries"].as_array().unwrap().len(), 2);
    assert_eq!(data["tracks"].as_array().unwrap().len(), 3);
    assert_eq!(data["entries"][0]["detail"]["timings"]["rounds"].as_array().unwrap().len(), 6);
    assert_eq!(data["entries"][0]["detail"]["worst"].as_array().unwrap().len(), 3);
    assert!(data["verdict"]["sentence"].as_str().unwrap().contains("FIT TO RANK"), "{}", data["verdict"]);
    assert!(data["runs"][0]["control"]["difference"].is_number());
    let sizes: Vec<usize> =
        ["references", "panels"].map(|part| data["comparisons"][0][part].as_array().unwrap().len()).to_vec();
    assert_eq!((data["comparisons"].as_array().unwrap().len(), sizes), (2, vec![3, 2]));
    assert_eq!(html.matches("data:image/png;base64,").count(), 2 * 5);
}

#[test]
fn nothing_of_the_machine_that_is_private_is_on_the_page() {
    let bench = run("none");
    let html = page(&bench, &["--title", "A <title>"]);
    let folder = bench.path("");
    assert!(!html.contains(folder.to_str().unwrap().trim_end_matches('/')), "a folder's name");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.path("run/run.json")).unwrap()).unwrap();
    if let Some(host) = manifest["machine"]["host"].as_str().filter(|h| h.len() > 5) {
        assert!(!html.contains(host), "the host's name");
    }
    assert!(html.contains("<title>A &lt;title&gt;</title>"));
    assert!(!html.contains("id=\"images\""), "no image was kept");
}

#[test]
fn a_published_table_is_a_page_as_well() {
    let bench = Bench::new();
    let (code, html, stderr) = told(&esr_bench(&bench, &["rank", "ntire2022", "--track", "all", "--format", "html"]));
    assert_eq!(code, 0, "{stderr}");
    let data = data(&html);
    assert!(data["runs"].as_array().unwrap().is_empty());
    assert!(data["tracks"].as_array().unwrap().len() > 1 && data["entries"].as_array().unwrap().len() > 40);
    let (code, _, _) = told(&esr_bench(&bench, &["rank", "ntire2022", "-o", "table.html"]));
    assert_eq!(code, 0);
    assert!(std::fs::read_to_string(bench.path("table.html")).unwrap().starts_with("<!doctype html>"));
}

#[test]
fn what_is_no_run_is_refused_with_the_other_command() {
    let bench = Bench::new();
    let (code, _, stderr) = told(&esr_bench(&bench, &["report", "ntire2022"]));
    assert_eq!(code, 2);
    assert!(
        stderr.contains("expected a run directory, found none") && stderr.contains("rank --format html"),
        "{stderr}"
    );
}

#[test]
fn sr_images_are_kept_as_asked() {
    assert_eq!(kept(&run("none")), Vec::<String>::new());
    let all = run("all");
    let names = ["image0", "image1", "image2"];
    let expected: Vec<String> =
        ["fast", "slow"].iter().flat_map(|s| names.map(|n| format!("{s}/val/{n}.png"))).collect();
    assert_eq!(kept(&all), expected);
    // The file holds the pixels whose hash is recorded.
    for event in events(&all.path("run")).iter().filter(|e| e["event"] == "quality") {
        let name =
            format!("run/sr/{}/val/{}.png", event["submission"].as_str().unwrap(), event["image"].as_str().unwrap());
        let image = Image::read(&all.path(&name)).unwrap();
        let hash: String = Sha256::digest(&image.rgb).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(event["sr_sha256"].as_str().unwrap(), hash);
    }
    let two: Vec<String> =
        ["fast", "slow"].iter().flat_map(|s| ["image0", "image1"].map(|n| format!("{s}/val/{n}.png"))).collect();
    assert_eq!(kept(&run("2")), two);
}

#[test]
fn the_worst_image_is_the_one_with_the_lowest_psnr() {
    let bench = run("worst");
    let (_, json, _) = told(&esr_bench(&bench, &["show", "run", "--worst", "1", "--format", "json"]));
    let worst: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected: Vec<String> = worst
        .as_array()
        .unwrap()
        .iter()
        .map(|w| format!("{}/val/{}.png", w["submission"].as_str().unwrap(), w["image"].as_str().unwrap()))
        .collect();
    assert_eq!((expected.len(), kept(&bench)), (2, expected));
}

#[test]
fn a_kept_image_that_is_not_the_recorded_output_is_not_shown() {
    let bench = run("1");
    let path = bench.path("run/sr/fast/val/image0.png");
    let mut image = Image::read(&path).unwrap();
    image.rgb[0] ^= 1;
    image.write(&path).unwrap();
    let data = data(&page(&bench, &[]));
    let comparison = &data["comparisons"][0];
    let names: Vec<&str> =
        comparison["panels"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Team slow"]);
    let note = comparison["notes"][0].as_str().unwrap();
    assert!(note.starts_with("fast is left out: image0.png: expected the recorded output"), "{note}");
}

#[test]
fn images_beyond_the_budget_are_left_out_and_counted() {
    let bench = run("1");
    let data = data(&page(&bench, &["--image-budget", "0", "--image", "image0"]));
    assert_eq!(data["comparisons"][0]["panels"].as_array().unwrap().len(), 0);
    assert!(data["comparisons"][0]["notes"][0].as_str().unwrap().starts_with("2 entries are left out"));
    let (code, _, stderr) = told(&esr_bench(&bench, &["report", "run", "--image", "imagee0"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("no image `imagee0`"), "{stderr}");
}

#[test]
fn a_resumed_run_keeps_what_its_plan_says() {
    let bench = run("1");
    let (code, _, stderr) = told(
        &bench
            .measure(&[
                "fast",
                "slow",
                "--data",
                "val=Tiny",
                "--run",
                "run",
                "--rounds",
                "6",
                "--baseline",
                "slow",
                "--keep-sr",
                "all",
                "--resume",
            ])
            .output()
            .unwrap(),
    );
    assert_eq!(code, 2);
    assert!(stderr.contains("--keep-sr: the run in run was planned with 1, found all"), "{stderr}");
}

#[test]
fn the_worst_images_of_each_entry_are_a_table() {
    let bench = run("none");
    let (code, table, stderr) = told(&esr_bench(&bench, &["show", "run", "--worst", "2"]));
    assert_eq!(code, 0, "{stderr}");
    insta::assert_snapshot!(table);
    let (_, csv, _) = told(&esr_bench(&bench, &["show", "run", "--worst", "2", "--format", "csv"]));
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("submission,split,image,psnr_rgb,ssim_y,to_best,best", 5));
}
