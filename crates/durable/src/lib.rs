//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

/// Writes a file so that a reader, or a machine that dies, sees the old contents or the new ones
/// and never a part: write to a temporary file, fsync, rename, fsync the directory.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut temporary = NamedTempFile::new_in(directory_of(path))?;
    temporary.write_all(contents)?;
    persist(temporary, path)
}

/// Gives a temporary file that was written in the same directory its name.
pub fn persist(temporary: NamedTempFile, path: &Path) -> io::Result<()> {
    // Temporary files are private; these are to be read by colleagues and by jobs.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_directory(directory_of(path))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a value as JSON, indented for people.
pub fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write(path, &text)
}

/// Fails when the disk has no room for another small file.
pub fn has_room(directory: &Path) -> io::Result<()> {
    let mut probe = NamedTempFile::new_in(directory)?;
    probe.write_all(&vec![1; 64 << 10])?;
    probe.as_file().sync_all()
}

/// Makes renamed and new files of a directory survive a power failure.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Reads a text file of at most `limit` bytes.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<String> {
    let size = fs::metadata(path)?.len();
    if size > limit {
        let why = format!("the file has {size} bytes, more than the {limit} that make sense here");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    fs::read_to_string(path)
}

/// Larger than any JSON file that is read whole.
const MAX_JSON_BYTES: u64 = 16 << 20;

/// Reads a JSON file; what is wrong with its text is an error of the kind `InvalidData` that names
/// it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let text = read_bounded(path, MAX_JSON_BYTES)?;
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}
