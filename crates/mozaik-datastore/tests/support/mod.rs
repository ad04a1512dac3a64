//! Real data stores: see `make_goldens.py` and `make_recordings.py`.

// Every test file uses a part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mozaik_datastore::Store;
use tempfile::TempDir;

pub struct Fixture {
    pub directory: TempDir,
}

impl Fixture {
    /// Unpacks these stores for one test, which may damage them.
    pub fn unpack(names: &[&str]) -> Self {
        static ARCHIVE: LazyLock<Vec<u8>> = LazyLock::new(|| decompressed("stores.tar.xz"));
        Self::of(&ARCHIVE, |path| names.iter().any(|name| path.starts_with(name)))
    }

    /// Unpacks all recordings: see `make_recordings.py`.
    pub fn recordings() -> Self {
        Self::of(&decompressed("recordings.tar.xz"), |_| true)
    }

    fn of(archive: &[u8], is_wanted: impl Fn(&Path) -> bool) -> Self {
        let directory = TempDir::new().unwrap();
        for entry in tar::Archive::new(archive).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            if is_wanted(&path) {
                std::fs::create_dir_all(directory.path().join(path.parent().unwrap())).unwrap();
                entry.unpack_in(directory.path()).unwrap();
            }
        }
        Self { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn store(&self, name: &str) -> Store {
        Store::open(&self.path(name)).unwrap()
    }
}

fn decompressed(file: &str) -> Vec<u8> {
    let compressed = std::fs::read(data(file)).unwrap();
    let mut archive = vec![];
    lzma_rs::xz_decompress(&mut &compressed[..], &mut archive).unwrap();
    archive
}

pub fn data(file: &str) -> PathBuf {
    // Tests of the program use these stores as well.
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    crates.join("mozaik-datastore/tests/data").join(file)
}
