//! Whose network it is, and of which edition: what a repository does not say itself.

use std::path::Path;

use crate::error::Result;
use crate::rules::Rules;
use crate::submission::clone::reader::{Branch, Repository};
use crate::submission::import::{MODEL_ZOO, Zoo};

/// What is known of an edition's teams.
pub(super) struct Teams {
    /// The edition, where it is known: `ntire2022`.
    pub(super) edition: Option<String>,
    zoo: Option<Zoo>,
    /// (network's name in the published table, team).
    published: Vec<(String, String)>,
}

impl Teams {
    /// Of the edition `given`, or of the one that the repository's name or its weights' names tell.
    pub(super) fn of(repository: &Repository, given: Option<&str>) -> Result<Teams> {
        let files: Vec<String> = repository.branches.iter().filter_map(file).collect();
        let edition = match given {
            Some(edition) => Some(Rules::embedded(edition)?.id),
            None => match named(&repository.root) {
                Some(edition) => Some(edition),
                None => Zoo::recognise(&files)?.map(|zoo| zoo.edition),
            },
        };
        let Some(edition) = edition else {
            return Ok(Teams { edition: None, zoo: None, published: Vec::new() });
        };
        let zoo = Zoo::all()?.into_iter().find(|zoo| zoo.edition == edition);
        let published = Rules::embedded(&edition)?.published()?;
        let published = published.into_iter().filter(|e| !e.submission.is_empty()).map(|e| (e.submission, e.team));
        Ok(Teams { zoo, published: published.collect(), edition: Some(edition) })
    }

    /// The team's name in the table, if it is known.
    pub(super) fn team(&self, branch: &Branch) -> Option<String> {
        let by_file = file(branch).and_then(|file| self.zoo.as_ref()?.entry(&file)?.team.clone());
        let name = branch.name.as_deref().map(str::trim);
        let by_name =
            || self.published.iter().find(|(network, _)| Some(network.as_str()) == name).map(|(_, team)| team.clone());
        by_file.or_else(by_name).or_else(|| from_comment(branch.comment.as_deref()?))
    }
}

/// `ByteESR` of the comment `ByteESR Team`; other comments name no team.
fn from_comment(comment: &str) -> Option<String> {
    let team = comment.trim().strip_suffix("Team")?.trim();
    (!team.is_empty() && team.chars().count() <= 40).then(|| team.to_owned())
}

/// The path of its weights below `model_zoo/`.
fn file(branch: &Branch) -> Option<String> {
    let path = branch.weights.first()?.path.as_ref()?;
    let below = path.strip_prefix(".").unwrap_or(path).strip_prefix(MODEL_ZOO).ok()?;
    Some(below.to_string_lossy().into_owned())
}

/// The edition that the folder's name tells: `NTIRE2024_ESR`, `ntire2024-esr-main`.
fn named(root: &Path) -> Option<String> {
    let name: String = root.file_name()?.to_string_lossy().to_lowercase();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    Rules::ids().into_iter().find(|id| name.starts_with(id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::clone::reader::WeightsFile;

    fn branch(name: &str, weights: &str, comment: Option<&str>) -> Branch {
        Branch {
            name: Some(name.into()),
            weights: vec![WeightsFile { path: Some(weights.into()), exists: true }],
            comment: comment.map(Into::into),
            ..Branch::default()
        }
    }

    fn repository(root: &str, branches: &[Branch]) -> Repository {
        Repository { root: root.into(), call: "test_demo.py:select_model".into(), branches: branches.to_vec() }
    }

    #[test]
    fn an_edition_is_told_by_the_folder_or_by_the_weights() {
        let rlfn = branch("04_RLFN", "./model_zoo/team04_rlfn.pth", None);
        let edition = |root: &str| Teams::of(&repository(root, std::slice::from_ref(&rlfn)), None).unwrap().edition;
        assert_eq!(edition("/x/NTIRE2024_ESR").as_deref(), Some("ntire2024"));
        assert_eq!(edition("/x/mine").as_deref(), Some("ntire2022"));
        let other = branch("01_Net", "model_zoo/net.pth", None);
        assert_eq!(Teams::of(&repository("/x/ESR2031", &[other]), None).unwrap().edition, None);
    }

    #[test]
    fn a_team_is_named_by_the_map_the_published_table_or_the_comment() {
        let team =
            |root: &str, b: &Branch| Teams::of(&repository(root, std::slice::from_ref(b)), None).unwrap().team(b);
        assert_eq!(team("/NTIRE2022_ESR", &branch("x", "model_zoo/team04_rlfn.pth", None)).as_deref(), Some("ByteESR"));
        assert_eq!(team("/NTIRE2026_ESR", &branch(" 04_ZenoSR", "model_zoo/z.pth", None)).as_deref(), Some("ZenoSR"));
        let commented = branch("07_Net", "model_zoo/new.pth", Some("Night Owls Team"));
        assert_eq!(team("/other", &commented).as_deref(), Some("Night Owls"));
        assert_eq!(team("/other", &branch("07_Net", "model_zoo/new.pth", Some("load the model"))), None);
    }
}
