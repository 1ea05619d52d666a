//! A clone's model zoo becomes submission folders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use esr_bench::submission::GraphRecorder;
use esr_bench::submission::Submission;
use esr_bench::submission::identify::Identifier;
use esr_bench::submission::import::{Imported, Outcome, ZooImport, import};
use esr_bench::worker_process::{Launch, Limits};

use crate::common::shared;

fn launch() -> Launch {
    Launch::new(PathBuf::from(env!("CARGO_BIN_EXE_esr-worker")), Limits::default())
}

fn run(clone: &Path, output: &Path, link: bool) -> Imported {
    let ask = ZooImport { clone: clone.into(), edition: None, output: output.into(), link };
    import(&ask, &mut Identifier::new(launch())).unwrap()
}

fn left<'a>(imported: &'a Imported, file: &str) -> &'a str {
    match imported.files.iter().find(|r| r.file == file).map(|r| &r.outcome) {
        Some(Outcome::Left(why)) => why,
        other => panic!("{file}: {other:?}"),
    }
}

/// A clone with the edition's published weights under the names that the organisers gave them.
fn clone(shared: &Path, folder: &Path, edition: &str) -> usize {
    let zoo = folder.join("model_zoo");
    fs::create_dir_all(&zoo).unwrap();
    let mut copied = 0;
    for entry in fs::read_dir(shared.join("weights")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if let Some(own) = name.strip_prefix(&format!("{edition}_")) {
            fs::copy(&path, zoo.join(own)).unwrap();
            copied += 1;
        }
    }
    copied
}

#[test]
fn a_clone_becomes_submissions_and_the_rest_is_listed_with_its_reason() {
    let Some(shared) = shared("a_clone_becomes_submissions_and_the_rest_is_listed_with_its_reason") else { return };
    let dir = tempfile::tempdir().unwrap();
    let published = clone(&shared, dir.path(), "ntire2022");
    assert!(published >= 15, "{published}");
    let zoo = dir.path().join("model_zoo");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/fixtures/state");
    fs::copy(fixtures.join("attack.pth"), zoo.join("team12_hnct.pt")).unwrap();
    fs::copy(fixtures.join("zip.pth"), zoo.join("team31_sr_model.pth")).unwrap();
    let whole = fs::read(zoo.join("team04_rlfn.pth")).unwrap();
    fs::write(zoo.join("team15_afdn.pt"), &whole[..whole.len() / 2]).unwrap();
    fs::write(zoo.join("README.md"), "weights").unwrap();

    let output = dir.path().join("submissions");
    let imported = run(dir.path(), &output, false);
    assert_eq!(imported.edition.as_deref(), Some("ntire2022"));
    assert_eq!(imported.files.len(), published + 3);
    assert!(left(&imported, "team12_hnct.pt").contains("nothing was executed"));
    assert!(left(&imported, "team31_sr_model.pth").contains("no registered architecture fits"));
    assert!(left(&imported, "team15_afdn.pt").contains("team15_afdn.pt"));
    assert!(imported.absent.contains(&"team02_nlffc.pth".to_owned()));

    let truth = fs::read_to_string(shared.join("truth/cost_truth.csv")).unwrap();
    let rows: BTreeMap<&str, Vec<&str>> =
        truth.lines().skip(1).map(|l| l.split(',').collect::<Vec<_>>()).map(|c| (c[1], c)).collect();
    let mut written = 0;
    for row in &imported.files {
        let Outcome::Written(folder) = &row.outcome else { continue };
        let submission = Submission::read(folder).unwrap();
        let truth = &rows[format!("ntire2022_{}", row.file).as_str()];
        assert_eq!(submission.team, truth[4], "{}", row.file);
        assert_eq!(submission.data_range, truth[2].parse::<f64>().unwrap(), "{}", row.file);
        assert_eq!(submission.card.as_deref(), Some(truth[0]), "{}", row.file);
        assert_eq!(submission.stated_hashes.len(), 1);
        written += 1;
    }
    assert_eq!(written, published);
    // What was written loads.
    let rlfn = Submission::read(&output.join("ntire2022_team04_rlfn")).unwrap();
    GraphRecorder::start(&launch(), &rlfn).unwrap().finish().unwrap();

    // Nothing is overwritten.
    let manifest = output.join("ntire2022_team04_rlfn/submission.toml");
    fs::write(&manifest, "mine").unwrap();
    let again = run(dir.path(), &output, false);
    assert_eq!(again.files.iter().filter(|r| matches!(r.outcome, Outcome::Kept(_))).count(), published);
    assert_eq!(fs::read_to_string(&manifest).unwrap(), "mine");
}

#[test]
fn another_edition_is_told_by_its_files_and_weights_can_be_linked() {
    let Some(shared) = shared("another_edition_is_told_by_its_files_and_weights_can_be_linked") else { return };
    let dir = tempfile::tempdir().unwrap();
    let published = clone(&shared, dir.path(), "ntire2026");
    let output = dir.path().join("submissions");
    let imported = run(&dir.path().join("model_zoo"), &output, true);
    assert_eq!((imported.edition.as_deref(), imported.files.len()), (Some("ntire2026"), published));
    assert!(imported.files.iter().all(|r| matches!(r.outcome, Outcome::Written(_))), "{imported:?}");
    let folder = output.join("ntire2026_team22_spanv2_c2");
    let weights = folder.join("team22_spanv2_c2.pth").symlink_metadata().unwrap();
    assert!(weights.is_file() && std::os::unix::fs::MetadataExt::nlink(&weights) > 1);
    assert_eq!(Submission::read_to_run(&folder).unwrap().team, "XiaomiMM");
}
