//! `mozopt datastore`: what is in a data store, and its export for NumPy and pandas.

use std::path::Path;

use comfy_table::CellAlignment;
use recording::{Recording, Segment, SegmentHeader, Sheet, Stimulus, StimulusValue};
use serde::Serialize;

use reading::suggestion;

use crate::cli::{ArrayFormat, DatastoreArguments};
use crate::failure::{FAILED, FINISHED, Failure};
use crate::report::{amount, table};
use simulation::data_store::{self, DataStore, Format};

/// What `--json` prints.
#[derive(Serialize)]
struct Contents {
    store: String,
    /// `mozaik` or `mozopt`.
    format: String,
    bytes: u64,
    exploded: bool,
    writer: Option<Writer>,
    deficiencies: Vec<String>,
    sheets: Vec<SheetContents>,
    segments: Vec<SegmentContents>,
}

#[derive(Serialize)]
struct Writer {
    pickle_protocol: u8,
    neo: String,
    numpy: Option<String>,
    simulator: Option<String>,
}

#[derive(Serialize)]
struct SheetContents {
    name: String,
    neurons: usize,
    positions: bool,
    orientations: bool,
    annotations: Vec<String>,
    analyses: Vec<String>,
}

#[derive(Serialize)]
struct SegmentContents {
    segment: usize,
    file: Option<String>,
    bytes: Option<u64>,
    sheet: String,
    stimulus: Stimulus,
    null: bool,
    #[serde(flatten)]
    data: Option<Data>,
    /// Why it cannot be read.
    error: Option<String>,
}

#[derive(Serialize)]
struct Data {
    t_start_ms: f64,
    t_stop_ms: f64,
    trains: usize,
    spikes: usize,
    signals: Vec<SignalContents>,
}

#[derive(Serialize)]
struct SignalContents {
    name: String,
    unit: String,
    neurons: usize,
    samples: usize,
    sampling_interval_ms: f64,
}

/// Shows or exports a data store.
pub fn datastore(arguments: &DatastoreArguments) -> Result<u8, Failure> {
    let store = open(&arguments.store)?;
    let recording = store.recording();
    let sheets = chosen(recording, &arguments.sheet)?;
    if let Some(format) = arguments.export {
        return export(recording, &sheets, format, arguments);
    }
    let contents = contents(&store, &sheets)?;
    if arguments.json {
        super::print_json(&contents)?;
    } else {
        super::print(&described(&contents))?;
    }
    let is_damaged = contents.segments.iter().any(|segment| segment.error.is_some());
    Ok(if is_damaged { FAILED } else { FINISHED })
}

/// Opens the one store in a directory.
pub fn open(directory: &Path) -> Result<DataStore, Failure> {
    let help = "name the directory of one data store";
    let found = data_store::find(directory).map_err(|error| {
        Failure::bad_input(
            format!("cannot read the directory {}: {error}", directory.display()),
            help,
        )
    })?;
    match &found[..] {
        [] => {
            let message = format!("there is no data store in {}", directory.display());
            Err(Failure::bad_input(message, help))
        }
        [path] => DataStore::open(path).map_err(|error| {
            let message = format!("the data store cannot be opened: {error}");
            Failure::failed(message, "is it complete, and fully copied?")
        }),
        several => {
            let message =
                format!("there are {} data stores in {}", several.len(), directory.display());
            let help = format!("choose one, for example {}", several[0].display());
            Err(Failure::bad_input(message, help))
        }
    }
}

/// The sheets of these names, or all.
pub fn chosen<'r>(
    recording: &'r dyn Recording,
    names: &[String],
) -> Result<Vec<&'r Sheet>, Failure> {
    if names.is_empty() {
        return Ok(recording.sheets().iter().collect());
    }
    let known: Vec<_> = recording.sheets().iter().map(|sheet| &*sheet.name).collect();
    let chosen = names.iter().map(|name| {
        recording.sheet(name).ok_or_else(|| {
            let nearest = suggestion(name, known.iter().copied());
            let help = nearest.unwrap_or_else(|| format!("the sheets are {}", known.join(", ")));
            Failure::bad_input(format!("there is no sheet {name}"), help)
        })
    });
    chosen.collect()
}

