//! Data stores as arrays and tables, for people's own analysis in NumPy and pandas.
//!
//! A directory with `segments.csv` (one line for each sheet and presentation), and for each sheet
//! either an archive of arrays or tables:
//!
//! ```text
//! V1_Exc_L4.npz              neuron_ids (neurons,)
//!                            positions_deg (neurons, 2), orientations_rad (neurons,): where known
//!                            segment012.spike_times_ms (spikes,),
//!                            segment012.spike_neurons (spikes,)
//!                            segment012.recorded_neurons (trains,): silent ones too
//!                            segment012.gsyn_exc (neurons, samples), segment012.gsyn_exc.neurons
//! V1_Exc_L4.neurons.csv      neuron, id, x_deg, y_deg, orientation_rad
//! V1_Exc_L4.spikes.csv       segment, neuron, time_ms
//! V1_Exc_L4.signals.csv      segment, signal, unit, neuron, time_ms, value
//! ```
//!
//! Neurons are given by sheet index everywhere. A `/` in a sheet's name becomes `_` in a file's.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use npyz::WriterBuilder;
use recording::{Recording, Segment, SegmentHeader, Sheet, StimulusValue};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::cli::ArrayFormat;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Writes these sheets of a recording into the directory, which is made if it is not there; gives
/// the files.
pub fn export(
    recording: &dyn Recording,
    sheets: &[&Sheet],
    format: ArrayFormat,
    directory: &Path,
) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(directory)?;
    let mut files = vec![write_whole(directory.join("segments.csv"), |file| {
        write_segments(recording, sheets, file)
    })?];
    for sheet in sheets {
        let stem = sheet.name.replace(['/', '\\'], "_");
        let path = |ending: &str| directory.join(format!("{stem}.{ending}"));
        match format {
            ArrayFormat::Npz => {
                files.push(write_whole(path("npz"), |file| write_archive(recording, sheet, file))?);
            }
            ArrayFormat::Csv => {
                files.push(write_whole(path("neurons.csv"), |file| write_neurons(sheet, file))?);
                files.push(write_whole(path("spikes.csv"), |file| {
                    write_spikes(recording, sheet, file)
                })?);
                files.push(write_whole(path("signals.csv"), |file| {
                    write_signals(recording, sheet, file)
                })?);
            }
        }
    }
    Ok(files)
}

/// A file that is there whole or not at all.
fn write_whole(path: PathBuf, write: impl FnOnce(&mut File) -> Result<()>) -> Result<PathBuf> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = durable::temporary_in(directory)?;
    write(file.as_file_mut())?;
    durable::persist(file, &path)?;
    Ok(path)
}

fn segments_of<'r>(
    recording: &'r dyn Recording,
    sheet: &'r Sheet,
) -> impl Iterator<Item = (usize, &'r SegmentHeader)> {
    let headers = recording.segments().iter().enumerate();
    headers.filter(move |(_, header)| header.sheet == sheet.name)
}

fn write_segments(recording: &dyn Recording, sheets: &[&Sheet], file: &mut File) -> Result<()> {
    let is_exported = |header: &&SegmentHeader| sheets.iter().any(|s| s.name == header.sheet);
    let headers = recording.segments().iter();
    let parameters = headers.clone().filter(is_exported).flat_map(|h| h.stimulus.parameters.keys());
    let parameters: BTreeSet<_> = parameters.collect();
    let mut table = csv::Writer::from_writer(BufWriter::new(file));
    let columns = ["segment", "sheet", "null", "t_start_ms", "t_stop_ms", "stimulus"];
    table.write_record(columns.into_iter().chain(parameters.iter().map(|name| name.as_str())))?;
    for (number, header) in headers.enumerate().filter(|(_, header)| is_exported(header)) {
        let segment = recording.load_spikes(number)?;
        let mut row = vec![
            number.to_string(),
            header.sheet.clone(),
            header.null.to_string(),
            segment.t_start_ms.to_string(),
            segment.t_stop_ms.to_string(),
            header.stimulus.name.clone(),
        ];
        row.extend(parameters.iter().map(|&name| match header.stimulus.parameters.get(name) {
            Some(StimulusValue::Number(number)) => number.to_string(),
            Some(StimulusValue::Bool(boolean)) => boolean.to_string(),
            Some(StimulusValue::Text(text)) => text.clone(),
            Some(StimulusValue::None) | None => String::new(),
        }));
        table.write_record(row)?;
    }
    Ok(table.flush()?)
}

