//! The values of all classes of targets.

use recording::Recording;
use serde_json::{Map, Value};
use targets::{Rule, Scoring, Target, TargetClass, Wanted, conductance, is_spontaneous, measure};

use crate::Outcome;

const EXCITATORY: [&str; 2] = ["V1_Exc_L4", "V1_Exc_L2/3"];
const ALL: [&str; 4] = ["V1_Exc_L4", "V1_Inh_L4", "V1_Exc_L2/3", "V1_Inh_L2/3"];

/// What is measured in which sheets.
const MEASURED: [(TargetClass, &[&str]); 9] = [
    (TargetClass::SpontActivity, &ALL),
    (TargetClass::Irregularity, &ALL),
    (TargetClass::Synchrony, &ALL),
    (TargetClass::OrientationTuningPreference, &ALL),
    (TargetClass::OrientationTuningOrthoHigh, &ALL),
    (TargetClass::OrientationTuningOrthoLow, &ALL),
    (TargetClass::SizeTuning, &["V1_Exc_L2/3"]),
    (TargetClass::ModulationRatio, &EXCITATORY),
    (TargetClass::ConductanceRatio, &ALL),
];

/// The values of this recording, and mean spontaneous conductances in nS.
pub fn of(recording: &dyn Recording) -> Outcome<Value> {
    let scoring = Scoring::new(Rule::TargetValue, Wanted::Number(0.0), None, 1.0)?;
    let target = |class: TargetClass, sheet: &str| Target {
        name: format!("{} {sheet}", class.name().trim_end_matches("Target")),
        class,
        sheet_name: Some(sheet.to_owned()),
        scoring,
    };
    let targets: Vec<Target> = MEASURED
        .iter()
        .flat_map(|(class, sheets)| sheets.iter().map(|sheet| target(*class, sheet)))
        .collect();
    let mut values = Map::new();
    for (target, value) in targets.iter().zip(measure(recording, &targets)) {
        values.insert(target.name.clone(), value.ok().into());
    }
    for sheet in ALL {
        for (name, what) in [("gsyn_exc", "Excitation"), ("gsyn_inh", "Inhibition")] {
            let own = recording
                .segments()
                .iter()
                .rposition(|header| header.sheet == sheet && is_spontaneous(&header.stimulus));
            let Some(number) = own else { continue };
            let segment = recording.load(number)?;
            let mean_us = segment.signal(&[name]).and_then(conductance::mean_over_cells);
            values.insert(format!("{what} {sheet}, nS"), mean_us.map(|us| 1000.0 * us).into());
        }
    }
    Ok(Value::Object(values))
}
