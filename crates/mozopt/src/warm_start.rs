//! Warm starts: simulations of an earlier optimization, or of a table, scored by the present
//! targets; and further starting points.

use std::path::Path;

use csv::StringRecord;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};
use targets::Missing;

use configuration::{Configuration, ConfiguredTarget, FULL, FidelityNumber};
use journal::{self, State};
use reading::ModelParameters;
use search::{Earlier, WarmStart};
use simulation::{OutcomeClass, SimulationResult, TargetResult};

use crate::failure::Failure;

/// Larger than a table of many thousand simulations.
const MAX_BYTES: u64 = 1 << 30;
/// By how much, relative to its value, a parameter may differ from the model's default and still be
/// it.
const ROUNDING: f64 = 1e-12;
/// The columns of a table beside parameters, values and scores.
const OWN_COLUMNS: [&str; 8] =
    ["candidate", "generation", "seed", "attempts", "outcome", "reason", "total", "seconds"];
/// The number of a repetition, in the table of a search that has some.
const REPEAT: &str = "repeat";
/// What to give instead of what cannot be used.
const HELP: &str = "use an optimization, a table from `mozopt export --format csv`, or a JSON \
                    object with parameters";

/// Reads what `path` names: an optimization, a CSV file as `mozopt export --format csv` writes it,
/// or a JSON object with parameters, as `mozopt export` writes it; `small=PATH` takes what is there
/// as simulations of the fidelity `small`. Notes say what was left out, and why.
pub fn read(
    path: &Path,
    configuration: &Configuration,
    model: &ModelParameters,
) -> Result<(WarmStart, Vec<String>), Failure> {
    let targets = configuration.targets()?;
    let (fidelity, path) = named_fidelity(path, configuration);
    let reader = Reader { configuration, model, targets: &targets, fidelity, path };
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let taken = match extension.as_deref() {
        _ if path.is_dir() => reader.optimization()?,
        Some("csv") => reader.table()?,
        Some("json") => return Ok((reader.start()?, vec![])),
        _ => return Err(reader.wrong("this is not an optimization, a .csv file or a .json file")),
    };
    let notes = taken.notes(path);
    Ok((reader.warm_start(taken), notes))
}

/// The part of what was read that is inside the present ranges.
#[derive(Default)]
struct Taken {
    simulations: Vec<Earlier>,
    elsewhere: usize,
    /// How many simulations were left out, by the reason.
    left_out: IndexMap<String, usize>,
    /// Columns of a table that were not looked at.
    passed_over: Vec<String>,
}

impl Taken {
    fn leave_out(&mut self, reason: impl Into<String>) {
        *self.left_out.entry(reason.into()).or_default() += 1;
    }

    fn notes(&self, path: &Path) -> Vec<String> {
        let mut notes = vec![];
        if !self.passed_over.is_empty() {
            let columns: Vec<_> = self.passed_over.iter().map(|it| format!("`{it}`")).collect();
            notes.push(format!(
                "{}: passed over, as no known parameters of the model: {}",
                path.display(),
                columns.join(", ")
            ));
        }
        if !self.left_out.is_empty() {
            let reasons = self.left_out.iter().map(|(reason, count)| format!("{count} {reason}"));
            let reasons: Vec<_> = reasons.collect();
            notes.push(format!("{}: left out: {}", path.display(), reasons.join(", ")));
        }
        notes
    }
}

struct Reader<'a> {
    configuration: &'a Configuration,
    model: &'a ModelParameters,
    targets: &'a [ConfiguredTarget],
    /// What the user says all of it is.
    fidelity: Option<FidelityNumber>,
    path: &'a Path,
}

/// Where a parameter's value comes from.
enum Origin {
    /// From this column of what was read.
    Column(usize),
    /// It was not searched then: the model's default.
    Default(f64),
}

/// What is known of a simulation beside its values.
#[derive(Clone, Copy)]
struct Then<'a> {
    /// What its version was called.
    fidelity: Option<&'a str>,
    parameters: &'a [f64],
    seed: u64,
    outcome: OutcomeClass,
}

