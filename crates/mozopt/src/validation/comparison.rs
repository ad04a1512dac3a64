//! What the search measured of a candidate, beside what another protocol shows of it.

use comfy_table::CellAlignment;
use figures::{Page, escaped};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Number;

use configuration::{Configuration, ConfiguredTarget};
use dispatcher::Task;
use durable::read_json;
use journal::{CandidateRecord, OptimizationDirectory};
use simulation::{CandidateNumber, OutcomeClass, SimulationResult};

use crate::failure::Failure;
use crate::report::{amount, named_parameters, table, wanted};

use super::Counted;

/// Candidates in the protocol of the search and in another one; what `--json` prints.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The optimization's directory.
    pub optimization: String,
    /// The other protocol.
    pub protocol: String,
    /// Whether each simulation of the protocol had a network of its own.
    pub new_networks: bool,
    /// The targets, and those that the totals count.
    #[serde(flatten)]
    pub targets: Counted,
    /// The candidates.
    pub candidates: Vec<CandidateComparison>,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub struct CandidateComparison {
    /// Its number.
    pub candidate: CandidateNumber,
    parameters: IndexMap<String, Number>,
    /// The total scores.
    total: SideBySide,
    targets: Vec<TargetComparison>,
    simulations: Vec<SimulationOfIt>,
}

#[derive(Debug, Serialize)]
struct TargetComparison {
    name: String,
    unit: Option<String>,
    wanted: String,
    norm: f64,
    #[serde(flatten)]
    values: SideBySide,
}

/// Completed simulations of the search, its further ones included, and of the protocol.
#[derive(Debug, Serialize)]
struct SideBySide {
    search: Several,
    protocol: Several,
}

/// Mean and standard deviation (n − 1) over simulations with different seeds.
#[derive(Debug, Serialize)]
struct Several {
    n: usize,
    mean: Option<f64>,
    standard_deviation: Option<f64>,
    values: Vec<f64>,
}

/// One simulation in the protocol.
#[derive(Debug, Serialize)]
struct SimulationOfIt {
    directory: String,
    seed: u64,
    outcome: Option<String>,
    reason: Option<String>,
    total: Option<f64>,
    /// Its page, where its data could be inspected; relative to the comparison.
    inspection: Option<String>,
}

impl Several {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        let n = values.len();
        let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64);
        let standard_deviation = mean.filter(|_| n > 1).map(|mean| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (n - 1) as f64).sqrt()
        });
        Self { n, mean, standard_deviation, values }
    }

    fn in_words(&self) -> String {
        let Some(mean) = self.mean else { return "none".to_owned() };
        let deviation = self.standard_deviation.map(|sd| format!(" ± {}", amount(sd)));
        format!("{}{} ({})", amount(mean), deviation.unwrap_or_default(), self.n)
    }
}

impl CandidateComparison {
    /// Compares; `runs` are the candidate's in the protocol, with their results and pages.
    pub fn new(
        optimization: &OptimizationDirectory,
        configuration: &Configuration,
        targets: &Counted,
        record: &CandidateRecord,
        runs: &[(&Task, Option<SimulationResult>, Option<String>)],
    ) -> Self {
        let search = of_search(optimization, record);
        let protocol = || {
            let results = runs.iter().filter_map(|(_, result, _)| result.as_ref());
            results.filter(|result| !result.outcome.is_failure())
        };
        let target = |(i, configured): (usize, &ConfiguredTarget)| {
            let value = |result: &SimulationResult| result.targets.get(i).and_then(|t| t.value);
            TargetComparison {
                name: configured.target.name.clone(),
                unit: configured.target.class.unit().map(str::to_owned),
                wanted: wanted(&configured.target.scoring),
                norm: configured.target.scoring.norm(),
                values: SideBySide {
                    search: Several::of(search.iter().filter_map(value)),
                    protocol: Several::of(protocol().filter_map(value)),
                },
            }
        };
        let simulation =
            |(run, result, page): &(&Task, Option<SimulationResult>, Option<String>)| {
                let result = result.as_ref();
                SimulationOfIt {
                    directory: run.directory.path().display().to_string(),
                    seed: run.simulation.seed,
                    outcome: result.map(|result| result.outcome.words().to_owned()),
                    reason: result.and_then(|result| result.reason.clone()),
                    total: result.and_then(|result| targets.total(result)),
                    inspection: page.clone(),
                }
            };
        Self {
            candidate: record.number,
            parameters: named_parameters(configuration, record),
            total: SideBySide {
                search: Several::of(search.iter().filter_map(|result| targets.total(result))),
                protocol: Several::of(protocol().filter_map(|result| targets.total(result))),
            },
            targets: targets.targets().iter().enumerate().map(target).collect(),
            simulations: runs.iter().map(simulation).collect(),
        }
    }

