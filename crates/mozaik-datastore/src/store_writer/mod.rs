//! Writes data stores as mozaik does.

mod block;
mod neo;
mod quantities;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pickle::Writer;
use recording::{Segment, SegmentHeader, Sheet};

use crate::analysis::ANALYSIS;
use crate::block::BLOCK;
use crate::stimulus_text;
use crate::store::Store;
use neo::Description;
use quantities::Quantities;

/// Which neo can load a store. Up to 0.12 it keeps what belongs to a segment in plain lists, from
/// 0.13 on in lists of its own under other names, and neither understands the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// neo up to 0.12, with NumPy 1
    Neo12,
    /// neo 0.13 and newer, with NumPy 2
    Neo14,
}

/// What a store says of a run beside what was recorded.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The model's parameters as mozaik prints them: a Python dict display.
    pub parameters: String,
    /// The experiments: the name of the class and its parameters as a Python dict display.
    pub experiments: Vec<(String, String)>,
    /// The name of the model.
    pub model: String,
}

/// What the index will say.
struct Contents {
    sheets: Vec<Sheet>,
    parameters: String,
    experiments: Vec<(String, String)>,
    /// The sheet of each segment and the text of its stimulus.
    segments: Vec<(usize, String)>,
}

/// Writes a data store of mozaik, segment by segment, as pickles of neo's objects.
///
/// Neurons get ids that go through all sheets, as those of NEST. The time at which a segment was
/// recorded, by which mozaik sorts, counts milliseconds from the year 2000, one for each segment:
/// the same recording gives the same bytes. Blanks ("null" segments) are not written.
///
/// # Examples
///
/// ```
/// use mozaik_datastore::{Layout, Run, Store, StoreWriter};
/// use recording::{Recording, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
///
/// # let temporary = tempfile::tempdir()?;
/// # let directory = temporary.path().join("store");
/// let sheet = Sheet::new("V1_Exc_L4", vec![[0.1, -0.4], [0.3, 0.2]], Some(vec![0.0, 1.57]));
/// let mut writer = StoreWriter::create(&directory, &[sheet], Layout::Neo14, Run::default())?;
/// let header = SegmentHeader {
///     sheet: "V1_Exc_L4".to_owned(),
///     stimulus: Stimulus::new("InternalStimulus", &[("duration", 5000.0), ("trial", 0.0)]),
///     null: false,
/// };
/// let spike_trains = SpikeTrains::from_counts(vec![0, 1], &[2, 1], vec![3.5, 90.0, 41.2])?;
/// let segment = Segment { t_start_ms: 0.0, t_stop_ms: 5000.0, spike_trains, signals: vec![] };
/// writer.push(&header, &segment)?;
/// writer.finish(false)?;
///
/// let store = Store::open(&directory)?;
/// assert_eq!(*store.load(0)?, segment);
/// assert_eq!(store.sheets()[0].orientations_rad, Some(vec![0.0, 1.57]));
/// assert!(store.segments()[0].stimulus.has("duration", 5000.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StoreWriter {
    directory: PathBuf,
    layout: Layout,
    contents: Contents,
    model: String,
}

impl StoreWriter {
    /// Begins a store in this directory, which is made if it does not exist.
    ///
    /// # Errors
    /// When there is a store already, or the directory cannot be made.
    pub fn create(
        directory: &Path,
        sheets: &[Sheet],
        layout: Layout,
        run: Run,
    ) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        if Store::is_at(directory) {
            let why = "there is a data store already";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
        }
        let mut sheets = sheets.to_vec();
        let mut next = 1;
        for sheet in &mut sheets {
            for id in &mut sheet.neuron_ids {
                *id = next;
                next += 1;
            }
        }
        let Run { parameters, experiments, model } = run;
        let contents = Contents { sheets, parameters, experiments, segments: vec![] };
        Ok(Self { directory: directory.to_owned(), layout, contents, model })
    }

    /// Writes the next segment.
    ///
    /// # Errors
    /// When its sheet or the unit of a signal is not known, or it cannot be written.
    pub fn push(&mut self, header: &SegmentHeader, segment: &Segment) -> io::Result<()> {
        let refused = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        let sheets = &self.contents.sheets;
        let Some(sheet) = sheets.iter().position(|sheet| sheet.name == header.sheet) else {
            return refused(format!("a segment of the sheet {}, which is not known", header.sheet));
        };
        let unknown = |signal: &&recording::Signal| Quantities::known_unit(&signal.unit).is_none();
        if let Some(signal) = segment.signals.iter().find(unknown) {
            return refused(format!(
                "{} in {}, a unit that is not known",
                signal.name, signal.unit
            ));
        }
        let number = self.contents.segments.len();
        self.contents.segments.push((sheet, stimulus_text::write(&header.stimulus)));
        let pickle = neo::segment(self.layout, &self.contents.description(number), segment);
        fs::write(self.directory.join(format!("Segment{number}.pickle")), pickle)
    }

    /// Completes the store. Its index comes last and under its name at once, so that a store whose
    /// writer died has none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(self, explosion_detected: bool) -> io::Result<()> {
        let Self { directory, layout, contents, model } = self;
        let empty = |write: fn(&mut Writer)| {
            let mut writer = Writer::new();
            write(&mut writer);
            writer.finish()
        };
        let list = empty(|to| {
            to.list(|_| {});
        });
        let stimuli = empty(|to| {
            to.call("collections", "OrderedDict", |_| {});
        });
        let changes = empty(|to| {
            to.dict(|_| {});
        });
        let write = |name: &str, bytes: &[u8]| fs::write(directory.join(name), bytes);
        write(ANALYSIS, &list)?;
        write("datastore.sensory.stimulus.pickle", &stimuli)?;
        write("modified_parameters", &changes)?;
        write("parameters", contents.parameters.as_bytes())?;
        write("info", format!("{{'model_name': {}}}", stimulus_text::quoted(&model)).as_bytes())?;
        let temporary = directory.join(".datastore.recordings.pickle.part");
        let mut file = File::create(&temporary)?;
        file.write_all(&block::block(layout, &contents, explosion_detected))?;
        file.sync_all()?;
        fs::rename(temporary, directory.join(BLOCK))
    }
}

impl Contents {
    fn description(&self, number: usize) -> Description<'_> {
        let (sheet, stimulus) = &self.segments[number];
        let sheet = &self.sheets[*sheet];
        Description {
            sheet: &sheet.name,
            neuron_ids: &sheet.neuron_ids,
            stimulus,
            recorded: recorded(number),
        }
    }

    fn descriptions(&self) -> impl Iterator<Item = Description<'_>> {
        (0..self.segments.len()).map(|number| self.description(number))
    }
}

/// This number of milliseconds after the beginning of the year 2000, as Python pickles a
/// `datetime`.
fn recorded(milliseconds: usize) -> [u8; 10] {
    const YEAR: [u8; 2] = 2000_u16.to_be_bytes();
    let seconds = milliseconds / 1000;
    let [_, micro @ ..] = (1000 * (milliseconds % 1000) as u32).to_be_bytes();
    // A month of segments is more than can be simulated.
    let day = 1 + (seconds / 86_400 % 28) as u8;
    let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(|part| part as u8);
    let [hour, minute, second] = time;
    [YEAR[0], YEAR[1], 1, day, hour, minute, second, micro[0], micro[1], micro[2]]
}
