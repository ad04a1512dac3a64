//! The sheets of a model: where they are in its parameters, and what can be measured on them.

use mozaik_parameters::{Dict, Path, Value};

/// The sheets that mozaik makes of one LGN.
const LGN: [&str; 2] = ["X_ON", "X_OFF"];
/// Synchrony is measured between the cells of a square of this side, in degrees of visual field.
const CENTRE_DEG: f64 = 3.0;

/// A sheet of the model, or several that one entry stands for (an LGN).
pub struct Sheet {
    /// Where it is in the tree: below `sheets`, or in older models at the top.
    pub path: Path,
    /// How the data store calls it; `None` for an LGN, whose sheets have fixed names.
    pub name: Option<String>,
    /// mozaik's component.
    pub component: String,
    /// Whether its cells are NEST's own models and not PyNN's.
    pub native_nest: bool,
    /// Whether its cells have conductances: their model says so.
    pub has_conductances: bool,
    /// How many cells lie near the centre of the visual field, where that can be told.
    pub central_cells: Option<f64>,
}

impl Sheet {
    /// How the data store calls what it stands for.
    pub fn names(&self) -> Vec<&str> {
        self.name.as_deref().map_or(LGN.to_vec(), |name| vec![name])
    }

    /// Whether it lies in cortex: its cells have positions in visual space, and it can be fitted.
    /// Models take mozaik's cortical component for a perigeniculate nucleus too: then its name
    /// tells.
    pub fn is_cortical(&self) -> bool {
        self.name.is_some() && self.component.contains("Cortical") && !self.is_thalamic()
    }

    fn is_thalamic(&self) -> bool {
        let key = self.path.components().last().map_or("", String::as_str);
        [key, self.name.as_deref().unwrap_or_default()].iter().any(|name| {
            let name = name.to_lowercase();
            let mut words = name.split(|c: char| !c.is_alphanumeric());
            words.any(|word| matches!(word, "pgn" | "lgn" | "trn" | "nrt"))
                || ["genicul", "thalam", "reticul"].iter().any(|part| name.contains(part))
        })
    }

    /// The path of its recorders.
    pub fn recorders(&self) -> Path {
        self.path.child("params").child("recorders")
    }
}

/// The sheets of a resolved tree, in its order: sub-trees with a `component` that records.
pub fn sheets(root: &Dict) -> Vec<Sheet> {
    let mut found = vec![];
    collect(root, &Path::default(), &mut found);
    found
}

fn collect(dict: &Dict, path: &Path, found: &mut Vec<Sheet>) {
    for (key, entry) in &dict.entries {
        if let Value::Dict(inner) = &entry.value {
            let path = path.child(key);
            match sheet(inner, &path) {
                Some(sheet) => found.push(sheet),
                None => collect(inner, &path, found),
            }
        }
    }
}

fn sheet(dict: &Dict, path: &Path) -> Option<Sheet> {
    let value = |path: &str| dict.value(&path.into()).ok();
    let text = |path: &str| match value(path) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |path: &str| Some(value(path)?.as_number()?.to_f64());
    value("params.recorders")?;
    let central_cells = || {
        let side_um = number("params.magnification_factor")? * CENTRE_DEG;
        let side_mm = |path: &str| Some(number(path)?.min(side_um) / 1000.0);
        Some(side_mm("params.sx")? * side_mm("params.sy")? * number("params.density")?)
    };
    Some(Sheet {
        component: text("component")?,
        name: text("params.name"),
        native_nest: value("params.cell.native_nest") == Some(&Value::Boolean(true)),
        has_conductances: text("params.cell.model").is_none_or(|model| model.contains("cond")),
        central_cells: central_cells(),
        path: path.clone(),
    })
}

/// Whether the search fits this one of the sheets: those of cortex, or all where there is no
/// cortex.
pub fn fitted(sheets: &[Sheet], sheet: &Sheet) -> bool {
    sheet.is_cortical() || !sheets.iter().any(Sheet::is_cortical)
}
