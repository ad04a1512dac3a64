//! Files that are there whole or not at all.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! # let directory = tempfile::tempdir()?;
//! let path = directory.path().join("total.json");
//! durable::write_json(&path, &31.62)?;
//! let total: f64 = durable::read_json(&path)?;
//! assert_eq!(total, 31.62);
//! // A file from outside is read up to a length.
//! let error = durable::read_bounded(&path, 3).unwrap_err();
//! assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
//! # Ok(())
//! # }
//! ```

// The error types say, variant by variant, what can fail.
#![allow(clippy::missing_errors_doc)]

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

/// Writes a file so that a reader, or a machine that dies, sees the old contents or the new ones
/// and never a part: write to a temporary file, fsync, rename, fsync the directory.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(contents))
}

/// The same for contents that are written piece by piece.
pub fn write_with(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary_in(directory_of(path))?;
    let mut file = BufWriter::new(temporary.as_file());
    contents(&mut file)?;
    file.flush()?;
    drop(file);
    persist(temporary, path)
}

/// How the names of temporary files begin and end.
const TEMPORARY: (&str, &str) = (".mozopt-", ".tmp");
/// On file systems without locks no writer takes so long.
const ABANDONED: Duration = Duration::from_hours(24);

/// A temporary file to be given its name by [`persist`]. It is locked while its writer lives.
pub fn temporary_in(directory: &Path) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = TEMPORARY;
    let file = tempfile::Builder::new().prefix(prefix).suffix(suffix).tempfile_in(directory)?;
    // Not every file system has locks; the age says enough there.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes the temporary files of writers that were killed. Those of others stay.
pub fn remove_leftovers(directory: &Path) -> io::Result<()> {
    let (prefix, suffix) = TEMPORARY;
    for entry in fs::read_dir(directory).map_err(named(directory))? {
        let path = entry.map_err(named(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(prefix) && name.ends_with(suffix) && is_abandoned(&path) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(named(&path)(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn is_abandoned(temporary: &Path) -> bool {
    let Ok(file) = open(temporary) else { return false };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => {
            let age = file.metadata().and_then(|it| it.modified()).map(|time| time.elapsed());
            age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED))
        }
    }
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
    let mut probe = temporary_in(directory)?;
    probe.write_all(&vec![1; 64 << 10])?;
    probe.as_file().sync_all()
}

/// Makes renamed and new files of a directory survive a power failure.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Opens a regular file to be read, and nothing else: a pipe or a device that stands in its place
/// would block, or never end. Errors name the file.
pub fn open(path: &Path) -> io::Result<File> {
    open_as(OpenOptions::new().read(true), path).map_err(named(path))
}

/// Opens a regular file with these options, as [`open`] does. For callers that name the file.
pub fn open_as(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // A pipe that nobody writes blocks whoever opens it; a terminal could become that of the
    // process.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits() as i32).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    Err(if kind.is_dir() {
        Errno::ISDIR.into()
    } else {
        io::Error::new(io::ErrorKind::InvalidInput, "this is no regular file")
    })
}

/// Adds the file's name to an error.
fn named(path: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Reads a regular file of at most `limit` bytes. Errors name the file.
pub fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let too_large = |size: &dyn fmt::Display| {
        let why = format!("the file has {size} bytes, more than the {limit} that make sense here");
        named(path)(io::Error::new(io::ErrorKind::FileTooLarge, why))
    };
    let file = open(path)?;
    let size = file.metadata().map_err(named(path))?.len();
    if size > limit {
        return Err(too_large(&size));
    }
    // The file may grow, and on some file systems it is said to be empty.
    let mut bytes = vec![];
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(named(path))?;
    if read as u64 > limit {
        return Err(too_large(&format_args!("at least {read}")));
    }
    Ok(bytes)
}

/// Reads a text file of at most `limit` bytes, as [`read_bytes`] does.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read_bytes(path, limit)?).map_err(|_| {
        named(path)(io::Error::new(io::ErrorKind::InvalidData, "this is no text in UTF-8"))
    })
}

/// Larger than any JSON file that is read whole.
const MAX_JSON_BYTES: u64 = 16 << 20;

/// Reads a JSON file; what is wrong with its text is an error of the kind `InvalidData` that names
/// it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let text = read_bounded(path, MAX_JSON_BYTES)?;
    serde_json::from_str(&text)
        .map_err(|error| named(path)(io::Error::new(io::ErrorKind::InvalidData, error)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o644.into()).unwrap();
        let endless = directory.path().join("endless");
        symlink("/dev/zero", &endless).unwrap();
        for path in [&pipe, &endless] {
            for error in [read_bounded(path, 10).unwrap_err(), read_json::<u8>(path).unwrap_err()] {
                let expected = format!("{}: this is no regular file", path.display());
                assert_eq!(error.to_string(), expected);
            }
        }
        let error = read_bounded(directory.path(), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_a_living_one_has_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let living = temporary_in(directory.path()).unwrap();
        let (_, killed) = temporary_in(directory.path()).unwrap().keep().unwrap();
        fs::write(path(".tmp-of-somebody-else.tmp"), "").unwrap();
        write(&path("result.json"), b"{}").unwrap();
        remove_leftovers(directory.path()).unwrap();
        assert!(!killed.exists());
        assert!(living.path().exists() && path(".tmp-of-somebody-else.tmp").exists());
        persist(living, &path("finished.json")).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".tmp-of-somebody-else.tmp", "finished.json", "result.json"]);
    }

    #[test]
    fn a_file_is_read_up_to_the_limit_whatever_its_size_is_said_to_be() {
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), "12345").unwrap();
        assert_eq!(read_bounded(file.path(), 5).unwrap(), "12345");
        let error = read_bounded(file.path(), 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().starts_with(&file.path().display().to_string()), "{error}");
        // Of files in /proc the metadata says that they are empty.
        let error = read_bounded(Path::new("/proc/self/status"), 100).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn errors_name_the_file_and_keep_their_kind() {
        let missing = Path::new("/nowhere/values.json");
        let error = read_json::<u8>(missing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with("/nowhere/values.json: "), "{error}");
        let file = NamedTempFile::new().unwrap();
        for contents in [&b"\xff\xfe"[..], b"{"] {
            fs::write(file.path(), contents).unwrap();
            let error = read_json::<u8>(file.path()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().starts_with(&file.path().display().to_string()), "{error}");
        }
    }
}
