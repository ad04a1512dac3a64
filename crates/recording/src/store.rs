//! The project's own data store: a directory with an index, `recording.json`, and one NumPy array
//! for every column of data, so that a store opens in any language that reads `.npy`.
//!
//! ```text
//! recording.json
//! sheet0.positions.npy           (neurons, 2) degrees
//! sheet0.orientations.npy        (neurons,) radians
//! segment000.neurons.npy         (trains,) sheet index of each train
//! segment000.spike_counts.npy    (trains,)
//! segment000.spike_times.npy     (spikes,) ms, one train after another
//! segment000.gsyn_exc.npy        (neurons, samples)
//! segment000.gsyn_exc.neurons.npy
//! ```
//!
//! The index is written last and by renaming: a store whose writer died has none, and is refused.
//!
//! ```
//! use recording::store::{Store, Writer};
//! use recording::{Recording, Segment, SegmentHeader, Sheet, SpikeTrains, Stimulus};
//!
//! # let temporary = tempfile::tempdir()?;
//! # let directory = temporary.path().join("DataStore");
//! let sheet = Sheet::new("V1_Exc_L4", vec![[0.1, -0.4], [0.3, 0.2]], Some(vec![0.0, 1.57]));
//! let mut writer = Writer::create(&directory, &[sheet])?;
//! let header = SegmentHeader {
//!     sheet: "V1_Exc_L4".to_owned(),
//!     stimulus: Stimulus::new("InternalStimulus", &[("duration", 5000.0)]),
//!     null: false,
//! };
//! let spike_trains = SpikeTrains::from_counts(vec![0, 1], &[2, 1], vec![3.5, 90.0, 41.2])?;
//! let segment = Segment { t_start_ms: 0.0, t_stop_ms: 5000.0, spike_trains, signals: vec![] };
//! writer.push(&header, &segment)?;
//! assert!(Store::open(&directory).is_err()); // not complete yet
//! writer.finish(false)?;
//!
//! let store = Store::open(&directory)?;
//! assert_eq!(store.segments(), [header]);
//! assert_eq!(*store.load(0)?, segment);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};

use crate::{LoadError, Recording, Segment, SegmentHeader, Sheet, Signal, SpikeTrains, Stimulus};

/// The name of a store's index.
pub const INDEX: &str = "recording.json";
const FORMAT: u32 = 1;

/// A data store that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file is missing or unreadable.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The index is not what this version writes.
    #[error("{}: {why}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The arrays contradict the index or each other.
    #[error("{}: {why}", path.display())]
    Array {
        /// The array.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Index {
    format: u32,
    explosion_detected: bool,
    sheets: Vec<IndexedSheet>,
    segments: Vec<IndexedSegment>,
}

#[derive(Serialize, Deserialize)]
struct IndexedSheet {
    name: String,
    has_orientations: bool,
}

#[derive(Serialize, Deserialize)]
struct IndexedSegment {
    sheet: String,
    stimulus: Stimulus,
    #[serde(default)]
    null: bool,
    t_start_ms: f64,
    t_stop_ms: f64,
    signals: Vec<IndexedSignal>,
}

#[derive(Serialize, Deserialize)]
struct IndexedSignal {
    name: String,
    unit: String,
    sampling_interval_ms: f64,
}

/// Writes a data store, segment by segment.
pub struct Writer {
    directory: PathBuf,
    index: Index,
}

