//! Arguments of `inspect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ThemeChoice;

pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  mozopt inspect results/Model_run_____                 a summary, and PNG files in inspection/
  mozopt inspect 20260301-101500_Optimization/simulations/000217 --format html -o candidate-217
  mozopt inspect STORE --format json -o numbers         every number, in numbers/inspection.json
  mozopt inspect STORE --sheet V1_Exc_L4 --format svg --theme dark

Lists what a recording does not show. docs/figures.md explains the figures and the numbers.";

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// A data store, or a directory that contains one, such as that of a simulation whose data was
    /// kept
    pub store: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value = "png")]
    pub format: InspectFormat,
    /// The output directory, created if missing
    #[arg(long, short, value_name = "DIRECTORY", default_value = "inspection")]
    pub output: PathBuf,
    /// The colours [default: light; for HTML, the reader's browser decides]
    #[arg(long, value_enum)]
    pub theme: Option<ThemeChoice>,
    /// Only this sheet; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    pub sheet: Vec<String>,
}

/// What `inspect` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// Figures as pixels, 192 per inch
    Png,
    /// Figures as vector graphics
    Svg,
    /// One interactive page
    Html,
    /// Every number, in one file
    Json,
}
