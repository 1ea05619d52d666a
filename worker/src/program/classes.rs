//! Which `torch.nn` class a module of a program stands for.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure;
use crate::failure::Result;

/// The archive's entry, written by the exporter, that says which `torch.nn` class a team's subclass stands for.
pub(super) const CLASSES: &str = "esr_classes.json";

/// The last part of a class's name without TorchScript's prefix and numbers, or, for a team's subclass, the class that it
/// stands for.
pub(super) fn hook_class(classes: &BTreeMap<String, String>, class: &str) -> String {
    let parts = || class.split('.').filter(|part| *part != "__torch__" && !part.starts_with("___torch_mangle_"));
    let plain = parts().collect::<Vec<_>>().join(".");
    let last = parts().next_back().unwrap_or(class);
    // TorchScript reports the classes of running modules without their packages.
    let unqualified = || classes.iter().find(|(name, _)| name.rsplit('.').next() == Some(class)).map(|(_, base)| base);
    classes.get(&plain).or_else(unqualified).map_or(last, String::as_str).to_owned()
}

pub(super) fn parse_classes(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    if bytes.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_slice(bytes).map_err(|error| failure::load(format!("{}: {CLASSES}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_known_by_its_last_part_or_by_what_it_stands_for() {
        let classes = BTreeMap::from([("zoo.OwnConv".to_owned(), "Conv2d".to_owned())]);
        assert_eq!(hook_class(&classes, "torch.nn.modules.conv.Conv2d"), "Conv2d");
        assert_eq!(hook_class(&classes, "__torch__.torch.nn.modules.activation.___torch_mangle_21.ReLU"), "ReLU");
        assert_eq!(hook_class(&classes, "__torch__.zoo.___torch_mangle_3.OwnConv"), "Conv2d");
        assert_eq!(hook_class(&classes, "OwnConv"), "Conv2d");
        assert_eq!(hook_class(&classes, "models.team04_rlfn.RLFB"), "RLFB");
    }
}
