//! `esr-bench data check`: sound data passes, and every fault is named.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use esr_bench::data::check::{DataReport, FaultKind, Options, check};
use esr_bench::quality::Image;
use esr_bench::quality::bicubic;

const BICUBIC: Options = Options { scale: 4, any_lr: false };

/// A picture with structure, different for each seed.
fn picture(height: usize, width: usize, seed: usize) -> Image {
    let value = |i: usize| ((i / 3 * 7 + i % 3 * 40 + seed * 13) ^ (i / (3 * width) * 5)) as u8;
    Image { height, width, rgb: (0..height * width * 3).map(value).collect() }
}

/// Writes an image and its LR.
fn pair(set: &Path, name: &str, hr: &Image) {
    hr.write(&set.join("HR").join(format!("{name}.png"))).unwrap();
    bicubic::down4(hr).write(&set.join("LRx4").join(format!("{name}x4.png"))).unwrap();
}

fn folders(root: &Path, names: &[&str]) {
    for name in names {
        fs::create_dir_all(root.join(name)).unwrap();
    }
}

fn checked(path: &Path, options: Options) -> DataReport {
    check(path, options, &|_, _| ()).unwrap()
}

fn esr_bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_esr-bench")).args(args).output().expect("esr-bench starts")
}

/// Three sound images (one to be cropped), and one of every fault.
fn faulty_set() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let set = root.path().join("Faulty");
    folders(&set, &["HR", "LRx4"]);
    pair(&set, "img2", &picture(40, 32, 1));
    pair(&set, "img10", &picture(43, 30, 2));
    pair(&set, "wrong", &picture(40, 40, 3));
    pair(&set, "short", &picture(40, 48, 4));
    pair(&set, "broken", &picture(40, 40, 5));
    pair(&set, "tiny", &picture(16, 40, 6));
    let lr = |name: &str| set.join("LRx4").join(name);

    let mut changed = Image::read(&lr("wrongx4.png")).unwrap();
    changed.rgb[17] ^= 4;
    changed.rgb[40] ^= 1;
    changed.write(&lr("wrongx4.png")).unwrap();
    picture(10, 11, 4).write(&lr("shortx4.png")).unwrap();
    let bytes = fs::read(lr("brokenx4.png")).unwrap();
    fs::write(lr("brokenx4.png"), &bytes[..bytes.len() - 30]).unwrap();
    picture(10, 10, 7).write(&lr("alonex4.png")).unwrap();
    picture(40, 40, 8).write(&set.join("HR/lonely.png")).unwrap();
    bicubic::down4(&picture(40, 32, 1)).write(&lr("img2.png")).unwrap();
    fs::write(set.join("HR/photo.jpg"), "JPEG").unwrap();
    fs::write(set.join("HR/.DS_Store"), "").unwrap();
    root
}

#[test]
fn the_report_names_every_fault() {
    let root = faulty_set();
    insta::assert_snapshot!(checked(&root.path().join("Faulty"), BICUBIC));
}

#[test]
fn several_sets_are_checked_one_by_one() {
    let root = tempfile::tempdir().unwrap();
    folders(root.path(), &["Sound/HR", "Sound/LRx4", "Test_LRx4", "Void_HR", "Void_LR", "Half/HR", "documents"]);
    pair(&root.path().join("Sound"), "a", &picture(40, 32, 1));
    picture(9, 8, 3).write(&root.path().join("Test_LRx4/0901.png")).unwrap();
    picture(40, 40, 3).write(&root.path().join("Half/HR/b.png")).unwrap();
    insta::assert_snapshot!(checked(root.path(), BICUBIC));
}

#[test]
fn another_degradation_is_counted_and_no_fault() {
    let root = faulty_set();
    let report = checked(root.path(), Options { any_lr: true, ..BICUBIC });
    assert!(report.sets[0].faults.iter().all(|fault| fault.kind != FaultKind::Differs));
    assert_eq!(report.sets[0].regenerated().0.differing, 2);
}

#[test]
fn at_another_scale_sizes_are_checked_alone() {
    let root = tempfile::tempdir().unwrap();
    folders(root.path(), &["S/HR", "S/LRx2"]);
    picture(41, 50, 1).write(&root.path().join("S/HR/a.png")).unwrap();
    picture(20, 25, 2).write(&root.path().join("S/LRx2/ax2.png")).unwrap();
    let report = checked(&root.path().join("S"), Options { scale: 2, any_lr: false });
    assert_eq!(report.faults(), 0);
    assert!(
        report.to_string().contains("LR was not regenerated: the integer bicubic is defined at scale 4."),
        "{report}"
    );
}

#[test]
fn the_exit_code_tells_scripts() {
    let root = faulty_set();
    let dir = root.path().to_str().unwrap();
    let output = esr_bench(&["data", "check", dir, "--format", "json"]);
    assert_eq!(output.status.code(), Some(7));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    assert_eq!(report["sets"][0]["faults"].as_array().unwrap().len(), 7);
    assert_eq!(report["sets"][0]["images"][1]["regenerated"]["differing"], 0);

    let sound = tempfile::tempdir().unwrap();
    folders(sound.path(), &["HR", "LRx4"]);
    pair(sound.path(), "a", &picture(40, 32, 1));
    let output = esr_bench(&["data", "check", sound.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("Nothing wrong.\n"));

    let empty = tempfile::tempdir().unwrap();
    let output = esr_bench(&["data", "check", empty.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "));
}

#[test]
fn published_sets_are_sound() {
    let Some(sets) = common::shared("published_sets_are_sound").map(|shared| shared.join("data/sets")) else {
        return;
    };
    let report = checked(&sets, BICUBIC);
    let names: Vec<(&str, usize)> = report.sets.iter().map(|set| (set.name.as_str(), set.images.len())).collect();
    assert_eq!(names, [("DIV2K_test", 10), ("Set5", 5), ("Set14", 14), ("SkimageCC0", 3)]);
    for set in &report.sets {
        assert!(set.faults.is_empty(), "{:?}", set.faults);
        assert_eq!(set.regenerated().0.differing, 0, "{}", set.name);
        assert_eq!(set.regenerated().1, if set.hr.is_some() { set.images.len() } else { 0 }, "{}", set.name);
    }
}
