//! Temporary files of writers that died.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Patient;
use crate::{Findings, Status};

const ABOUT: &str = "leftovers";
/// So long no writer takes.
const OLD: Duration = Duration::from_mins(10);

/// Looks for them where files are written, and for what repairs have cut off.
pub fn look(patient: &Patient<'_>, findings: &mut Findings) {
    let root = patient.directory.path();
    let mut directories = vec![root.to_owned(), root.join("requests")];
    for group in directories_in(root) {
        let name = group.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "simulations" || name.starts_with("validation") {
            directories.extend(directories_in(&group));
            directories.push(group);
        }
    }
    let mut temporary: Vec<PathBuf> = vec![];
    for directory in &directories {
        temporary.extend(files_in(directory, ".tmp").filter(|path| is_old(path)));
    }
    if let [first, ..] = &temporary[..] {
        let message = match temporary.len() {
            1 => format!("1 temporary file of a writer that died: {}", first.display()),
            n => format!("{n} temporary files of writers that died: {}, …", first.display()),
        };
        let help =
            format!("remove them with: find {} -name '.tmp*' -delete", patient.directory.shown());
        findings.add_with_help(ABOUT, Status::Note, message, help);
    }
    let mut damaged: Vec<PathBuf> = files_in(root, "journal.jsonl.damaged-").collect();
    damaged.sort();
    for path in damaged {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        findings.add(ABOUT, Status::Note, format!("the journal was repaired: {name} was cut off"));
    }
}

fn directories_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|it| it.is_dir()));
    directories.map(|entry| entry.path()).collect()
}

fn files_in(directory: &Path, prefix: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let named =
        entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.map(|entry| entry.path())
}

fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|file| file.modified());
    modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > OLD))
}
