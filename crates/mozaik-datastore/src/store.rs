use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recording::{LoadError, Recording, Segment, SegmentHeader, Sheet};

use crate::analysis::{self, ANALYSIS, PerNeuronValue};
use crate::block::{BLOCK, Block, NeuronAnnotations};
use crate::error::{Error, Problem};
use crate::file::with_graph;
use crate::neuron_index::NeuronIndex;
use crate::orientation::orientations_rad;
use crate::segment::{self, ListedSegment, Parts};
use crate::unindexed;
use crate::writer::Writer;

/// A data store of mozaik that was opened; its segments are read when they are asked for.
///
/// # Examples
///
/// A run that PyNN and NEST simulated, of which only segments were written:
///
/// ```
/// use mozaik_datastore::Store;
/// use recording::Recording;
///
/// # let temporary = tempfile::tempdir()?;
/// # let mut archive = vec![];
/// # let compressed = std::fs::read("tests/data/recordings.tar.xz")?;
/// # lzma_rs::xz_decompress(&mut &compressed[..], &mut archive)?;
/// # tar::Archive::new(&archive[..]).unpack(temporary.path())?;
/// # let directory = temporary.path().join("pynn13");
/// let store = Store::open(&directory)?;
/// let missing = "datastore.recordings.pickle is missing: the run ended before it was written";
/// assert!(store.deficiencies()[0].starts_with(missing));
/// assert_eq!(store.segments()[1].stimulus.name, "InternalStimulus");
/// let segment = store.load(1)?;
/// assert_eq!(segment.spike_trains.spike_count(), 239); // as neo counts them
/// assert_eq!(segment.signal(&["v"]).map(|signal| &*signal.unit), Some("mV"));
/// let writer = store.writer().expect("its segments can be read");
/// assert_eq!((writer.neo, writer.numpy), ("0.13 or newer", Some("2")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    sheets: Vec<Sheet>,
    neurons: Vec<NeuronIndex>,
    annotations: Vec<NeuronAnnotations>,
    per_neuron_values: Vec<PerNeuronValue>,
    headers: Vec<SegmentHeader>,
    /// The file of each segment.
    files: Vec<PathBuf>,
    explosion_detected: bool,
    announced_rest_ms: Vec<f64>,
    deficiencies: Vec<String>,
}

impl Store {
    /// Whether this directory holds a data store of mozaik, complete or not.
    pub fn is_at(directory: &Path) -> bool {
        directory.join(BLOCK).is_file()
            || segment_files(directory).is_ok_and(|files| !files.is_empty())
    }

