//! What simulations need around them, looked at before anything is proposed.

use std::fs;

use configuration::Configuration;

use crate::error::SearchError;

/// Refuses to go on where no simulation could begin.
pub fn look(configuration: &Configuration) -> Result<(), SearchError> {
    for path in [&configuration.model_directory, &configuration.directory] {
        fs::read_dir(path)
            .map(drop)
            .map_err(|source| SearchError::NoModel { path: path.clone(), source })?;
    }
    Ok(())
}
