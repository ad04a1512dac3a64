use std::collections::BTreeMap;
use std::sync::Arc;

use recording::{LoadError, Recording, Segment, Sheet, Stimulus};

use crate::Missing;
use crate::orientation::{Preferences, is_same_orientation};
use crate::spontaneous::{
    LEAST_DURATION_MS, SPONTANEOUS, USUAL_DURATION_MS, is_spontaneous, spontaneous_duration,
    spontaneous_durations,
};

/// The name of a grating that fills the visual field.
pub const FULL_FIELD: &str = "FullfieldDriftingSinusoidalGrating";
/// The name of a grating in a disk.
pub const DISK: &str = "DriftingSinusoidalGratingDisk";

/// How spontaneous activity is known, and what needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// By [`crate::spontaneous`].
    Ours,
    /// Those of the predecessor of this program: by its 5000 ms alone, and the cells that prefer an
    /// orientation are picked from it.
    Predecessor,
}

/// What one sheet did while each stimulus was presented.
///
/// A segment is loaded once, and then kept without its signals: spikes are small, while the
/// conductances of a whole model do not fit into memory for all presentations.
pub(crate) struct Presentations<'a> {
    pub(crate) sheet: &'a Sheet,
    recording: &'a dyn Recording,
    rules: Rules,
    spikes: BTreeMap<usize, Arc<Segment>>,
}

impl<'a> Presentations<'a> {
    pub(crate) fn of(recording: &'a dyn Recording, sheet: &'a Sheet, rules: Rules) -> Self {
        Self { sheet, recording, rules, spikes: BTreeMap::new() }
    }

