//! Arguments of `evaluate` and `datastore`, the commands for existing data stores.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// Data stores, or directories that contain data stores
    #[arg(required = true, value_name = "STORE")]
    pub stores: Vec<PathBuf>,
    /// The file with the targets, or the model's directory (uses its
    /// `param_optim/config_optimisation`)
    #[arg(long, value_name = "CONFIG", default_value = ".")]
    pub config: PathBuf,
    /// Measure and score as the predecessor did, defects included
    #[arg(long)]
    pub predecessor: bool,
    /// Print JSON to stdout: an object, or an array of objects for several stores
    #[arg(long)]
    pub json: bool,
    /// How many stores to evaluate at the same time [default: the number of cores]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Memory for simultaneous evaluations, such as 4G or 500M; a store that needs more is
    /// evaluated alone [default: most of the free memory]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub memory_limit: Option<u64>,
}

/// Arguments of `datastore`.
#[derive(Debug, Args)]
pub struct DatastoreArguments {
    /// The data store
    pub store: PathBuf,
    /// Print JSON to stdout
    #[arg(long, conflicts_with = "export")]
    pub json: bool,
    /// Write spikes, positions, orientations and signals to files of this format
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub export: Option<ArrayFormat>,
    /// Only this sheet; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    pub sheet: Vec<String>,
    /// The directory for exported files, created if missing
    #[arg(long, short, value_name = "DIRECTORY", requires = "export", default_value = "exported")]
    pub output: PathBuf,
}

/// How arrays are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArrayFormat {
    /// One archive of NumPy arrays for each sheet
    Npz,
    /// Tables
    Csv,
}

/// A size as 500M, 4G, 4GB, 4GiB or in bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size: write 500M or 4G");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().trim_end_matches(['B', 'b']).trim_end_matches(['i', 'I']);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "" => 1.0,
        "K" => 1024.0,
        "M" => 1024.0 * 1024.0,
        "G" => 1024.0 * 1024.0 * 1024.0,
        "T" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let size: f64 = number.parse().map_err(|_| wrong())?;
    if size > 0.0 { Ok((size * factor) as u64) } else { Err(wrong()) }
}
