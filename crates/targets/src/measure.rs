use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use recording::Recording;

use crate::orientation_tuning::{self, HIGH_CONTRAST, LOW_CONTRAST};
use crate::presentations::{Presentations, Rules};
use crate::{Missing, Target, TargetClass, Value};
use crate::{conductance, isi, modulation, rate, size_tuning, synchrony};

/// The values of targets on a recording, in the order of the targets.
///
/// Each segment that is needed is loaded once. At most one segment with its signals and the spikes
/// of one sheet are in memory at a time.
///
/// # Examples
///
/// Two cells rest for five seconds, and fire 10 and 20 times:
///
/// ```
/// use recording::{InMemory, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
/// use targets::{Scoring, Target, TargetClass, Wanted, measure};
///
/// let sheet = "V1_Exc_L4";
/// let mut spike_trains = SpikeTrains::default();
/// spike_trains.push(0, (1..=10).map(|i| 480.0 * f64::from(i)));
/// spike_trains.push(1, (1..=20).map(|i| 240.0 * f64::from(i)));
/// let stimulus = Stimulus::new("InternalStimulus", &[("duration", 5000.0)]);
/// let mut recording = InMemory::new(vec![Sheet::new(sheet, vec![[0.0, 0.0]; 2], None)]);
/// recording.push(
///     SegmentHeader { sheet: sheet.to_owned(), stimulus, null: false },
///     Segment { t_start_ms: 0.0, t_stop_ms: 5000.0, spike_trains, signals: vec![] },
/// );
///
/// let target = |class: TargetClass, wanted| -> Result<_, targets::ScoringError> {
///     let scoring = Scoring::new(class.rule(), wanted, Some(0.5), 20.0)?;
///     Ok(Target { name: class.to_string(), class, sheet_name: Some(sheet.to_owned()), scoring })
/// };
/// let targets = [
///     target(TargetClass::SpontActivity, Wanted::Range(1.0, 2.0))?,
///     target(TargetClass::ConductanceRatio, Wanted::Number(5.0))?,
/// ];
/// let values = measure(&recording, &targets);
/// assert_eq!(values[0], Ok(3.0)); // 30 spikes of 2 cells in 5 s
/// assert_eq!(targets[0].score(&values[0]).get(), 2.0);
/// let why = values[1].as_ref().unwrap_err().to_string();
/// assert_eq!(why, "no inhibitory conductance was recorded from the sheet V1_Exc_L4");
/// assert_eq!(targets[1].score(&values[1]).get(), 20.0);
/// # Ok::<(), targets::ScoringError>(())
/// ```
pub fn measure<T: Borrow<Target>>(recording: &dyn Recording, targets: &[T]) -> Vec<Value> {
    measure_by(Rules::Ours, recording, targets)
}

pub(crate) fn measure_by<T: Borrow<Target>>(
    rules: Rules,
    recording: &dyn Recording,
    targets: &[T],
) -> Vec<Value> {
    let keys = targets.iter().map(|target| key(target.borrow()));
    let mut wanted: BTreeMap<&str, BTreeSet<TargetClass>> = BTreeMap::new();
    for (sheet_name, class) in keys.clone().flatten() {
        wanted.entry(sheet_name).or_default().insert(class);
    }
    let mut values = BTreeMap::new();
    for (sheet_name, classes) in wanted {
        for (class, value) in measure_sheet(rules, recording, sheet_name, classes) {
            values.insert((sheet_name, class), value);
        }
    }
    keys.map(|key| key.and_then(|key| values[&key].clone())).collect()
}

/// What determines the value of a target.
fn key(target: &Target) -> Result<(&str, TargetClass), Missing> {
    if !target.class.is_measured() {
        let reason = format!("a {} is not measured on the recording", target.class);
        return Err(Missing::new(reason));
    }
    let sheet_name = target.sheet_name.as_deref();
    let sheet_name = sheet_name.ok_or_else(|| Missing::new("the target names no sheet"))?;
    Ok((sheet_name, target.class))
}

fn measure_sheet(
    rules: Rules,
    recording: &dyn Recording,
    sheet_name: &str,
    classes: BTreeSet<TargetClass>,
) -> Vec<(TargetClass, Value)> {
    let Some(sheet) = recording.sheet(sheet_name) else {
        let names: Vec<_> = recording.sheets().iter().map(|sheet| &*sheet.name).collect();
        let reason = format!("{sheet_name} is not among the sheets ({})", names.join(", "));
        let missing = Missing::new(reason);
        return classes.into_iter().map(|class| (class, Err(missing.clone()))).collect();
    };
    let mut presentations = Presentations::of(recording, sheet, rules);
    let mut classes: Vec<_> = classes.into_iter().collect();
    // The only one that needs signals goes first, as its segment is kept without them afterwards.
    classes.sort_by_key(|&class| class != TargetClass::ConductanceRatio);
    classes.into_iter().map(|class| (class, measure_class(class, &mut presentations))).collect()
}

fn measure_class(class: TargetClass, presentations: &mut Presentations<'_>) -> Value {
    use TargetClass as C;
    let value = match class {
        C::SpontActivity => rate::spontaneous_activity(presentations),
        C::Irregularity => isi::irregularity(presentations),
        C::Synchrony => synchrony::synchrony(presentations),
        C::OrientationTuningPreference => orientation_tuning::preference(presentations),
        C::OrientationTuningOrthoHigh => {
            orientation_tuning::orthogonal(presentations, HIGH_CONTRAST)
        }
        C::OrientationTuningOrthoLow => orientation_tuning::orthogonal(presentations, LOW_CONTRAST),
        C::SizeTuning => size_tuning::size_tuning(presentations),
        C::ConductanceRatio => conductance::conductance_ratio(presentations),
        C::ModulationRatio => modulation::modulation_ratio(presentations),
        C::TargetValue | C::OneBoundUpper | C::OneBoundLower | C::Range | C::Command(_) => {
            return Err(Missing::new("not measured on the recording"));
        }
    }?;
    if value.is_finite() {
        Ok(value)
    } else {
        let sheet = &presentations.sheet.name;
        Err(Missing::new(format!("the {class} of {sheet} is {value}, not a finite number")))
    }
}
