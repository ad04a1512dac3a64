//! Figures of one simulation: what the sheets of the model do.

mod contrast;
mod distributions;
mod layout;
mod orientation;
mod raster;
mod signals;
mod size;

use inspection::SheetInspection;

use crate::{Figure, NotEnough};

/// A kind of figure of one simulation.
#[derive(Debug, Clone, Copy)]
pub struct BiologyKind {
    /// The figure's name: that of its file.
    pub name: &'static str,
    make: fn(&[SheetInspection]) -> Result<Figure, NotEnough>,
}

impl BiologyKind {
    /// Every kind, in the order in which people read them.
    pub const ALL: [BiologyKind; 9] = [
        BiologyKind { name: "raster", make: raster::raster },
        BiologyKind { name: "distributions", make: distributions::distributions },
        BiologyKind { name: "signals", make: signals::signals },
        BiologyKind { name: "orientation_tuning", make: orientation::tuning },
        BiologyKind { name: "orientation_selectivity", make: orientation::selectivity },
        BiologyKind { name: "size_tuning", make: size::tuning },
        BiologyKind { name: "size_tuning_cells", make: size::cells },
        BiologyKind { name: "contrast_response", make: contrast::response },
        BiologyKind { name: "modulation", make: contrast::modulation },
    ];

    /// Makes the figure.
    ///
    /// # Errors
    /// When the simulation does not show it.
    pub fn figure(self, sheets: &[SheetInspection]) -> Result<Figure, NotEnough> {
        (self.make)(sheets)
    }
}
