//! A check of rules: that they are well formed, and that their published table can be ranked by them.

use crate::error::Result;
use crate::rank;
use crate::rules::Rules;
use crate::rules::schema::Origin;

/// Checks the rules of an edition's id, a folder or a file; one line that says what was checked.
pub fn check(name: &str) -> Result<String> {
    let rules = Rules::find(name)?;
    let alone = matches!(&rules.origin, Origin::File(file) if !file.with_file_name("published.csv").is_file());
    if alone {
        return Ok("well formed; there is no published table beside it".into());
    }
    let entries = rules.published()?;
    for track in &rules.tracks {
        rank::rank(&entries, &rules, &track.name)?;
    }
    Ok(format!("well formed; {} published rows can be ranked in {} tracks", entries.len(), rules.tracks.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edition_passes_and_an_unknown_one_is_named() {
        for id in Rules::ids() {
            assert!(check(&id).unwrap().starts_with("well formed; "), "{id}");
        }
        assert!(check("ntire1999").unwrap_err().to_string().contains("ntire1999"));
    }
}