impl Writer {
    /// Begins a store in this directory, which is made if it does not exist.
    ///
    /// # Errors
    /// When the directory or the sheets' arrays cannot be written.
    pub fn create(directory: &Path, sheets: &[Sheet]) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut indexed = Vec::with_capacity(sheets.len());
        for (i, sheet) in sheets.iter().enumerate() {
            let positions = sheet.positions_deg.as_ref().ok_or_else(|| {
                let why = format!("the positions of the neurons of {} are not known", sheet.name);
                io::Error::new(io::ErrorKind::InvalidInput, why)
            })?;
            let positions = positions.as_flattened().iter().copied();
            let shape = [sheet.neuron_count() as u64, 2];
            write_array(&directory.join(format!("sheet{i}.positions.npy")), &shape, positions)?;
            if let Some(orientations) = &sheet.orientations_rad {
                let path = directory.join(format!("sheet{i}.orientations.npy"));
                write_array(&path, &[orientations.len() as u64], orientations.iter().copied())?;
            }
            let has_orientations = sheet.orientations_rad.is_some();
            indexed.push(IndexedSheet { name: sheet.name.clone(), has_orientations });
        }
        let index =
            Index { format: FORMAT, explosion_detected: false, sheets: indexed, segments: vec![] };
        Ok(Self { directory: directory.to_owned(), index })
    }

    /// Appends the next segment.
    ///
    /// # Errors
    /// When an array cannot be written.
    pub fn push(&mut self, header: &SegmentHeader, segment: &Segment) -> io::Result<()> {
        let number = self.index.segments.len();
        let path = |column: &str| self.directory.join(array_name(number, column));
        let trains = &segment.spike_trains;
        let count = trains.len() as u64;
        let counts = trains.iter().map(|(_, times)| times.len() as u32);
        write_array(&path("neurons"), &[count], trains.neurons().iter().copied())?;
        write_array(&path("spike_counts"), &[count], counts)?;
        let spikes = trains.spike_count() as u64;
        write_array(&path("spike_times"), &[spikes], trains.times_ms().iter().copied())?;
        let mut signals = vec![];
        for signal in &segment.signals {
            let neurons = &signal.neurons;
            let shape = [neurons.len() as u64, signal.sample_count() as u64];
            write_array(&path(&signal.name), &shape, signal.values.iter().copied())?;
            let column = format!("{}.neurons", signal.name);
            write_array(&path(&column), &[neurons.len() as u64], neurons.iter().copied())?;
            signals.push(IndexedSignal {
                name: signal.name.clone(),
                unit: signal.unit.clone(),
                sampling_interval_ms: signal.sampling_interval_ms,
            });
        }
        self.index.segments.push(IndexedSegment {
            sheet: header.sheet.clone(),
            stimulus: header.stimulus.clone(),
            null: header.null,
            t_start_ms: segment.t_start_ms,
            t_stop_ms: segment.t_stop_ms,
            signals,
        });
        Ok(())
    }

    /// Completes the store: only now can it be opened.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn finish(mut self, explosion_detected: bool) -> io::Result<()> {
        self.index.explosion_detected = explosion_detected;
        let temporary = self.directory.join(".recording.json.part");
        let mut file = BufWriter::new(File::create(&temporary)?);
        serde_json::to_writer_pretty(&mut file, &self.index)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(temporary, self.directory.join(INDEX))
    }
}

/// A data store that was opened; its segments are read when they are asked for.
pub struct Store {
    directory: PathBuf,
    sheets: Vec<Sheet>,
    headers: Vec<SegmentHeader>,
    index: Index,
}

impl Store {
    /// Opens the store in this directory.
    ///
    /// # Errors
    /// When there is no complete store, or when its index or its sheets cannot be read.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(INDEX);
        let text =
            fs::read(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| StoreError::Index { path: path.clone(), why: error.to_string() })?;
        if index.format != FORMAT {
            let why = format!("format {} is not known to this version ({FORMAT})", index.format);
            return Err(StoreError::Index { path, why });
        }
        for signal in index.segments.iter().flat_map(|segment| &segment.signals) {
            if !signal.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let why = format!("\"{}\" is not the name of a signal", signal.name);
                return Err(StoreError::Index { path, why });
            }
        }
        let sheets = index
            .sheets
            .iter()
            .enumerate()
            .map(|(i, sheet)| read_sheet(directory, i, sheet))
            .collect::<Result<_, _>>()?;
        let headers = index
            .segments
            .iter()
            .map(|segment| SegmentHeader {
                sheet: segment.sheet.clone(),
                stimulus: segment.stimulus.clone(),
                null: segment.null,
            })
            .collect();
        Ok(Self { directory: directory.to_owned(), sheets, headers, index })
    }

    fn read_segment(&self, number: usize, with_signals: bool) -> Result<Segment, StoreError> {
        let path = |column: &str| self.directory.join(array_name(number, column));
        let indexed = &self.index.segments[number];
        let neurons = read_array::<u32>(&path("neurons"))?;
        let sheet = self.sheets.iter().find(|sheet| sheet.name == indexed.sheet);
        let size = sheet.map_or(0, Sheet::neuron_count);
        check_neurons(&path("neurons"), &neurons, size)?;
        let counts = read_array::<u32>(&path("spike_counts"))?;
        let times_ms = read_array::<f64>(&path("spike_times"))?;
        let spike_trains = SpikeTrains::from_counts(neurons, &counts, times_ms)
            .map_err(|e| StoreError::Array { path: path("spike_counts"), why: e.to_string() })?;
        let mut signals = vec![];
        for signal in indexed.signals.iter().filter(|_| with_signals) {
            let neurons = read_array::<u32>(&path(&format!("{}.neurons", signal.name)))?;
            check_neurons(&path(&signal.name), &neurons, size)?;
            let values = read_array::<f64>(&path(&signal.name))?;
            if neurons.is_empty() != values.is_empty() || values.len() % neurons.len().max(1) != 0 {
                let why = format!("{} samples of {} neurons", values.len(), neurons.len());
                return Err(StoreError::Array { path: path(&signal.name), why });
            }
            signals.push(Signal {
                name: signal.name.clone(),
                unit: signal.unit.clone(),
                sampling_interval_ms: signal.sampling_interval_ms,
                neurons,
                values,
            });
        }
        let IndexedSegment { t_start_ms, t_stop_ms, .. } = *indexed;
        Ok(Segment { t_start_ms, t_stop_ms, spike_trains, signals })
    }
}

