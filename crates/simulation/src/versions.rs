//! `versions.json`: with which versions of Python, mozaik, NEST and so on a simulation was run. The
//! simulator writes it, for only that knows.

use std::fmt;
use std::io;
use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// More makes no sense, entries and bytes.
const MOST: (usize, u64) = (64, 64 << 10);

/// Versions by the names of what has them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versions(IndexMap<String, String>);

impl Versions {
    /// Reads a file that a simulator may have left; the error says why it is ignored.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let (most_entries, most_bytes) = MOST;
        let text = match durable::read_bounded(path, most_bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
            Ok(text) => text,
        };
        let versions: Self = serde_json::from_str(&text)
            .map_err(|error| format!("{error}; wanted is {{\"name\": \"version\", …}}"))?;
        match versions.0.len() {
            0 => Ok(None),
            count if count > most_entries => {
                Err(format!("it has {count} entries, more than {most_entries}"))
            }
            _ => Ok(Some(versions)),
        }
    }

    /// Of the embedded model: those of this program.
    pub fn of_this_program() -> Self {
        Self([("mozopt".to_owned(), env!("CARGO_PKG_VERSION").to_owned())].into_iter().collect())
    }

    /// What is another one than before, or was not there: `nest 3.9 instead of 3.10.0`.
    pub fn difference_to(&self, before: &Self) -> Option<String> {
        let changed = self.0.iter().filter_map(|(name, version)| match before.0.get(name) {
            Some(then) if then == version => None,
            Some(then) => Some(format!("{name} {version} instead of {then}")),
            None => Some(format!("{name} {version}, of which nothing was known")),
        });
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        let differences: Vec<_> = changed.chain(gone.map(|name| format!("no {name}"))).collect();
        (!differences.is_empty()).then(|| differences.join(", "))
    }
}

/// `python 3.11.7, nest 3.10.0`
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, version)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{name} {version}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Versions>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Versions::read(file.path())
    }

    #[test]
    fn versions_are_texts_by_names_and_not_many() {
        let versions = read(r#"{"python": "3.11.7", "nest": "3.10.0"}"#).unwrap().unwrap();
        assert_eq!(versions.to_string(), "python 3.11.7, nest 3.10.0");
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(Versions::read(Path::new("/nowhere/versions.json")), Ok(None));
        for wrong in ["", "[1]", r#"{"nest": 3.1}"#, r#"{"nest": {"version": "3"}}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let entries = |count| {
            let entries: Vec<_> = (0..count).map(|n| format!("\"a{n}\": \"1\"")).collect();
            format!("{{{}}}", entries.join(","))
        };
        assert!(read(&entries(64)).is_ok_and(|versions| versions.is_some()));
        assert!(read(&entries(65)).unwrap_err().contains("65 entries"));
        assert!(read(&format!("{{\"a\": \"{}\"}}", "x".repeat(70_000))).is_err());
    }

    #[test]
    fn a_difference_is_told_by_its_name() {
        let versions = |text| serde_json::from_str::<Versions>(text).unwrap();
        let before = versions(r#"{"python": "3.11.7", "nest": "3.10.0", "mpi": "4.1.4"}"#);
        assert_eq!(before.difference_to(&before), None);
        let after = versions(r#"{"neo": "0.14", "nest": "3.9", "python": "3.11.7"}"#);
        assert_eq!(
            after.difference_to(&before).unwrap(),
            "neo 0.14, of which nothing was known, nest 3.9 instead of 3.10.0, no mpi"
        );
    }
}
