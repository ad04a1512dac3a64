use std::fs::OpenOptions;
use std::io::{self, Read};
use std::path::Path;

use pickle::{Graph, Limits};

use crate::error::{Error, Problem};

/// Reads a pickle file and hands its graph to `interpret`; both are freed before the next file is
/// read, which keeps memory bounded by the largest file.
///
/// The file is read and not mapped: a mapped file that its writer truncates would kill this
/// process.
pub(crate) fn with_graph<T>(
    path: &Path,
    interpret: impl FnOnce(&Graph<'_>) -> Result<T, Problem>,
) -> Result<T, Error> {
    let bytes = read(path).map_err(|error| Problem::from(error).at(path))?;
    let graph = pickle::read(&bytes, Limits::for_size(bytes.len()));
    graph.map_err(Problem::from).and_then(|graph| interpret(&graph)).map_err(|p| p.at(path))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = durable::open_as(OpenOptions::new().read(true), path)?;
    let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut bytes = vec![];
    // A file beyond the machine's memory is an error, and not the end of the process.
    bytes.try_reserve_exact(size + 1).map_err(|_| io::ErrorKind::OutOfMemory)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
