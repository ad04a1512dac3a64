//! Arguments of the commands that show an optimization in pictures.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use figures::{Kind, Theme};

pub(super) const FIGURES_EXAMPLES: &str = "\
Examples:
  mozopt figures examples/v1                           PNG files in the optimization's directory
  mozopt figures examples/v1 --format svg -o paper --only evo_fitness --only scores
  mozopt figures ./*_Optimization --only convergence   several searches in one figure
  mozopt figures examples/v1 --format json             for Altair: docs/figures.md

Prints the path of each file. Leaves out figures that need more simulations, with the reason on stderr.";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  mozopt report examples/v1
  mozopt report examples/v1 -o for-the-meeting.html
  mozopt report ./*_Optimization                       compares several

The file is self-contained: send it by mail and open it in any browser, without a network.";

pub(super) const SERVE_EXAMPLES: &str = "\
Examples:
  mozopt serve examples/v1                    prints the address to open
  mozopt serve examples/v1 --port 8750        on a cluster: `ssh -L 8750:127.0.0.1:8750 CLUSTER` first

The optimization may run on any machine that sees the same files, or not run at all. Only this machine
can reach the port, and only users who know the address with its token. Ctrl-C ends the dashboard, not the
optimization.";

/// Arguments of `figures`.
#[derive(Debug, Args)]
pub struct FiguresArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest); several are
    /// drawn in one figure, their convergence
    #[arg(default_value = ".", value_name = "OPTIMIZATION")]
    pub optimizations: Vec<PathBuf>,
    /// The file format
    #[arg(long, value_enum, default_value = "png")]
    pub format: FigureFormat,
    /// The output directory, created if missing [default: figures, in the optimization's directory]
    #[arg(long, short, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
    /// Only this figure; may be repeated [default: all]
    #[arg(long, value_name = "NAME", value_parser = names())]
    pub only: Vec<String>,
    /// The colours
    #[arg(long, value_enum, default_value = "light")]
    pub theme: ThemeChoice,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name).chain([CONVERGENCE]))
}

/// The name of the figure of several optimizations.
pub const CONVERGENCE: &str = "convergence";

/// The kinds of files that figures are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FigureFormat {
    /// Pixels, 192 per inch
    Png,
    /// Vector graphics
    Svg,
    /// A Vega-Lite specification with its data, for Altair and Jupyter
    Json,
    /// An interactive page
    Html,
}

/// The colours of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ThemeChoice {
    /// Dark on white
    Light,
    /// Light on near-black
    Dark,
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Light => Self::Light,
            ThemeChoice::Dark => Self::Dark,
        }
    }
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest); several are
    /// compared
    #[arg(default_value = ".", value_name = "OPTIMIZATION")]
    pub optimizations: Vec<PathBuf>,
    /// The file to write [default: report.html or comparison.html, in the first optimization's
    /// directory]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The optimization, or a directory that contains optimizations (uses the latest)
    #[arg(default_value = ".")]
    pub optimization: PathBuf,
    /// The port [default: any free port]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Do not open the page in this machine's browser
    #[arg(long)]
    pub no_browser: bool,
}
