//! Real data stores: see `make_goldens.py`.

use std::path::{Path, PathBuf};

use mozaik_datastore::Store;
use tempfile::TempDir;

pub struct Fixture {
    pub directory: TempDir,
}

impl Fixture {
    pub fn unpack() -> Self {
        let compressed = std::fs::read(data("stores.tar.xz")).unwrap();
        let mut archive = vec![];
        lzma_rs::xz_decompress(&mut &compressed[..], &mut archive).unwrap();
        let directory = TempDir::new().unwrap();
        tar::Archive::new(&archive[..]).unpack(directory.path()).unwrap();
        Self { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn store(&self, name: &str) -> Store {
        Store::open(&self.path(name)).unwrap()
    }
}

pub fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}
