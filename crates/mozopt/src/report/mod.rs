//! An optimization in words and tables, and as the JSON object that `run` and `resume` print.

pub mod comparison;
pub mod html;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use console::style;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Number;
use targets::{Scoring, Wanted};

use configuration::{Configuration, ConfiguredTarget, Parameter};
use journal::{CandidateRecord, OptimizationDirectory, Repetition, State, Validated, mean_and_sd};
use printable::program;
use simulation::{CandidateNumber, TargetResult, number};

use crate::failure::Failure;

pub use comparison::Compared;

/// What `run` and `resume` print with `--json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    optimization: String,
    stopped: Option<String>,
    generations: u64,
    simulations: u64,
    /// How many simulations were known before it began.
    #[serde(skip_serializing_if = "is_none")]
    imported: u64,
    failed: usize,
    best: Option<BestCandidate>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Serialize)]
struct BestCandidate {
    candidate: CandidateNumber,
    total: f64,
    parameters: IndexMap<String, Number>,
    targets: Vec<TargetResult>,
    /// How it did when it was simulated again.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation: Option<Validated>,
}

impl Summary {
    /// The state of an optimization.
    pub fn of(
        directory: &OptimizationDirectory,
        configuration: &Configuration,
        state: &State,
    ) -> Self {
        let best = state.recommended().map(|(record, result)| BestCandidate {
            candidate: record.number,
            total: result.total,
            parameters: named_parameters(configuration, record),
            targets: result.targets.clone(),
            validation: state.validated().cloned(),
        });
        Self {
            optimization: directory.path().display().to_string(),
            stopped: state.stopped.clone(),
            generations: state.generations(),
            simulations: state.simulated(),
            imported: state.imported,
            failed: state.failed(),
            best,
        }
    }
}

/// A candidate's parameters by their paths; whole numbers as such.
pub fn named_parameters(
    configuration: &Configuration,
    record: &CandidateRecord,
) -> IndexMap<String, Number> {
    let values = configuration.parameters.iter().zip(&record.parameters);
    values.map(|(p, &value)| (p.path.clone(), number(value, p.integer))).collect()
}

/// How far from the lower to the upper end of its range a value lies, 0 to 1, on the scale that is
/// searched.
pub fn place(parameter: &Parameter, value: f64) -> f64 {
    let on_scale = |value: f64| if parameter.log_scale { value.ln() } else { value };
    let (low, high) = (on_scale(parameter.low), on_scale(parameter.high));
    if high > low { (on_scale(value) - low) / (high - low) } else { 0.0 }
}

/// What a person reads at the end of `run` and `resume`.
pub fn closing(
    directory: &OptimizationDirectory,
    configuration: &Configuration,
    state: &State,
) -> Result<String, Failure> {
    let mut text = String::new();
    if let Some(reason) = &state.stopped {
        text.push_str(&format!("{} {reason}\n", style("stopped:").bold()));
    }
    let (simulations, failed) = (state.simulated(), state.failed());
    text.push_str(&format!(
        "{} generations, {simulations} simulations, {failed} failed\n",
        state.generations()
    ));
    let (shown, program) = (directory.shown(), program());
    let Some((record, result)) = state.recommended() else {
        text.push_str(&format!("{}\n", none_measured(state)));
        if let Some((record, _)) = state.run_here().next() {
            text.push_str(&format!("\nwhy: {program} show {} {shown}\n", record.number));
        }
        return Ok(text);
    };
    let first = state.ranked().into_iter().find(|(record, _)| record.generation == 1);
    let first = first.map(|(_, result)| format!(" ({:.2} in generation 1)", result.total));
    text.push_str(&format!(
        "\n{} total {:.2}{}\n",
        style(format!("best: candidate {} of generation {},", record.number, record.generation))
            .bold(),
        result.total,
        first.unwrap_or_default(),
    ));
    if let Some(validated) = state.validated() {
        text.push_str(&format!("simulated again: {}\n", validated.in_words()));
        if let Some((luckiest, lucky)) =
            state.best().filter(|(best, _)| best.number != record.number)
        {
            text.push_str(&format!(
                "candidate {} once scored {:.2}, but did worse when it was simulated again\n",
                luckiest.number, lucky.total
            ));
        }
    }
    text.push_str(&targets_table(&configuration.targets()?, &result.targets, &record.repetitions));
    text.push_str(&format!(
        "\n\nresults:                               {shown}\n\
         parameters and log of this candidate:  {program} show {} {shown}\n\
         its parameters for another run:        {program} export {shown}\n\
         every candidate as a table:            {program} export {shown} --format csv\n\
         continue:                              {program} resume {shown} --max-ngen N\n",
        record.number,
    ));
    Ok(text)
}

