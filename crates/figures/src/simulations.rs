//! `simulations` and `failures`: when simulations ran, how they ended, and where they fail.

use serde_json::{Value, json};

use crate::axis::Axis;
use crate::figure::rounded;
use crate::names::short_names;
use crate::theme::{GREY, outcome_colour};
use crate::{Candidate, Figure, NotEnough, Outcome, Search};

const WIDTH: u32 = 560;

/// More simulations than this are told apart by nobody: they are thinned out.
const SHOWN: usize = 3000;
/// Parts of the time in which running simulations are counted.
const PERIODS: usize = 140;

/// Every simulation as a bar in time, those at the same time above each other, and how many ran.
pub(crate) fn simulations(search: &Search) -> Result<Figure, NotEnough> {
    let mut spans: Vec<(f64, f64, &Candidate, &Outcome)> = search
        .finished()
        .filter_map(|(c, outcome)| Some((c.began_h?, c.finished_h?, c, outcome)))
        .collect();
    if spans.is_empty() {
        return Err(NotEnough { needed: "a finished simulation" });
    }
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let hours = spans.iter().map(|span| span.1).fold(0.0, f64::max);
    let (unit, per_hour) = if hours < 2.0 { ("min", 60.0) } else { ("h", 1.0) };
    // Each simulation takes the first lane that is free when it begins.
    let mut free_from: Vec<f64> = vec![];
    let mut rows: Vec<Value> = vec![];
    let step = spans.len().div_ceil(SHOWN);
    for (i, &(from, to, candidate, outcome)) in spans.iter().enumerate() {
        let lane = free_from.iter().position(|&free| free <= from).unwrap_or(free_from.len());
        if lane == free_from.len() {
            free_from.push(to);
        } else {
            free_from[lane] = to;
        }
        if i % step > 0 {
            continue;
        }
        rows.push(json!({
            "candidate": candidate.number, "lane": lane, "top": lane + 1, "class": outcome.class.words(),
            "from": rounded(from * per_hour), "to": rounded(to * per_hour),
            "total": rounded(outcome.total),
        }));
    }
    let lanes = free_from.len();
    let times: Vec<(f64, f64)> = spans.iter().map(|span| (span.0, span.1)).collect();
    let caption = caption(&times, hours, lanes, step);
    let axis = Axis::linear(0.0, hours * per_hour);
    let ticks: Vec<Value> = axis.ticks(8).into_iter().map(rounded).collect();
    let x = |field: &str, title: Option<String>| {
        json!({
            "field": field, "type": "quantitative", "title": title, "scale": axis.scale(),
            "axis": {"values": ticks, "labels": title.is_some()},
        })
    };
    let y = |field: &str, title: &str| {
        json!({
            "field": field, "type": "quantitative", "title": title,
            "scale": {"domain": [0, lanes], "nice": false},
            "axis": {"tickMinStep": 1, "format": "d", "tickCount": 4},
        })
    };
    let bars = json!({
        "width": WIDTH, "height": (lanes * 16).clamp(48, 400),
        "data": {"values": rows},
        "mark": {"type": "rect", "style": "plain", "stroke": null},
        "encoding": {
            "x": x("from", None),
            "x2": {"field": "to"},
            "y": y("lane", "Lane"),
            "y2": {"field": "top"},
            "color": outcome_colour(search),
            "tooltip": [
                {"field": "candidate", "type": "quantitative"},
                {"field": "class", "type": "nominal", "title": "outcome"},
                {"field": "total", "type": "quantitative"},
                {"field": "from", "type": "quantitative", "title": format!("from ({unit})")},
                {"field": "to", "type": "quantitative", "title": format!("to ({unit})")},
            ],
        },
    });
    let period = hours / PERIODS as f64;
    let running = running(&times, hours).into_iter().enumerate();
    let running: Vec<Value> = running
        .map(|(i, mean)| {
            let from = i as f64 * period;
            // They overlap a little, so that no seams are seen.
            let to = (from + 1.05 * period).min(hours);
            let [from, to] = [from, to].map(|time| rounded(time * per_hour));
            json!({"from": from, "to": to, "running": rounded(mean)})
        })
        .collect();
    let utilisation = json!({
        "width": WIDTH, "height": 60,
        "data": {"values": running},
        "mark": {"type": "rect", "style": "plain", "color": GREY},
        "encoding": {
            "x": x("from", Some(format!("Time since the search began ({unit})"))),
            "x2": {"field": "to"},
            "y": y("running", "Running"),
            "y2": {"datum": 0},
            "tooltip": [{"field": "running", "type": "quantitative", "title": "running (mean)"}],
        },
    });
    let view = json!({"bounds": "flush", "spacing": 18, "vconcat": [bars, utilisation]});
    Ok(Figure::new("simulations", "Simulations in time", caption, view))
}

