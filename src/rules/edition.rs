//! Where rules and published tables come from: the folders of `challenges/`, embedded into the binary, or a path.

use crate::rules::schema::Origin;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::entry::Entry;
use crate::error::{Error, Place, Result};
use crate::rules::schema::Rules;
use crate::tables::Table;
use crate::tables::table;
use crate::util::input;
use crate::util::input::Kind;
use crate::util::toml_file;

static EDITIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/challenges");

/// The rules' file in an edition's folder.
pub const RULES: &str = "rules.toml";
/// The printed table's file in an edition's folder.
pub const PUBLISHED: &str = "published.csv";

/// The text of an embedded edition's file, if it has one of that name.
pub(crate) fn embedded_file(id: &str, name: &str) -> Option<&'static str> {
    EDITIONS.get_file(Path::new(id).join(name))?.contents_utf8()
}

impl Rules {
    /// The ids of the embedded editions, oldest first.
    pub fn ids() -> Vec<String> {
        let mut ids: Vec<String> = EDITIONS.dirs().map(|d| d.path().to_string_lossy().into_owned()).collect();
        ids.sort();
        ids
    }

    /// The embedded edition `id`: `ntire2022`.
    pub fn embedded(id: &str) -> Result<Rules> {
        let path = Path::new(id).join(RULES);
        let Some(file) = EDITIONS.get_file(&path) else {
            let ids = Rules::ids();
            let hint = toml_file::nearest(id, ids.iter().map(String::as_str));
            return Err(Error::Usage(format!("no edition `{id}`{hint}; `esr-bench rules list` lists them")));
        };
        let shown = Path::new("challenges").join(&path);
        Rules::parse(&shown, file.contents_utf8().unwrap_or_default(), id, Origin::Embedded)
    }

    /// The rules at `path`: a file, or a folder with `rules.toml`.
    pub fn read(path: &Path) -> Result<Rules> {
        let file = if path.is_dir() { path.join(RULES) } else { path.to_path_buf() };
        let text = input::read_text(&file, Kind::Toml)?;
        let named = if file.file_name().is_some_and(|n| n == RULES) {
            // The folder names the edition; a bare `rules.toml` is in a folder as well.
            std::path::absolute(&file).ok().and_then(|f| f.parent()?.file_name().map(|n| n.to_owned()))
        } else {
            file.file_stem().map(|n| n.to_owned())
        };
        let id = named.unwrap_or_default().to_string_lossy().into_owned();
        Rules::parse(&file, &text, &id, Origin::File(file.clone()))
    }

    /// The edition of that id, or the rules at that path.
    pub fn find(name: &str) -> Result<Rules> {
        let path = Path::new(name);
        if EDITIONS.get_dir(name).is_some() || !(path.exists() || name.ends_with(".toml") || name.contains('/')) {
            Rules::embedded(name)
        } else {
            Rules::read(path)
        }
    }

    /// Parses and checks the rules that were found in `file`.
    pub fn parse(file: &Path, text: &str, id: &str, origin: Origin) -> Result<Rules> {
        let mut rules: Rules = toml_file::parse(file, text)?;
        rules.id = id.to_owned();
        rules.origin = origin;
        crate::rules::validate::check(&rules).map_err(|(key, expected, found)| {
            let line = text.lines().position(|l| mentions(l, &key));
            Error::input(file, line.map_or(Place::Key(key), |i| Place::Line(i + 1)), expected, found)
        })?;
        Ok(rules)
    }

    /// The rules as they are written.
    pub fn text(&self) -> Result<String> {
        match &self.origin {
            Origin::Embedded => {
                let file = EDITIONS.get_file(Path::new(&self.id).join(RULES));
                Ok(file.and_then(|f| f.contents_utf8()).unwrap_or_default().to_owned())
            }
            Origin::File(file) => input::read_text(file, Kind::Toml),
        }
    }

    /// The edition's printed table.
    pub fn published_table(&self) -> Result<Table> {
        match &self.origin {
            Origin::Embedded => {
                let path = Path::new(&self.id).join(PUBLISHED);
                let shown = Path::new("challenges").join(&path);
                let missing = || Error::input(&shown, Place::Whole, "a published table", "none");
                let file = EDITIONS.get_file(&path).ok_or_else(missing)?;
                table::parse(&shown, file.contents())
            }
            Origin::File(file) => table::read_table(&file.with_file_name(PUBLISHED)),
        }
    }

    /// The entries of the edition's printed table.
    pub fn published(&self) -> Result<Vec<Entry>> {
        Ok(self.published_table()?.entries)
    }
}

/// Whether a line of TOML sets `key` or opens its table; only to point a message at a line.
fn mentions(line: &str, key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    let line = line.trim_start().trim_start_matches('[');
    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', ']']))
}
