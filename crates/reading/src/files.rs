//! The user's two files, each alone.

use std::path::{Path, PathBuf};

use configuration::ConfiguredTarget;

use crate::config_optimisation::ConfigOptimisation;
use crate::mistake::{Mistake, Source};
use crate::settings::Settings;

/// Larger than any configuration by far.
const MAX_CONFIG_BYTES: u64 = 16 << 20;
/// Where the file with parameters and targets lies in a model's directory.
pub const CONFIG_OPTIMISATION: &str = "param_optim/config_optimisation";
pub(crate) const WHAT_IT_SAYS: &str = "it says which parameters are searched, and the targets";

pub(crate) fn read_text(path: &Path, purpose: &str) -> Result<String, Mistake> {
    durable::read_bounded(path, MAX_CONFIG_BYTES)
        .map_err(|error| Mistake::new(format!("cannot read {error}"), purpose))
}

/// The targets of a `config_optimisation` file, or of the one in this model's directory; and that
/// directory.
pub fn read_targets(path: &Path) -> Result<(Vec<ConfiguredTarget>, PathBuf), Vec<Mistake>> {
    let in_model = path.join(CONFIG_OPTIMISATION);
    let (path, model_directory) = if path.is_dir() {
        (&*in_model, path.to_owned())
    } else {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let beside = absolute.parent().unwrap_or(Path::new("."));
        let model = if beside.ends_with("param_optim") { beside.parent() } else { None };
        (path, model.unwrap_or(beside).to_owned())
    };
    let text = read_text(path, WHAT_IT_SAYS).map_err(|mistake| vec![mistake])?;
    match ConfigOptimisation::parse(&Source::of(path, &text)) {
        (Some(what), mistakes) if mistakes.is_empty() => Ok((what.targets, model_directory)),
        (_, mistakes) => Err(mistakes),
    }
}

/// The settings of a `mozopt.toml`; all defaults if there is none.
pub fn read_settings(path: &Path) -> Result<Settings, Mistake> {
    read_settings_source(path).map(|(settings, _)| settings)
}

/// The same, and where they are written.
pub(crate) fn read_settings_source(path: &Path) -> Result<(Settings, Option<Source>), Mistake> {
    if !path.exists() {
        return Ok((Settings::default(), None));
    }
    let text = read_text(path, "it says how the search runs")?;
    let source = Source::of(path, &text);
    Settings::parse(&source).map(|settings| (settings, Some(source)))
}
