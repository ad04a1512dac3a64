//! What is recorded in an optimization: the spikes of every cell, and conductances near the centre.

use crate::Sheet;

/// How many cells of a sheet that is not fitted are recorded, to see that it works.
const OTHER_CELLS: usize = 12;
/// How many cells' conductances are recorded where cells have no place on a grid.
const CELLS: usize = 20;

/// A file of recorders.
pub struct Recorders {
    /// The file's name.
    pub file: &'static str,
    /// Its text.
    pub text: String,
}

/// The recorders of a sheet: of every cortical cell the spikes, and the conductances of cells at
/// the electrodes of a grid of 200 µm. `fitted`: whether targets look at the sheet.
pub fn of(sheet: &Sheet, fitted: bool) -> Recorders {
    if sheet.name.is_none() {
        let (why, recorder) = if fitted {
            ("The spikes of all cells: there is nothing else to fit.", all())
        } else {
            (
                "To see that the input works: the targets look at cortex.",
                random("'spikes',", OTHER_CELLS),
            )
        };
        let text = format!("{{\n    # {why}\n    '1' : {recorder},\n}}\n");
        return Recorders { file: "optimization_recorder_lgn", text };
    }
    let all_spikes = format!(
        "    # The spikes of all cells: synchrony and size tuning are computed from them.\n    \
         '1' : {},\n",
        all()
    );
    if !sheet.has_conductances {
        let text = format!("{{\n{all_spikes}}}\n");
        return Recorders { file: "optimization_recorder_spikes", text };
    }
    let (variables, suffix) = if sheet.native_nest {
        ("'g_ex', 'g_in'", "_native")
    } else {
        ("'gsyn_exc', 'gsyn_inh'", "")
    };
    let (conductances, file) = match (sheet.is_cortical(), suffix) {
        (true, "") => (grid(variables), "optimization_recorder"),
        (true, _) => (grid(variables), "optimization_recorder_native"),
        (false, "") => (random(variables, CELLS), "optimization_recorder_random"),
        (false, _) => (random(variables, CELLS), "optimization_recorder_random_native"),
    };
    let text = format!(
        "{{\n{all_spikes}    # Conductances of some cells: they take much more room than spikes.\n    \
         '2' : {conductances},\n}}\n"
    );
    Recorders { file, text }
}

fn all() -> String {
    "{\n        'component' : 'mozaik.sheets.population_selector.RCAll',\n        \
     'variables' : ('spikes',),\n        'params' : {},\n    }"
        .to_owned()
}

fn grid(variables: &str) -> String {
    format!(
        "{{\n        'component' : 'mozaik.sheets.population_selector.RCGrid',\n        \
         'variables' : ({variables}),\n        'params' : {{\n            \
         'size' : 200.0, # micrometres: the side of the grid, a multiple of the spacing\n            \
         'spacing' : 10.0, # micrometres between two electrodes\n            \
         'offset_x' : 0.0,\n            'offset_y' : 0.0,\n        }},\n    }}"
    )
}

fn random(variables: &str, cells: usize) -> String {
    format!(
        "{{\n        'component' : 'mozaik.sheets.population_selector.RCRandomN',\n        \
         'variables' : ({variables}),\n        'params' : {{'num_of_cells' : {cells}}},\n    }}"
    )
}