/// How it stands where there is no best candidate.
pub fn none_measured(state: &State) -> &'static str {
    match (state.simulated(), &state.stopped) {
        (0, None) => "no simulation has ended yet",
        (0, Some(_)) => "no simulation has ended",
        (_, None) => "no candidate could be measured yet",
        (_, Some(_)) => "no candidate could be measured",
    }
}

/// Every target's value, what it was on average where the simulation was repeated, what is wanted,
/// and the score.
pub fn targets_table(
    targets: &[ConfiguredTarget],
    results: &[TargetResult],
    repetitions: &[Repetition],
) -> String {
    let is_repeated = !repetitions.is_empty();
    let mut headings = vec!["target", "value", "wanted", "norm", "score"];
    if is_repeated {
        headings.insert(2, "repeated");
    }
    let mut table = table(&headings);
    for (i, (configured, measured)) in targets.iter().zip(results).enumerate() {
        let scoring = &configured.target.scoring;
        let mut row = vec![
            printable::escaped(&measured.target.name).into_owned(),
            measured.value.map_or_else(|| "none".to_owned(), amount),
            wanted(scoring),
            amount(scoring.norm()),
            format!("{:.2}", measured.score),
        ];
        if is_repeated {
            row.insert(2, repeated(repetitions, i));
        }
        table.add_row(row);
    }
    for column in 1..headings.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = table.to_string();
    // Often one reason explains many missing values.
    let mut by_reason: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for target in results {
        if let Some(reason) = &target.reason {
            by_reason.entry(reason).or_default().push(&target.target.name);
        }
    }
    for (reason, names) in by_reason {
        text.push_str(&format!("\n{}: no value ({reason})", names.join(", ")));
    }
    text
}

/// `1.25 ± 0.12`: mean and standard deviation (n - 1) of a target's value in those repetitions that
/// ran through.
pub fn repeated(repetitions: &[Repetition], target: usize) -> String {
    let value = |repetition: &Repetition| {
        let result = Some(&repetition.result).filter(|result| !result.outcome.is_failure())?;
        result.targets.get(target)?.value
    };
    let values: Vec<f64> = repetitions.iter().filter_map(value).collect();
    match mean_and_sd(&values) {
        None => "none".to_owned(),
        Some((mean, None)) => amount(mean),
        Some((mean, Some(sd))) => format!("{} ± {}", amount(mean), amount(sd)),
    }
}

/// A plain table with these headings.
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings);
    table
}

/// What a target wants, for people: `5`, `≥ 1`, `1 – 2`.
pub fn wanted(scoring: &Scoring) -> String {
    match scoring.accepted() {
        (low, f64::INFINITY) => format!("≥ {}", amount(low)),
        (f64::NEG_INFINITY, high) => format!("≤ {}", amount(high)),
        (low, high) if matches!(scoring.wanted(), Wanted::Range(..)) => {
            format!("{} – {}", amount(low), amount(high))
        }
        (low, _) => amount(low),
    }
}

/// A number with four significant digits.
pub fn amount(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let digits = (3 - magnitude.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn amounts_have_four_significant_digits() {
        let shown = [0.0, 5.0, 1.23456, 0.012_345_6, 1234.56, 7.92e-05, -0.5].map(amount);
        assert_eq!(shown, ["0", "5", "1.235", "0.01235", "1235", "7.920e-5", "-0.5"]);
    }
}