fn export(
    recording: &dyn Recording,
    sheets: &[&Sheet],
    format: ArrayFormat,
    arguments: &DatastoreArguments,
) -> Result<u8, Failure> {
    let output = &arguments.output;
    let files = crate::data_store::export(recording, sheets, format, output).map_err(|error| {
        let message = format!("the export to {} failed: {error}", output.display());
        Failure::failed(
            message,
            "is the disk full, or a segment damaged? `mozopt datastore STORE` lists the segments",
        )
    })?;
    for file in files {
        super::print(&format!("{}\n", file.display()))?;
    }
    Ok(FINISHED)
}

fn contents(store: &DataStore, sheets: &[&Sheet]) -> Result<Contents, Failure> {
    let recording = store.recording();
    let (bytes, _) = data_store::sizes(store.path()).map_err(|error| {
        let message = format!("{}: {error}", store.path().display());
        Failure::failed(message, "is the directory readable?")
    })?;
    let is_chosen = |header: &SegmentHeader| {
        sheets.iter().any(|sheet| sheet.name == header.sheet)
            || recording.sheet(&header.sheet).is_none()
    };
    let headers = recording.segments().iter().enumerate();
    let segments = headers
        .filter(|(_, header)| is_chosen(header))
        .map(|(number, header)| segment_contents(store, number, header));
    Ok(Contents {
        store: store.path().display().to_string(),
        format: store.format().to_string(),
        bytes,
        exploded: recording.explosion_detected(),
        writer: writer(store.format()),
        deficiencies: store.deficiencies().to_vec(),
        sheets: sheets.iter().map(|sheet| sheet_contents(store, sheet)).collect(),
        segments: segments.collect(),
    })
}

fn writer(format: &Format) -> Option<Writer> {
    let Format::Mozaik(store) = format else { return None };
    let writer = store.writer()?;
    Some(Writer {
        pickle_protocol: writer.pickle_protocol,
        neo: writer.neo.to_owned(),
        numpy: writer.numpy.map(ToOwned::to_owned),
        simulator: writer.simulator,
    })
}

fn sheet_contents(store: &DataStore, sheet: &Sheet) -> SheetContents {
    let (mut annotations, mut analyses) = (vec![], vec![]);
    if let Format::Mozaik(mozaik) = store.format() {
        let number = mozaik.sheets().iter().position(|other| other.name == sheet.name);
        let annotated = number.and_then(|number| mozaik.neuron_annotations(number));
        annotations = annotated.into_iter().flat_map(|all| all.keys().cloned()).collect();
        let of_sheet = mozaik.per_neuron_values().iter().filter(|value| value.sheet == sheet.name);
        analyses = of_sheet.map(|value| value.name.clone()).collect();
    }
    SheetContents {
        name: sheet.name.clone(),
        neurons: sheet.neuron_count(),
        positions: sheet.positions_deg.is_some(),
        orientations: sheet.orientations_rad.is_some(),
        annotations,
        analyses,
    }
}

fn segment_contents(store: &DataStore, number: usize, header: &SegmentHeader) -> SegmentContents {
    let file = match store.format() {
        Format::Mozaik(store) => store.segment_file(number),
        Format::Mozopt(_) => None,
    };
    let loaded = store.recording().load(number);
    SegmentContents {
        segment: number,
        file: file.map(|file| file.file_name().unwrap_or_default().display().to_string()),
        bytes: file.and_then(|file| file.metadata().ok()).map(|metadata| metadata.len()),
        sheet: header.sheet.clone(),
        stimulus: header.stimulus.clone(),
        null: header.null,
        data: loaded.as_deref().ok().map(Data::of),
        error: loaded.err().map(|error| error.to_string()),
    }
}

