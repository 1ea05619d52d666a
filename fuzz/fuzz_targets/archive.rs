//! Any bytes as a program's archive, through a file in memory: the reader checks what it opens.
#![no_main]

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use esr_bench::submission::archive::Archive;

thread_local! {
    static FILE: RefCell<(PathBuf, File)> = RefCell::new({
        let path = PathBuf::from(format!("/dev/shm/esr-fuzz-{}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).expect("a file in memory");
        (path, file)
    });
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    FILE.with_borrow(|(path, file)| {
        file.set_len(0).expect("a file in memory");
        file.write_all_at(data, 0).expect("a file in memory");
        let Ok(mut archive) = Archive::open(path) else { return };
        let names: Vec<String> = archive.names().map(str::to_owned).collect();
        for name in names {
            if let Ok(bytes) = archive.read(&name) {
                assert!(bytes.len() <= (64 << 20) + data.len());
            }
        }
    });
});
