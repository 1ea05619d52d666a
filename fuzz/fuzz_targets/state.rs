//! Any bytes as a state dict: zip, legacy pickle or safetensors, told apart by content.
#![no_main]

include!("../state_reader.rs");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(read) = state::parse(std::path::Path::new("x.pth"), data) {
        for tensor in read.dict.values() {
            let elements: i64 = tensor.size.iter().product();
            assert_eq!(tensor.bytes.len(), elements as usize * tensor.kind.elt_size_in_bytes());
        }
    }
});