fn write_neurons(sheet: &Sheet, file: &mut File) -> Result<()> {
    let mut table = csv::Writer::from_writer(BufWriter::new(file));
    table.write_record(["neuron", "id", "x_deg", "y_deg", "orientation_rad"])?;
    let known = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for (neuron, id) in sheet.neuron_ids.iter().enumerate() {
        let position = sheet.positions_deg.as_ref().map(|positions| positions[neuron]);
        let orientation = sheet.orientations_rad.as_ref().map(|all| all[neuron]);
        table.write_record([
            neuron.to_string(),
            id.to_string(),
            known(position.map(|[x, _]| x)),
            known(position.map(|[_, y]| y)),
            known(orientation.filter(|orientation| !orientation.is_nan())),
        ])?;
    }
    Ok(table.flush()?)
}

fn write_spikes(recording: &dyn Recording, sheet: &Sheet, file: &mut File) -> Result<()> {
    let mut table = BufWriter::new(file);
    writeln!(table, "segment,neuron,time_ms")?;
    for (number, _) in segments_of(recording, sheet) {
        for (neuron, times_ms) in recording.load_spikes(number)?.spike_trains.iter() {
            for time_ms in times_ms {
                writeln!(table, "{number},{neuron},{time_ms}")?;
            }
        }
    }
    Ok(table.flush()?)
}

fn write_signals(recording: &dyn Recording, sheet: &Sheet, file: &mut File) -> Result<()> {
    let mut table = csv::Writer::from_writer(BufWriter::new(file));
    table.write_record(["segment", "signal", "unit", "neuron", "time_ms", "value"])?;
    for (number, _) in segments_of(recording, sheet) {
        let segment = recording.load(number)?;
        for signal in &segment.signals {
            for (neuron, samples) in signal.channels() {
                for (i, value) in samples.iter().enumerate() {
                    let time_ms = segment.t_start_ms + i as f64 * signal.sampling_interval_ms;
                    table.write_record([
                        &number.to_string(),
                        &signal.name,
                        &signal.unit,
                        &neuron.to_string(),
                        &time_ms.to_string(),
                        &value.to_string(),
                    ])?;
                }
            }
        }
    }
    Ok(table.flush()?)
}

/// A `.npz`, which is a zip archive of `.npy` files.
struct Archive<W: Write + std::io::Seek> {
    zip: ZipWriter<W>,
}

fn write_archive(recording: &dyn Recording, sheet: &Sheet, file: &mut File) -> Result<()> {
    let mut archive = Archive { zip: ZipWriter::new(BufWriter::new(file)) };
    let neurons = sheet.neuron_count() as u64;
    archive.add("neuron_ids", &[neurons], &sheet.neuron_ids)?;
    if let Some(positions_deg) = &sheet.positions_deg {
        archive.add("positions_deg", &[neurons, 2], positions_deg.as_flattened())?;
    }
    if let Some(orientations_rad) = &sheet.orientations_rad {
        archive.add("orientations_rad", &[neurons], orientations_rad)?;
    }
    for (number, _) in segments_of(recording, sheet) {
        archive.add_segment(&format!("segment{number:03}"), &*recording.load(number)?)?;
    }
    archive.zip.finish()?.flush()?;
    Ok(())
}

impl<W: Write + std::io::Seek> Archive<W> {
    fn add<T: npyz::AutoSerialize + Copy>(
        &mut self,
        name: &str,
        shape: &[u64],
        values: &[T],
    ) -> Result<()> {
        // Without compression: spike times do not shrink, and NumPy reads the faster.
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored)
            .large_file(size_of_val(values) as u64 > u64::from(u32::MAX / 2));
        self.zip.start_file(format!("{name}.npy"), options)?;
        let mut array = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .writer(&mut self.zip)
            .begin_nd()?;
        array.extend(values.iter().copied())?;
        Ok(array.finish()?)
    }

    fn add_segment(&mut self, prefix: &str, segment: &Segment) -> Result<()> {
        let trains = &segment.spike_trains;
        let times_ms = trains.times_ms();
        let of_spikes: Vec<u32> = trains
            .iter()
            .flat_map(|(neuron, times)| std::iter::repeat_n(neuron as u32, times.len()))
            .collect();
        let spikes = [times_ms.len() as u64];
        self.add(&format!("{prefix}.spike_times_ms"), &spikes, times_ms)?;
        self.add(&format!("{prefix}.spike_neurons"), &spikes, &of_spikes)?;
        let recorded = trains.neurons();
        self.add(&format!("{prefix}.recorded_neurons"), &[recorded.len() as u64], recorded)?;
        for signal in &segment.signals {
            let neurons = signal.neurons.len() as u64;
            let name = format!("{prefix}.{}", signal.name);
            self.add(&name, &[neurons, signal.sample_count() as u64], &signal.values)?;
            self.add(&format!("{name}.neurons"), &[neurons], &signal.neurons)?;
        }
        Ok(())
    }
}
