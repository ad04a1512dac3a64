//! The numbers of an inspection in a table: one column for each sheet.

use comfy_table::CellAlignment;
use figures::escaped;
use inspection::{Distribution, SheetInspection};

use crate::report::table;

/// A table of texts, with the number of cells or responses behind each number.
pub struct SummaryTable {
    sheets: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

/// What an inspection says in numbers.
pub fn summary(sheets: &[SheetInspection]) -> SummaryTable {
    let mut summary =
        SummaryTable { sheets: sheets.iter().map(|s| s.sheet.clone()).collect(), rows: vec![] };
    let mut row = |name: &str, cell: &dyn Fn(&SheetInspection) -> Option<String>| {
        let cells: Vec<_> = sheets.iter().map(cell).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_owned()));
            summary.rows.push((name.to_owned(), cells.collect()));
        }
    };
    row("neurons", &|sheet| Some(sheet.neurons.to_string()));
    row("recorded at rest (ms)", &|s| Some(short(s.spontaneous.as_ref()?.duration_ms)));
    row("rate at rest (Hz)", &|s| spread(&s.spontaneous.as_ref()?.rate_hz.distribution));
    row("silent cells", &|s| Some(s.spontaneous.as_ref()?.silent_cells.to_string()));
    row("CV of the intervals", &|s| spread(&s.spontaneous.as_ref()?.irregularity.distribution));
    row("correlation of pairs", &|s| spread(&s.spontaneous.as_ref()?.correlation.as_ref()?.pairs));
    row("median interval (ms)", &|s| {
        let intervals = &s.spontaneous.as_ref()?.intervals;
        Some(format!("{} ({})", short(intervals.median_ms?), intervals.n))
    });
    let conductance = |s: &SheetInspection, is_excitatory: bool| {
        let found = s.signals.iter().find(|signal| {
            if is_excitatory { signal.is_excitatory() } else { signal.is_inhibitory() }
        })?;
        Some(format!("{} {} ({})", short(found.mean?), found.unit, found.cells))
    };
    row("excitatory conductance", &|s| conductance(s, true));
    row("inhibitory conductance", &|s| conductance(s, false));
    row("conductance ratio", &|s| s.conductance_ratio.map(short));
    for contrast in
        contrasts(sheets, |s| s.orientation_tuning.iter().map(|t| t.contrast_percent).collect())
    {
        let tuning = |s: &SheetInspection| {
            s.orientation_tuning.iter().find(|t| t.contrast_percent == contrast).cloned()
        };
        row(&format!("OSI at {contrast} %"), &|s| spread(&tuning(s)?.selectivity.distribution));
        row(&format!("HWHH at {contrast} %, all cells (°)"), &|s| {
            let tuning = tuning(s)?;
            let share = tuning.explained_between_bins?;
            Some(match tuning.fit {
                Some(fit) => {
                    format!("{}, R² {share:.2} ({})", short(fit.half_width_deg), tuning.cells)
                }
                None => format!("no tuning (R² {share:.2})"),
            })
        });
        row(&format!("HWHH at {contrast} %, single cells (°)"), &|s| {
            spread(&tuning(s)?.half_width_deg.distribution)
        });
        row(&format!("tuned cells at {contrast} %"), &|s| {
            let tuning = tuning(s)?;
            let tuned = tuning.half_width_deg.distribution.n;
            let of = tuning.cells_with_a_curve;
            (of > 0).then(|| format!("{tuned} of {of}"))
        });
    }
    row("F1/F0", &|s| spread(&s.modulation.as_ref()?.f1_over_f0.distribution));
    for contrast in contrasts(sheets, |s| {
        s.contrast_response.iter().flat_map(|r| &r.points).map(|p| p.contrast_percent).collect()
    }) {
        row(&format!("rate at preferred, {contrast} % (Hz)"), &|s| {
            let points = &s.contrast_response.as_ref()?.points;
            let point = points.iter().find(|point| point.contrast_percent == contrast)?;
            Some(format!("{} ({})", short(point.mean_hz), point.n))
        });
    }
    for contrast in
        contrasts(sheets, |s| s.size_tuning.iter().map(|t| t.contrast_percent).collect())
    {
        let tuning = |s: &SheetInspection| {
            s.size_tuning.iter().find(|t| t.contrast_percent == contrast).cloned()
        };
        row(&format!("suppression index at {contrast} %"), &|s| {
            spread(&tuning(s)?.suppression_index.distribution)
        });
        row(&format!("counter-suppression at {contrast} %"), &|s| {
            spread(&tuning(s)?.counter_suppression_index.distribution)
        });
        row(&format!("error of the size fits at {contrast} %"), &|s| {
            spread(&tuning(s)?.relative_error.distribution)
        });
    }
    summary
}

/// The contrasts of all sheets, highest first.
fn contrasts(sheets: &[SheetInspection], of: impl Fn(&SheetInspection) -> Vec<f64>) -> Vec<f64> {
    let mut contrasts: Vec<f64> = sheets.iter().flat_map(of).collect();
    contrasts.sort_by(|a, b| b.total_cmp(a));
    contrasts.dedup();
    contrasts
}

/// Three significant digits.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e5).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let digits = (2 - magnitude.log10().floor() as i32).max(0) as usize;
    format!("{value:.digits$}")
}

/// Mean, standard deviation and number of values.
fn spread(values: &Distribution) -> Option<String> {
    let mean = short(values.mean?);
    let deviation = values.standard_deviation.map(|sd| format!(" ± {}", short(sd)));
    Some(format!("{mean}{} ({})", deviation.unwrap_or_default(), values.n))
}

impl SummaryTable {
    /// For a terminal. Mean ± standard deviation over cells (or pairs).
    pub fn text(&self) -> String {
        let mut headings = vec![""];
        headings.extend(self.sheets.iter().map(String::as_str));
        let mut rows = table(&headings);
        for (name, cells) in &self.rows {
            rows.add_row(std::iter::once(name).chain(cells));
        }
        for column in 1..headings.len() {
            if let Some(column) = rows.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{rows}\nmean ± standard deviation over cells or pairs (how many)\n")
    }

    /// For a page.
    pub fn html(&self) -> String {
        let mut html =
            "<p class=\"caption\">Mean ± standard deviation over cells or pairs (how many).</p>\n\
                        <div class=\"scroll\"><table>\n<thead><tr><th></th>"
                .to_owned();
        for sheet in &self.sheets {
            html.push_str(&format!("<th>{}</th>", escaped(sheet)));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for (name, cells) in &self.rows {
            html.push_str(&format!("<tr><td>{}</td>", escaped(name)));
            for cell in cells {
                html.push_str(&format!("<td>{}</td>", escaped(cell)));
            }
            html.push_str("</tr>\n");
        }
        html + "</tbody></table></div>\n"
    }
}