/// How what was searched and measured then becomes what is now.
struct Mapping {
    origins: Vec<Origin>,
    /// Columns that are not searched now, with their parameter and the default that they must have
    /// to be of use.
    fixed: Vec<(usize, String, f64)>,
    /// The column of each target's value, where it was measured.
    values: Vec<Option<usize>>,
}

impl Reader<'_> {
    fn wrong(&self, why: impl std::fmt::Display) -> Failure {
        Failure::bad_input(format!("{}: {why}", self.path.display()), HELP)
    }

    fn text(&self) -> Result<String, Failure> {
        durable::read_bounded(self.path, MAX_BYTES).map_err(|error| Failure::bad_input(error, HELP))
    }

    fn optimization(&self) -> Result<Taken, Failure> {
        let directory = crate::commands::find(self.path)?;
        let earlier = crate::commands::configuration(&directory)?;
        let read = journal::read(&directory.journal()).map_err(|error| self.wrong(error))?;
        let state = State::of(&read.entries).map_err(|error| self.wrong(error))?;
        let paths: Vec<&str> = earlier.parameters.iter().map(|p| p.path.as_str()).collect();
        let earlier_targets = earlier.targets()?;
        let mapping = self.mapping(&paths, |wanted| {
            earlier_targets.iter().position(|earlier| is_same(&earlier.target, &wanted.target))
        })?;
        let mut taken = Taken::default();
        let repetitions = state.candidates.iter().flat_map(|record| {
            let counting = record.repetitions.iter().filter(|repetition| repetition.counts());
            counting.map(move |repetition| (record, &repetition.result, repetition.seed))
        });
        let own = state.finished().map(|(record, result)| (record, result, record.seed));
        for (record, result, seed) in own.chain(repetitions) {
            let value = |i: &Option<usize>| {
                let target = &result.targets[(*i)?];
                (!target.unknown).then(|| target.value.ok_or_else(|| reason(target)))
            };
            let values: Vec<_> = mapping.values.iter().map(value).collect();
            let (fidelity, parameters) =
                (earlier.fidelity_name(record.fidelity), &record.parameters);
            let then = Then { fidelity, parameters, seed, outcome: result.outcome };
            self.add(&mut taken, &mapping, then, &values);
        }
        Ok(taken)
    }

    fn table(&self) -> Result<Taken, Failure> {
        let text = self.text()?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| self.wrong(error))?.clone();
        let column = |name: &str| header.iter().position(|heading| heading == name);
        self.check_header(&header)?;
        let parameters = self.parameters_in(&header);
        let paths: Vec<&str> = parameters.iter().map(|&i| &header[i]).collect();
        let mapping =
            self.mapping(&paths, |wanted| column(&format!("value {}", wanted.target.name)))?;
        let others = header.iter().enumerate().filter(|(i, heading)| {
            !is_own_column(heading) && *heading != REPEAT && !parameters.contains(i)
        });
        let name = |(i, heading): (usize, &str)| match heading {
            "" => format!("column {}", i + 1),
            heading => heading.to_owned(),
        };
        let mut taken = Taken { passed_over: others.map(name).collect(), ..Taken::default() };
        let mut rows = 0;
        for row in reader.records() {
            rows += 1;
            let row = row.map_err(|error| self.wrong(error))?;
            let line = row.position().map_or(0, csv::Position::line);
            let number = |i: usize| {
                row[i].parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| {
                    self.wrong(format!(
                        "line {line}: `{}` is not a number: \"{}\"",
                        &header[i], &row[i]
                    ))
                })
            };
            let parameters =
                parameters.iter().map(|&i| number(i)).collect::<Result<Vec<_>, _>>()?;
            let outcome = match column("outcome").map(|i| &row[i]) {
                None => OutcomeClass::Completed,
                Some("") => {
                    taken.leave_out("have no outcome");
                    continue;
                }
                Some(words) => OutcomeClass::of_words(words).ok_or_else(|| {
                    self.wrong(format!("line {line}: unknown outcome \"{words}\""))
                })?,
            };
            let is_repetition = column(REPEAT).is_some_and(|i| !row[i].is_empty());
            if is_repetition && outcome == OutcomeClass::Crashed {
                taken.leave_out("are repetitions that crashed");
                continue;
            }
            let missing = || Missing::new("it is missing in the table");
            let value = |column: &Option<usize>| match *column {
                None => Ok(None),
                // The table does not say which: it was not looked at.
                Some(i) if row[i].is_empty() && outcome == OutcomeClass::Incomplete => Ok(None),
                Some(i) if row[i].is_empty() => Ok(Some(Err(missing()))),
                Some(i) => number(i).map(|value| Some(Ok(value))),
            };
            let values = mapping.values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
            let seed = column("seed").and_then(|i| row[i].parse().ok()).unwrap_or_default();
            let then = column("fidelity").map(|i| &row[i]);
            let then = Then { fidelity: then, parameters: &parameters, seed, outcome };
            self.add(&mut taken, &mapping, then, &values);
        }
        if rows == 0 {
            return Err(self.wrong("the table has no rows"));
        }
        Ok(taken)
    }

    fn check_header(&self, header: &StringRecord) -> Result<(), Failure> {
        match header.iter().next() {
            None => Err(self.wrong("the table is empty")),
            Some(only) if header.len() == 1 && only.contains([';', '\t']) => Err(self
                .wrong("the table's columns are separated by semicolons or tabs, not by commas")),
            Some(_) => Ok(()),
        }
    }

    /// The columns that are parameters: of the search, of the model, or of the search that wrote
    /// the table. Other programs add columns of their own, such as the number of a row.
    fn parameters_in(&self, header: &StringRecord) -> Vec<usize> {
        let column = |name: &str| header.iter().position(|heading| heading == name);
        // `mozopt export` writes the parameters between these.
        let first_value = header.iter().position(|heading| heading.starts_with("value "));
        let exported = OWN_COLUMNS.iter().all(|name| column(name).is_some());
        let exported = exported.then(|| Some(column("seconds")?..first_value?)).flatten();
        let knows_model = !matches!(self.model, ModelParameters::Unknown);
        let is_parameter = |&(i, heading): &(usize, &str)| {
            let searched = self.configuration.parameters.iter().any(|it| it.path == heading);
            !is_own_column(heading)
                && (searched
                    || (knows_model && self.model.default(heading).is_ok())
                    || exported.as_ref().is_some_and(|columns| columns.contains(&i)))
        };
        header.iter().enumerate().filter(is_parameter).map(|(i, _)| i).collect()
    }

    /// A point to begin from. Parameters that it does not give are those of the centroid.
    fn start(&self) -> Result<WarmStart, Failure> {
        let text = self.text()?;
        let given: Map<String, Json> =
            serde_json::from_str(&text).map_err(|error| self.wrong(error))?;
        let searched = &self.configuration.parameters;
        if !searched.iter().any(|parameter| given.contains_key(&parameter.path)) {
            return Err(self.wrong("it has none of the searched parameters"));
        }
        let value = |parameter: &configuration::Parameter| {
            let Some(given) = given.get(&parameter.path) else { return Ok(parameter.centroid) };
            given
                .as_f64()
                .filter(|value| (parameter.low..=parameter.high).contains(value))
                .ok_or_else(|| {
                    let (low, high) = (parameter.low, parameter.high);
                    self.wrong(format!("{} is {given}, not in [{low}, {high}]", parameter.path))
                })
        };
        let start = searched.iter().map(value).collect::<Result<_, _>>()?;
        Ok(WarmStart { starts: vec![start], ..self.warm_start(Taken::default()) })
    }

    /// Simulations with values for all targets are as good as new. Incomplete ones have no total
    /// that could be compared: the best by the other targets are simulated again, as many as a
    /// generation has.
    fn warm_start(&self, taken: Taken) -> WarmStart {
        let Taken { simulations, elsewhere, .. } = taken;
        let mut incomplete: Vec<&Earlier> =
            simulations.iter().filter(|it| it.fidelity.is_full() && it.is_incomplete()).collect();
        incomplete.sort_by(|a, b| a.result.total.total_cmp(&b.result.total));
        let mut starts: Vec<Vec<f64>> = Vec::new();
        for Earlier { parameters, .. } in incomplete {
            if starts.len() < self.configuration.optimizer.offspring_size
                && !starts.contains(parameters)
            {
                starts.push(parameters.clone());
            }
        }
        let from = self.path.display().to_string();
        WarmStart { from, simulations, starts, elsewhere }
    }

    /// From the parameters of then and a way to find a target's column.
    fn mapping(
        &self,
        paths: &[&str],
        find: impl Fn(&ConfiguredTarget) -> Option<usize>,
    ) -> Result<Mapping, Failure> {
        let default = |path: &str| self.model.default(path).ok().flatten().map(|d| d.value);
        let origin = |parameter: &configuration::Parameter| {
            if let Some(column) = paths.iter().position(|path| *path == parameter.path) {
                return Ok(Origin::Column(column));
            }
            default(&parameter.path).map(Origin::Default).ok_or_else(|| {
                let path = &parameter.path;
                self.wrong(format!(
                    "{path} was not searched there, and the model's default is not known"
                ))
            })
        };
        let searched = &self.configuration.parameters;
        let origins = searched.iter().map(origin).collect::<Result<_, _>>()?;
        let not_now = paths
            .iter()
            .enumerate()
            .filter(|(_, path)| !searched.iter().any(|parameter| parameter.path == **path));
        // Without a known default no simulation is of use: NaN equals nothing.
        let fixed = not_now
            .map(|(i, path)| (i, (*path).to_owned(), default(path).unwrap_or(f64::NAN)))
            .collect();
        let values: Vec<_> = self.targets.iter().map(find).collect();
        if values.iter().all(Option::is_none) {
            return Err(self.wrong("none of the targets was measured there"));
        }
        Ok(Mapping { origins, fixed, values })
    }

    /// Which version of the present simulation one was whose version was called so then: as the
    /// user says, as it is called now, or, where nothing is said, the first whose model it had.
    fn fidelity_of(
        &self,
        mapping: &Mapping,
        then: Option<&str>,
        earlier: &[f64],
    ) -> Result<FidelityNumber, String> {
        if let Some(fidelity) = self.fidelity {
            return Ok(fidelity);
        }
        if let Some(name) = then.filter(|name| !name.is_empty() && *name != FULL) {
            let unknown = || format!("are of the fidelity {name}, which this search does not have");
            return self.configuration.fidelity_named(name).ok_or_else(unknown);
        }
        let has_its_model = |fidelity: &FidelityNumber| {
            mapping.fixed.iter().all(|(i, path, default)| {
                is_near(earlier[*i], self.overridden(*fidelity, path).unwrap_or(*default))
            })
        };
        let first = self.configuration.fidelity_numbers().find(has_its_model);
        Ok(first.unwrap_or(FidelityNumber::FULL))
    }

    /// The value that a version gives this parameter, whatever a candidate has.
    fn overridden(&self, fidelity: FidelityNumber, path: &str) -> Option<f64> {
        self.configuration.fidelity(fidelity)?.overrides.get(path)?.as_f64()
    }

    /// Adds a simulation, if its parameters are possible now and its outcome says something. A
    /// value is `None` where the target was not looked at.
    fn add(
        &self,
        taken: &mut Taken,
        mapping: &Mapping,
        Then { fidelity, parameters: earlier, seed, outcome }: Then<'_>,
        values: &[Option<targets::Value>],
    ) {
        if matches!(outcome, OutcomeClass::NoData | OutcomeClass::NodeFailure) {
            taken.leave_out("have no data");
            return;
        }
        let fidelity = match self.fidelity_of(mapping, fidelity, earlier) {
            Ok(fidelity) => fidelity,
            Err(reason) => {
                taken.elsewhere += 1;
                return taken.leave_out(reason);
            }
        };
        let is_other = |(i, path, default): &&(usize, String, f64)| {
            !is_near(earlier[*i], self.overridden(fidelity, path).unwrap_or(*default))
        };
        let parameters: Vec<f64> = mapping
            .origins
            .iter()
            .map(|origin| match *origin {
                Origin::Column(i) => earlier[i],
                Origin::Default(value) => value,
            })
            .collect();
        let mut searched = self.configuration.parameters.iter().zip(&parameters);
        let outside = searched.find(|(p, value)| !(p.low..=p.high).contains(value));
        let reason = match (outside, mapping.fixed.iter().find(is_other)) {
            (Some((parameter, _)), _) => {
                Some(format!("lie outside the range of {}", parameter.path))
            }
            (None, Some((_, path, default))) if default.is_nan() => {
                Some(format!("have a {path}, whose default in the model is not known"))
            }
            (None, Some((_, path, _))) => Some(format!("have another {path} than the model")),
            (None, None) => None,
        };
        if let Some(reason) = reason {
            taken.elsewhere += 1;
            taken.leave_out(reason);
            return;
        }
        let outcome = match outcome {
            OutcomeClass::Completed | OutcomeClass::Incomplete if values.contains(&None) => {
                OutcomeClass::Incomplete
            }
            OutcomeClass::Incomplete => OutcomeClass::Completed,
            outcome => outcome,
        };
        let reason = match outcome {
            OutcomeClass::Completed => None,
            _ => Some(format!("taken from {}", self.path.display())),
        };
        let not_then = || Err(Missing::new("it was not measured then"));
        let known: Vec<_> =
            values.iter().map(|value| value.clone().unwrap_or_else(not_then)).collect();
        let mut result = match outcome {
            OutcomeClass::Completed | OutcomeClass::Incomplete | OutcomeClass::Exploded => {
                SimulationResult::measured(outcome, reason, self.targets, &known)
            }
            _ => {
                SimulationResult::without_values(outcome, reason.unwrap_or_default(), self.targets)
            }
        };
        if outcome == OutcomeClass::Incomplete {
            let targets = result.targets.iter_mut().zip(values);
            targets.for_each(|(target, value)| target.unknown = value.is_none());
        }
        taken.simulations.push(Earlier { parameters, fidelity, seed, result });
    }
}