impl Store {
    fn load_with(&self, segment: usize, signals: bool) -> Result<Arc<Segment>, LoadError> {
        if segment >= self.headers.len() {
            return Err(LoadError::beyond(self, segment));
        }
        let read = self.read_segment(segment, signals);
        read.map(Arc::new).map_err(|error| LoadError::new(self, segment, error))
    }
}

impl Recording for Store {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    fn segments(&self) -> &[SegmentHeader] {
        &self.headers
    }

    fn load(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.load_with(segment, true)
    }

    fn load_spikes(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.load_with(segment, false)
    }

    fn explosion_detected(&self) -> bool {
        self.index.explosion_detected
    }

    fn announced_rest_ms(&self) -> &[f64] {
        &[]
    }
}

fn array_name(segment: usize, column: &str) -> String {
    format!("segment{segment:03}.{column}.npy")
}

fn read_sheet(directory: &Path, i: usize, sheet: &IndexedSheet) -> Result<Sheet, StoreError> {
    let path = directory.join(format!("sheet{i}.positions.npy"));
    let flat = read_array::<f64>(&path)?;
    let (positions, rest) = flat.as_chunks::<2>();
    if !rest.is_empty() {
        let why = "the positions are not pairs (x, y)".to_owned();
        return Err(StoreError::Array { path, why });
    }
    let orientations_rad = if sheet.has_orientations {
        let path = directory.join(format!("sheet{i}.orientations.npy"));
        let orientations = read_array::<f64>(&path)?;
        if orientations.len() != positions.len() {
            let why = format!("{} values for {} neurons", orientations.len(), positions.len());
            return Err(StoreError::Array { path, why });
        }
        Some(orientations)
    } else {
        None
    };
    Ok(Sheet::new(&sheet.name, positions.to_vec(), orientations_rad))
}

fn check_neurons(path: &Path, neurons: &[u32], size: usize) -> Result<(), StoreError> {
    match neurons.iter().find(|&&neuron| neuron as usize >= size) {
        None => Ok(()),
        Some(neuron) => Err(StoreError::Array {
            path: path.to_owned(),
            why: format!("neuron {neuron} does not exist in a sheet of {size}"),
        }),
    }
}

fn write_array<T: npyz::AutoSerialize>(
    path: &Path,
    shape: &[u64],
    values: impl Iterator<Item = T>,
) -> io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    let mut array =
        npyz::WriteOptions::new().default_dtype().shape(shape).writer(file).begin_nd()?;
    array.extend(values)?;
    array.finish()
}

fn read_array<T: npyz::Deserialize>(path: &Path) -> Result<Vec<T>, StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    let wrong = |why: String| StoreError::Array { path: path.to_owned(), why };
    let file = durable::open_as(OpenOptions::new().read(true), path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let array = npyz::NpyFile::new(BufReader::new(file)).map_err(failed)?;
    // The header is believed only as far as the file is long, so that a damaged one cannot ask for
    // more memory than there is data.
    let elements = array.shape().iter().try_fold(1_u64, |all, &n| all.checked_mul(n));
    match elements.and_then(|elements| elements.checked_mul(size_of::<T>() as u64)) {
        Some(wanted) if wanted <= bytes => {}
        _ => return Err(wrong(format!("shape {:?} in a file of {bytes} bytes", array.shape()))),
    }
    if array.order() != npyz::Order::C && array.shape().len() > 1 {
        return Err(wrong("the array is in Fortran order".to_owned()));
    }
    array.into_vec::<T>().map_err(failed)
}
