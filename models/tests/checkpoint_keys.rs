//! The reader and the exporter find a network at the same keys of a checkpoint.

use std::fs;
use std::path::{Path, PathBuf};

use esr_models::state::CHECKPOINT_KEYS;

/// Python files below `folder`, without virtual environments and the like.
fn python_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "build" && name != "site-packages" {
            python_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "py") {
            found.push(path);
        }
    }
}

/// The strings of `NESTS = ("...", ...)` at the beginning of a line, if the text has it.
fn nests(text: &str) -> Option<Vec<String>> {
    let from = text.match_indices("NESTS = ").find(|(at, _)| *at == 0 || text[..*at].ends_with('\n'))?.0;
    let list = text[from..].split_once(['(', '['])?.1.split_once([')', ']'])?.0;
    Some(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn a_list_is_read_out_of_python() {
    let text = "A_NESTS = (\"no\",)\nNESTS = (\n    \"params\",\n    \"net\",  # with a remark\n)\nX = (\"y\",)\n";
    assert_eq!(nests(text), Some(vec!["params".to_owned(), "net".to_owned()]));
    assert_eq!(nests("no list"), None);
}

#[test]
fn the_exporter_knows_the_same_checkpoint_keys_in_the_same_order() {
    let mut files = Vec::new();
    python_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../python"), &mut files);
    let lists: Vec<(PathBuf, Vec<String>)> =
        files.into_iter().filter_map(|file| Some((file.clone(), nests(&fs::read_to_string(file).unwrap())?))).collect();
    assert!(!lists.is_empty(), "no file in python/ has a list `NESTS`");
    for (file, list) in lists {
        assert_eq!(list, CHECKPOINT_KEYS, "{}: expected the keys of models/src/state/checkpoint.rs", file.display());
    }
}