    /// Opens the store in this directory.
    ///
    /// Without a block, which mozaik writes last, the segments are put in order by themselves:
    /// neuron ids and stimuli are known, positions, orientations and whether it exploded are not.
    /// What is missing is listed in [`Store::deficiencies`].
    ///
    /// # Errors
    /// When there is no store, or its block is damaged.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(BLOCK);
        let files = segment_files(directory).map_err(|e| Problem::from(e).at(directory))?;
        let mut deficiencies = vec![];
        let block = if path.exists() {
            with_graph(&path, Block::of)?
        } else {
            let (block, mut unreadable) = unindexed::block(directory, &files);
            if block.segments.is_empty() && !unreadable.is_empty() {
                return Err(unreadable.swap_remove(0));
            }
            deficiencies.push(format!(
                "{BLOCK} is missing: the run ended before it was written, so that positions and \
                 orientations are not known"
            ));
            let damaged = unreadable.iter().map(|error| format!("left out: {error}"));
            deficiencies.extend(damaged);
            block
        };
        let mut store = Self::of_block(directory, block);
        store.deficiencies = deficiencies;
        store.read_analyses();
        store.find_missing_files(&files);
        Ok(store)
    }

    fn of_block(directory: &Path, block: Block) -> Self {
        let header = |listed: &ListedSegment| SegmentHeader {
            sheet: listed.description.sheet.clone(),
            stimulus: listed.description.stimulus.clone(),
            null: listed.null,
        };
        let file = |listed: &ListedSegment| directory.join(format!("{}.pickle", listed.identifier));
        Self {
            directory: directory.to_owned(),
            neurons: block.sheets.iter().map(|sheet| NeuronIndex::new(&sheet.neuron_ids)).collect(),
            sheets: block.sheets,
            annotations: block.annotations,
            per_neuron_values: vec![],
            headers: block.segments.iter().map(header).collect(),
            files: block.segments.iter().map(file).collect(),
            explosion_detected: block.explosion_detected,
            announced_rest_ms: block.announced_rest_ms,
            deficiencies: vec![],
        }
    }

    fn read_analyses(&mut self) {
        let path = self.directory.join(ANALYSIS);
        if path.exists() {
            match with_graph(&path, analysis::per_neuron_values) {
                Ok(values) => self.per_neuron_values = values,
                Err(error) => self.deficiencies.push(format!("left out: {error}")),
            }
        }
        for (sheet, annotations) in self.sheets.iter_mut().zip(&self.annotations) {
            sheet.orientations_rad = orientations_rad(sheet, &self.per_neuron_values, annotations);
        }
    }

    fn find_missing_files(&mut self, present: &[PathBuf]) {
        let missing: Vec<_> = self.files.iter().filter(|file| !present.contains(file)).collect();
        if let [first, ..] = missing[..] {
            let name = first.file_name().unwrap_or_default().display();
            let count = missing.len();
            self.deficiencies.push(format!(
                "{count} of {} segments have no file, the first is {name}",
                self.files.len()
            ));
        }
    }

    /// What is missing from the store or could not be read when it was opened, in sentences.
    pub fn deficiencies(&self) -> &[String] {
        &self.deficiencies
    }

    /// The results of analyses that are part of the store.
    pub fn per_neuron_values(&self) -> &[PerNeuronValue] {
        &self.per_neuron_values
    }

    /// The numbers that are annotated to every neuron of the sheet with this number.
    pub fn neuron_annotations(&self, sheet: usize) -> Option<&NeuronAnnotations> {
        self.annotations.get(sheet)
    }

    /// The file of a segment.
    pub fn segment_file(&self, segment: usize) -> Option<&Path> {
        self.files.get(segment).map(PathBuf::as_path)
    }

    /// What wrote the store, by its first segment that can be read; `None` if there is none.
    pub fn writer(&self) -> Option<Writer> {
        self.files.iter().find_map(|file| with_graph(file, |graph| Ok(Writer::of(graph))).ok())
    }

    fn read(&self, segment: usize, parts: Parts) -> Result<Arc<Segment>, LoadError> {
        let (Some(header), Some(file)) = (self.headers.get(segment), self.files.get(segment))
        else {
            return Err(LoadError::beyond(self, segment));
        };
        let data = with_graph(file, |graph| {
            let sheet = self.sheets.iter().position(|sheet| sheet.name == header.sheet);
            let neurons = sheet.map(|sheet| &self.neurons[sheet]);
            let unknown = || Problem::contents(format!("its sheet {} is not known", header.sheet));
            segment::data(graph, neurons.ok_or_else(unknown)?, parts)
        });
        data.map(Arc::new).map_err(|error| LoadError::new(self, segment, error))
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
        self.read(segment, Parts::All)
    }

    fn load_spikes(&self, segment: usize) -> Result<Arc<Segment>, LoadError> {
        self.read(segment, Parts::SpikeTrains)
    }

    fn explosion_detected(&self) -> bool {
        self.explosion_detected
    }

    fn announced_rest_ms(&self) -> &[f64] {
        &self.announced_rest_ms
    }
}

/// The segments' files, in the order of their numbers.
fn segment_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut numbered = vec![];
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.strip_prefix("Segment").and_then(|name| name.strip_suffix(".pickle"));
        if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
            numbered.push((number, path));
        }
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}
