//! Dotted paths.

use std::fmt;

/// A dotted path into a tree, such as `sheets.l4_cortex_exc.K`. The empty path is the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(Vec<String>);

impl Path {
    /// The components, from the root down.
    pub fn components(&self) -> &[String] {
        &self.0
    }

    /// This path and one more component.
    #[must_use]
    pub fn child(&self, component: &str) -> Path {
        let mut components = self.0.clone();
        components.push(component.to_owned());
        Path(components)
    }

    /// The path without its last component, and that component; `None` for the root.
    pub fn split_last(&self) -> Option<(Path, &str)> {
        let (last, parent) = self.0.split_last()?;
        Some((Path(parent.to_vec()), last))
    }

    /// Whether this is `other` or below it.
    pub fn is_within(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The first `count` components.
    pub(crate) fn first(&self, count: usize) -> Path {
        Path(self.0[..count].to_vec())
    }

    /// What has to be appended to `ancestor` to get here.
    pub(crate) fn below(&self, ancestor: &Path) -> &[String] {
        &self.0[ancestor.0.len()..]
    }

    pub(crate) fn join(&self, components: &[String]) -> Path {
        Path(self.0.iter().chain(components).cloned().collect())
    }
}

impl From<&str> for Path {
    fn from(dotted: &str) -> Path {
        if dotted.is_empty() {
            return Path::default();
        }
        Path(dotted.split('.').map(str::to_owned).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