/// What all simulations of a path are said to be: `small=PATH` names the fidelity `small`.
fn named_fidelity<'p>(
    path: &'p Path,
    configuration: &Configuration,
) -> (Option<FidelityNumber>, &'p Path) {
    let named = path.to_str().filter(|_| !path.exists()).and_then(|text| text.split_once('='));
    match named.and_then(|(name, rest)| Some((configuration.fidelity_named(name)?, rest))) {
        Some((fidelity, rest)) => (Some(fidelity), Path::new(rest)),
        None => (None, path),
    }
}

fn is_near(value: f64, other: f64) -> bool {
    (value - other).abs() <= ROUNDING * other.abs()
}

/// Whether a column of a table is no parameter, as `mozopt export` names it.
fn is_own_column(heading: &str) -> bool {
    OWN_COLUMNS.contains(&heading)
        || heading == "fidelity"
        || heading.starts_with("value ")
        || heading.starts_with("score ")
}

/// Whether two targets measure the same: the norm and the wanted value may differ.
fn is_same(earlier: &targets::Target, wanted: &targets::Target) -> bool {
    if wanted.class.is_measured() {
        earlier.class == wanted.class && earlier.sheet_name == wanted.sheet_name
    } else {
        !earlier.class.is_measured() && earlier.name == wanted.name
    }
}

fn reason(target: &TargetResult) -> Missing {
    Missing::new(target.reason.clone().unwrap_or_default())
}
