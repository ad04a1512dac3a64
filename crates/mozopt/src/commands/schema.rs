//! `mozopt schema`: the JSON Schemas of the two configuration files.

use reading::{CONFIG_OPTIMISATION_SCHEMA, Settings};

use crate::cli::{SchemaArguments, SchemaFile};
use crate::failure::{FINISHED, Failure};

/// Prints the schema of one of the files.
pub fn schema(arguments: &SchemaArguments) -> Result<u8, Failure> {
    match arguments.file {
        SchemaFile::ConfigOptimisation => super::print(CONFIG_OPTIMISATION_SCHEMA)?,
        SchemaFile::MozoptToml => super::print_json(&schemars::schema_for!(Settings))?,
    }
    Ok(FINISHED)
}
