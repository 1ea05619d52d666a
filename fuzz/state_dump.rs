//! What the state-dict reader makes of files: a line of JSON for each, for `scripts/compare_state_dicts.py`.

include!("state_reader.rs");

use sha2::{Digest, Sha256};

fn main() {
    for file in std::env::args().skip(1) {
        let line = match state::open(std::path::Path::new(&file)) {
            Ok(read) => {
                let tensors = read.dict.iter().map(|(key, t)| {
                    let hash = Sha256::digest(&t.bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
                    (key.clone(), serde_json::json!([format!("{:?}", t.kind), t.size, hash]))
                });
                serde_json::json!({ "file": file, "tensors": tensors.collect::<serde_json::Map<_, _>>() })
            }
            Err(error) => serde_json::json!({ "file": file, "error": error.to_string() }),
        };
        println!("{line}");
    }
}