impl Data {
    fn of(segment: &Segment) -> Self {
        let signal = |signal: &recording::Signal| SignalContents {
            name: signal.name.clone(),
            unit: signal.unit.clone(),
            neurons: signal.neurons.len(),
            samples: signal.sample_count(),
            sampling_interval_ms: signal.sampling_interval_ms,
        };
        Self {
            t_start_ms: segment.t_start_ms,
            t_stop_ms: segment.t_stop_ms,
            trains: segment.spike_trains.len(),
            spikes: segment.spike_trains.spike_count(),
            signals: segment.signals.iter().map(signal).collect(),
        }
    }
}

/// The contents for people.
fn described(contents: &Contents) -> String {
    let mut text = format!(
        "data store {}\nformat {}, {}\n",
        contents.store,
        contents.format,
        size(contents.bytes)
    );
    if let Some(writer) = &contents.writer {
        let numpy = writer.numpy.as_ref().map(|numpy| format!(", NumPy {numpy}"));
        text.push_str(&format!(
            "written with neo {}{}, pickle protocol {}\n",
            writer.neo,
            numpy.unwrap_or_default(),
            writer.pickle_protocol
        ));
        if let Some(simulator) = &writer.simulator {
            text.push_str(&format!("simulated with {simulator}\n"));
        }
    }
    if contents.exploded {
        text.push_str("exploded: the network's activity ran away\n");
    }
    for deficiency in &contents.deficiencies {
        text.push_str(&format!("incomplete: {deficiency}\n"));
    }
    let mut sheets = table(&["sheet", "neurons", "positions", "orientations", "annotations"]);
    for sheet in &contents.sheets {
        let known = |is_known: bool| if is_known { "yes" } else { "no" }.to_owned();
        let mut annotations = [&sheet.annotations[..], &sheet.analyses].concat();
        annotations.sort();
        annotations.dedup();
        sheets.add_row([
            sheet.name.clone(),
            sheet.neurons.to_string(),
            known(sheet.positions),
            known(sheet.orientations),
            annotations.join(", "),
        ]);
    }
    let mut segments =
        table(&["segment", "sheet", "stimulus", "ms", "trains", "spikes", "signals", "size"]);
    for segment in &contents.segments {
        let stimulus = shown(&segment.stimulus, segment.null);
        let size = segment.bytes.map(size).unwrap_or_default();
        let mut row = vec![segment.segment.to_string(), segment.sheet.clone(), stimulus];
        row.extend(match &segment.data {
            Some(data) => [
                amount(data.t_stop_ms - data.t_start_ms),
                data.trains.to_string(),
                data.spikes.to_string(),
                signals(&data.signals),
                size,
            ],
            None => ["", "", "", "cannot be read", &size].map(str::to_owned),
        });
        segments.add_row(row);
    }
    for column in [0, 3, 4, 5, 7] {
        if let Some(column) = segments.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(column) = sheets.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text.push_str(&format!("{sheets}\n{segments}\n"));
    for error in contents.segments.iter().filter_map(|segment| segment.error.as_ref()) {
        text.push_str(&format!("{error}\n"));
    }
    text
}

/// What was shown, with the parameters that tell presentations apart.
fn shown(stimulus: &Stimulus, null: bool) -> String {
    const TELLING: [(&str, &str); 4] =
        [("orientation", " rad"), ("contrast", " %"), ("radius", "° radius"), ("trial", "")];
    let mut text = if null { "blank before ".to_owned() } else { String::new() };
    text.push_str(&stimulus.name);
    for (name, unit) in TELLING {
        if let Some(StimulusValue::Number(value)) = stimulus.parameters.get(name) {
            let value = amount(*value);
            text.push_str(&match name {
                "trial" if value == "0" => continue,
                "trial" => format!(", trial {value}"),
                _ => format!(", {value}{unit}"),
            });
        }
    }
    text
}

fn signals(signals: &[SignalContents]) -> String {
    let named: Vec<_> = signals
        .iter()
        .map(|signal| format!("{} of {} ({})", signal.name, signal.neurons, signal.unit))
        .collect();
    named.join(", ")
}

/// A size in bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}