    /// Where the cells of the sheet lie.
    pub(crate) fn positions_deg(&self) -> Result<&'a [[f64; 2]], Missing> {
        self.sheet.positions_deg.as_deref().ok_or_else(|| {
            let sheet = &self.sheet.name;
            Missing::new(format!("the positions of the cells of {sheet} are not known"))
        })
    }

    /// What the cells of the sheet prefer.
    pub(crate) fn preferences(&self) -> Result<Preferences<'a>, Missing> {
        Preferences::of(self.sheet).ok_or_else(|| {
            Missing::new(format!("the sheet {} has no orientation preferences", self.sheet.name))
        })
    }

    /// The stimulus of a segment.
    pub(crate) fn stimulus(&self, segment: usize) -> &'a Stimulus {
        &self.recording.segments()[segment].stimulus
    }

    /// The presentations of a stimulus in the order of recording, without the blanks before them.
    fn find(&self, is_wanted: impl Fn(&Stimulus) -> bool) -> Vec<usize> {
        let headers = self.recording.segments().iter().enumerate();
        headers
            .filter(|(_, header)| header.sheet == self.sheet.name && !header.null)
            .filter(|(_, header)| is_wanted(&header.stimulus))
            .map(|(segment, _)| segment)
            .collect()
    }

    /// All gratings of this name and contrast.
    pub(crate) fn gratings(&self, name: &str, contrast: f64) -> Result<Vec<usize>, Missing> {
        let found = self.find(|shown| shown.name == name && shown.has("contrast", contrast));
        if found.is_empty() {
            let sheet = &self.sheet.name;
            let reason = format!("{sheet} has no segment of a {name} with contrast {contrast} %");
            return Err(Missing::new(reason));
        }
        Ok(found)
    }

    /// The gratings of this name and contrast that have this orientation, at least one.
    pub(crate) fn gratings_at(
        &self,
        name: &str,
        contrast: f64,
        orientation_rad: f64,
    ) -> Result<Vec<usize>, Missing> {
        let mut found = self.gratings(name, contrast)?;
        found.retain(|&segment| {
            let shown_rad = self.stimulus(segment).number("orientation");
            shown_rad.is_some_and(|shown_rad| is_same_orientation(shown_rad, orientation_rad))
        });
        if found.is_empty() {
            let sheet = &self.sheet.name;
            return Err(Missing::new(format!(
                "{sheet} has no segment of a {name} with contrast {contrast} % at the orientation \
                 {orientation_rad:.4} rad"
            )));
        }
        Ok(found)
    }

    /// The one presentation of nothing, with its signals.
    pub(crate) fn spontaneous_with_signals(&mut self) -> Result<Arc<Segment>, Missing> {
        let segment = self.find_spontaneous()?;
        self.load(segment)
    }

    /// The spikes of the one presentation of nothing.
    pub(crate) fn spontaneous(&mut self) -> Result<Arc<Segment>, Missing> {
        let segment = self.find_spontaneous()?;
        self.spikes(segment)
    }

    /// The predecessor picks the cells that it examines from spontaneous activity, and so has no
    /// value without it.
    pub(crate) fn require_as_predecessor(&self) -> Result<(), Missing> {
        if self.rules == Rules::Predecessor { self.find_spontaneous().map(drop) } else { Ok(()) }
    }

    fn find_spontaneous(&self) -> Result<usize, Missing> {
        let (is_resting, rest_ms): (fn(&Stimulus) -> bool, _) = match self.rules {
            Rules::Ours => {
                (is_spontaneous, spontaneous_duration(spontaneous_durations(self.recording)))
            }
            Rules::Predecessor => (|shown| shown.name == SPONTANEOUS, Some(USUAL_DURATION_MS)),
        };
        let resting = self.find(is_resting);
        let duration_ms = |segment: &usize| self.stimulus(*segment).number("duration");
        let sheet = &self.sheet.name;
        let wanted = rest_ms.map_or_else(
            || format!("{USUAL_DURATION_MS} ms, or the longest of at least {LEAST_DURATION_MS} ms"),
            |rest_ms| format!("{rest_ms} ms"),
        );
        let found: Vec<_> = resting
            .iter()
            .filter(|&segment| rest_ms.is_some() && duration_ms(segment) == rest_ms)
            .collect();
        match found[..] {
            [&segment] => Ok(segment),
            [] => {
                let periods = resting.iter().filter_map(duration_ms);
                let periods: Vec<_> = periods.map(|ms| format!("{ms} ms")).collect();
                let periods = match &periods[..] {
                    [] => "no period without a stimulus was recorded".to_owned(),
                    [period] => format!("the period without a stimulus lasts {period}"),
                    periods => format!("those without a stimulus last {}", periods.join(", ")),
                };
                Err(Missing::new(format!(
                    "{sheet} has no segment of spontaneous activity ({SPONTANEOUS} of {wanted}): \
                     {periods}"
                )))
            }
            ref many => Err(Missing::new(format!(
                "{sheet} has {} segments of spontaneous activity ({SPONTANEOUS} of {wanted}), not one",
                many.len(),
            ))),
        }
    }

    /// A segment without its signals.
    pub(crate) fn spikes(&mut self, segment: usize) -> Result<Arc<Segment>, Missing> {
        if let Some(loaded) = self.spikes.get(&segment) {
            return Ok(Arc::clone(loaded));
        }
        let loaded = self.checked(segment, self.recording.load_spikes(segment))?;
        self.spikes.insert(segment, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// A segment with its signals, of which the spikes are kept.
    fn load(&mut self, segment: usize) -> Result<Arc<Segment>, Missing> {
        let loaded = self.checked(segment, self.recording.load(segment))?;
        self.spikes.entry(segment).or_insert_with(|| Arc::new(loaded.without_signals()));
        Ok(loaded)
    }

    fn checked(
        &self,
        segment: usize,
        loaded: Result<Arc<Segment>, LoadError>,
    ) -> Result<Arc<Segment>, Missing> {
        let loaded = loaded.map_err(|error| Missing::new(error.to_string()))?;
        let duration_ms = loaded.duration_ms();
        if !(duration_ms > 0.0 && duration_ms.is_finite()) {
            let (stimulus, sheet) = (&self.stimulus(segment).name, &self.sheet.name);
            let reason = format!("the segment of {stimulus} in {sheet} lasts {duration_ms} ms");
            return Err(Missing::new(reason));
        }
        Ok(loaded)
    }
}