fn caption(spans: &[(f64, f64)], hours: f64, lanes: usize, step: usize) -> String {
    let thinned = if step > 1 { format!(" (one of {step} is shown)") } else { String::new() };
    let where_they_are = match lanes {
        1 => "in one lane; it was".to_owned(),
        _ => format!("in the first free of {lanes} lanes; these were"),
    };
    let mut durations: Vec<f64> = spans.iter().map(|(from, to)| to - from).collect();
    let busy: f64 = durations.iter().sum();
    durations.sort_by(f64::total_cmp);
    format!(
        "n = {} simulations{thinned} from their beginning to their end, {where_they_are} in use {:.0} % \
         of the time; half of the simulations took less than {}. Below: the mean number of simulations at a time.",
        spans.len(),
        100.0 * busy / (hours * lanes as f64).max(f64::MIN_POSITIVE),
        duration(durations[durations.len() / 2])
    )
}

/// The mean number of simulations that run in each of the periods, from their beginnings and ends.
fn running(spans: &[(f64, f64)], hours: f64) -> Vec<f64> {
    let period = hours / PERIODS as f64;
    let mut running = vec![0.0; PERIODS];
    for &(from, to) in spans {
        let (first, last) = ((from / period) as usize, (to / period) as usize);
        for (i, sum) in running.iter_mut().enumerate().take(last + 1).skip(first) {
            let begin = i as f64 * period;
            *sum += (to.min(begin + period) - from.max(begin)).max(0.0) / period;
        }
    }
    running
}

/// A duration in the unit that suits it.
fn duration(hours: f64) -> String {
    let (unit, per_hour) = match hours {
        h if h < 2.0 / 60.0 => ("s", 3600.0),
        h if h < 2.0 => ("min", 60.0),
        _ => ("h", 1.0),
    };
    format!("{} {unit}", crate::scores::amount(hours * per_hour))
}

/// Parts of each range.
const BINS: usize = 10;

/// The share of failed simulations in each part of each parameter's range.
pub(crate) fn failures(search: &Search) -> Result<Figure, NotEnough> {
    let finished: Vec<_> = search.finished().collect();
    let failed = finished.iter().filter(|(_, outcome)| !outcome.completed()).count();
    if failed == 0 {
        return Err(NotEnough { needed: "a failed simulation" });
    }
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    let names = short_names(&paths);
    let mut rows: Vec<Value> = vec![];
    for ((p, parameter), name) in search.parameters.iter().enumerate().zip(&names) {
        let mut counts = [(0_u32, 0_u32); BINS];
        for (candidate, outcome) in &finished {
            let bin = (parameter.place(candidate.parameters[p]) * BINS as f64) as usize;
            let (all, failed) = &mut counts[bin.min(BINS - 1)];
            *all += 1;
            *failed += u32::from(!outcome.completed());
        }
        for (bin, (all, failed)) in counts.into_iter().enumerate().filter(|(_, (all, _))| *all > 0)
        {
            let edge = |bin: usize| bin as f64 / BINS as f64;
            rows.push(json!({
                "parameter": name, "from": edge(bin), "to": edge(bin + 1),
                "share": rounded(f64::from(failed) / f64::from(all)), "failed": failed, "n": all,
                // The area of a bar stands for how many lay there, up to half of all.
                "weight": rounded((2.0 * f64::from(all) / finished.len() as f64).min(1.0)),
            }));
        }
    }
    let caption = format!(
        "Share of failed simulations in each tenth of each parameter's range (on its search scale); the \
         thicker, the more were tried there. From 50 % on, the colour is the same. n = {}, {failed} \
         failed.",
        finished.len()
    );
    let view = json!({
        "data": {"values": rows},
        "width": 320, "height": {"step": 14},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "from", "type": "quantitative",
                "title": "Place in the range, lower to upper bound",
                "scale": {"domain": [0, 1], "nice": false},
                "axis": {"values": [0, 0.2, 0.4, 0.6, 0.8, 1]},
            },
            "x2": {"field": "to"},
            "y": {
                "field": "parameter", "type": "nominal", "sort": names, "axis": {"title": null},
                "scale": {"domain": names},
            },
            "size": {
                "field": "weight", "type": "quantitative", "legend": null,
                "scale": {"domain": [0, 1], "range": [1, 13]},
            },
            "color": {
                "field": "share", "type": "quantitative", "title": "Share failed",
                "scale": {"domain": [0, 0.5], "clamp": true},
                "legend": {"format": ".0%", "values": [0, 0.1, 0.2, 0.3, 0.4, 0.5]},
            },
            "tooltip": [
                {"field": "parameter", "type": "nominal"},
                {"field": "failed", "type": "quantitative"}, {"field": "n", "type": "quantitative"},
            ],
        },
    });
    Ok(Figure::new("failures", "Where simulations fail", caption, view))
}

#[cfg(test)]
mod tests {
    use super::{PERIODS, running};

    #[test]
    fn running_simulations_are_counted_for_the_time_they_run() {
        let counted = running(&[(0.0, 1.0), (0.0, 0.5), (0.75, 1.0)], 1.0);
        assert!((counted[0] - 2.0).abs() < 1e-9 && (counted[PERIODS - 1] - 2.0).abs() < 1e-9);
        assert!((counted[PERIODS * 6 / 10] - 1.0).abs() < 1e-9);
        let hours = counted.iter().sum::<f64>() / PERIODS as f64;
        assert!((hours - 1.75).abs() < 1e-9, "{hours}");
    }
}