    /// Whether a simulation in the protocol ran through.
    pub fn is_measured(&self) -> bool {
        self.total.protocol.n > 0
    }

    fn rows(&self, counted: &Counted) -> impl Iterator<Item = [String; 5]> {
        let total = [
            counted.heading(),
            String::new(),
            String::new(),
            self.total.search.in_words(),
            self.total.protocol.in_words(),
        ];
        let target = |target: &TargetComparison| {
            let unit = target.unit.as_ref().map(|unit| format!(" ({unit})"));
            [
                format!("{}{}", target.name, unit.unwrap_or_default()),
                target.wanted.clone(),
                amount(target.norm),
                target.values.search.in_words(),
                target.values.protocol.in_words(),
            ]
        };
        self.targets.iter().map(target).chain([total])
    }
}

/// The candidate's simulations in the search that ran through: its own, and the further ones.
fn of_search(
    optimization: &OptimizationDirectory,
    record: &CandidateRecord,
) -> Vec<SimulationResult> {
    let further = (1..).map_while(|number| {
        read_json(&optimization.validation(record.number, number).result()).ok()
    });
    let all = record.result().cloned().into_iter().chain(further);
    all.filter(|result: &SimulationResult| result.outcome == OutcomeClass::Completed).collect()
}

impl Comparison {
    fn headings(&self) -> [String; 5] {
        let protocol = format!("{} protocol{}", self.protocol, self.networks());
        ["target".into(), "wanted".into(), "norm".into(), "search".into(), protocol]
    }

    fn networks(&self) -> &'static str {
        if self.new_networks { ", new networks" } else { "" }
    }

    /// For a terminal.
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        for candidate in &self.candidates {
            text.push_str(&format!("candidate {}\n", candidate.candidate));
            let headings = self.headings();
            let mut rows = table(&headings.each_ref().map(String::as_str));
            for row in candidate.rows(&self.targets) {
                rows.add_row(row);
            }
            for column in 1..5 {
                if let Some(column) = rows.column_mut(column) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
            text.push_str(&format!("{rows}\n"));
            for simulation in &candidate.simulations {
                let outcome = simulation.outcome.as_deref().unwrap_or("its machine failed");
                let reason = simulation.reason.as_ref().map(|reason| format!(" ({reason})"));
                text.push_str(&format!(
                    "seed {}: {outcome}{}, {}\n",
                    simulation.seed,
                    reason.unwrap_or_default(),
                    simulation.directory
                ));
            }
        }
        for line in self.targets.left_out() {
            text.push_str(&format!("{line}\n"));
        }
        text + "mean ± standard deviation over simulations that ran through (how many)\n"
    }

    /// A page with the same, and links to the inspections.
    pub fn html(&self) -> String {
        let title =
            format!("{} protocol{} of {}", self.protocol, self.networks(), self.optimization);
        let mut body = format!(
            "<h1>{}</h1>\n<p class=\"caption\">Mean ± standard deviation over simulations with different \
             seeds that ran through (how many).</p>\n",
            escaped(&title)
        );
        for line in self.targets.left_out() {
            body.push_str(&format!("<p>{}</p>\n", escaped(&line)));
        }
        for candidate in &self.candidates {
            body.push_str(&format!(
                "<h2>Candidate {}</h2>\n<table>\n<thead><tr>",
                candidate.candidate
            ));
            body.extend(self.headings().map(|heading| format!("<th>{}</th>", escaped(&heading))));
            body.push_str("</tr></thead>\n<tbody>\n");
            for row in candidate.rows(&self.targets) {
                body.push_str("<tr>");
                body.extend(row.map(|cell| format!("<td>{}</td>", escaped(&cell))));
                body.push_str("</tr>\n");
            }
            body.push_str("</tbody></table>\n<ul>\n");
            for simulation in &candidate.simulations {
                let outcome = simulation.outcome.as_deref().unwrap_or("its machine failed");
                let words = escaped(&format!("seed {}: {outcome}", simulation.seed));
                let item = match &simulation.inspection {
                    Some(page) => format!("<a href=\"{}\">{words}</a>", escaped(page)),
                    None => words,
                };
                body.push_str(&format!("<li>{item}</li>\n"));
            }
            body.push_str("</ul>\n");
        }
        Page { title: &title, body, figures: &[], theme: None }.html()
    }

    /// As JSON.
    pub fn json(&self) -> Result<String, Failure> {
        serde_json::to_string_pretty(self)
            .map_err(|error| Failure::failed(error, "this is a bug in mozopt"))
    }
}
