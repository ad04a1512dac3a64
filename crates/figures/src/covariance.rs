//! `covariance_matrix` and `eigenvalues`: in which directions good candidates may vary.

use serde_json::{Value, json};

use crate::axis::Axis;
use crate::correlations::{share, signed};
use crate::figure::rounded;
use crate::names::short_names;
use crate::statistics::{covariance, eigen};
use crate::theme::BLUE;
use crate::{Figure, NotEnough, Search};

/// Fewer good candidates say nothing about directions.
const LEAST: usize = 8;

/// The completed candidates with the least totals, a quarter of all but no fewer than [`LEAST`]:
/// their places in the range of each parameter.
fn good(search: &Search) -> Result<Vec<Vec<f64>>, NotEnough> {
    let mut completed: Vec<_> = search.completed().collect();
    if completed.len() < LEAST {
        return Err(NotEnough { needed: "8 completed simulations" });
    }
    completed.sort_by(|(_, a), (_, b)| a.total.total_cmp(&b.total));
    completed.truncate((completed.len() / 4).max(LEAST));
    let places = |candidate: &crate::Candidate| -> Vec<f64> {
        let values = search.parameters.iter().zip(&candidate.parameters);
        values.map(|(parameter, &value)| parameter.place(value)).collect()
    };
    Ok(completed.iter().map(|(candidate, _)| places(candidate)).collect())
}

fn names(search: &Search) -> Vec<String> {
    let paths: Vec<&str> = search.parameters.iter().map(|p| p.path.as_str()).collect();
    short_names(&paths)
}

pub(crate) fn covariance_matrix(search: &Search) -> Result<Figure, NotEnough> {
    let good = good(search)?;
    let names = names(search);
    let matrix = covariance(&good);
    let deviation = |i: usize| matrix[i][i].max(0.0).sqrt();
    let mut cells: Vec<Value> = vec![];
    for (i, row) in names.iter().enumerate() {
        for (j, column) in names.iter().enumerate() {
            let spread = deviation(i) * deviation(j);
            if spread > 0.0 {
                let (r, cov) = (share(matrix[i][j] / spread), rounded(matrix[i][j]));
                cells.push(json!({"row": row, "column": column, "r": r, "cov": cov}));
            }
        }
    }
    let deviations: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(i, name)| json!({"row": name, "sd": share(deviation(i))}))
        .collect();
    let spread = Axis::linear(0.0, 1.05 * (0..names.len()).map(deviation).fold(0.001, f64::max));
    let ticks: Vec<Value> = spread.ticks(3).into_iter().map(rounded).collect();
    let y = |axis: Value| {
        json!({
            "field": "row", "type": "nominal", "sort": names, "axis": axis,
            "scale": {"domain": names, "paddingInner": 0},
        })
    };
    let caption = format!(
        "Correlation of the parameters' places in their ranges among the n = {} best completed candidates, and \
         the standard deviation of each (a uniform one is 0.29). Covariance = correlation × both deviations. \
         Empty: the same value in all.",
        good.len()
    );
    let view = json!({
        "bounds": "flush",
        "spacing": 10,
        "hconcat": [
            {
                "data": {"values": cells},
                "width": {"step": 15}, "height": {"step": 15},
                "mark": {"type": "rect", "style": "plain"},
                "encoding": {
                    "x": {
                        "field": "column", "type": "nominal", "sort": names,
                        "axis": {"labelAngle": -90, "title": null},
                        "scale": {"domain": names, "paddingInner": 0},
                    },
                    "y": y(json!({"title": null})),
                    "color": signed("r", "Correlation"),
                    "tooltip": [
                        {"field": "row", "type": "nominal"}, {"field": "column", "type": "nominal"},
                        {"field": "r", "type": "quantitative", "title": "correlation"},
                        {"field": "cov", "type": "quantitative", "title": "covariance"},
                    ],
                },
            },
            {
                "data": {"values": deviations},
                "width": 70, "height": {"step": 15},
                "mark": {"type": "bar", "color": BLUE},
                "encoding": {
                    "x": {
                        "field": "sd", "type": "quantitative",
                        "title": ["Standard deviation", "(share of the range)"],
                        "scale": spread.scale(), "axis": {"values": ticks},
                    },
                    "y": y(Value::Null),
                    "tooltip": [
                        {"field": "row", "type": "nominal"},
                        {"field": "sd", "type": "quantitative", "title": "standard deviation"},
                    ],
                },
            },
        ],
    });
    Ok(Figure::new("covariance_matrix", "Spread of the best candidates", caption, view))
}

pub(crate) fn eigenvalues(search: &Search) -> Result<Figure, NotEnough> {
    let good = good(search)?;
    let names = names(search);
    let axes = eigen(&covariance(&good)).ok_or(NotEnough { needed: "finite parameters" })?;
    let mut lengths: Vec<Value> = vec![];
    let mut loadings: Vec<Value> = vec![];
    for (number, (value, vector)) in (1..).zip(&axes) {
        lengths.push(json!({"axis": number, "length": share(value.max(0.0).sqrt())}));
        // The sign of an eigenvector is arbitrary: its largest part is made positive.
        let largest =
            vector.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        for (name, part) in names.iter().zip(vector) {
            loadings
                .push(json!({"axis": number, "row": name, "part": share(part * largest.signum())}));
        }
    }
    let x = |title: Option<&str>| {
        json!({
            "field": "axis", "type": "ordinal", "title": title,
            "axis": {"labelAngle": 0, "labels": title.is_some(), "labelOverlap": true},
            "scale": {"paddingInner": 0},
        })
    };
    let caption = format!(
        "Principal axes of the n = {} best completed candidates, longest first: along a long axis parameters may \
         vary and the total stays good, along a short one they must not.{}",
        good.len(),
        if good.len() <= names.len() {
            " There are fewer candidates than parameters, so the last axes have no length."
        } else {
            ""
        }
    );
    let view = json!({
        "bounds": "flush",
        "spacing": 10,
        "vconcat": [
            {
                "data": {"values": lengths},
                "width": {"step": 15}, "height": 90,
                "mark": {"type": "bar", "color": BLUE},
                "encoding": {
                    "x": x(None),
                    "y": {
                        "field": "length", "type": "quantitative",
                        "title": ["Standard deviation", "(share of the range)"],
                        "axis": {"tickCount": 4, "grid": true},
                    },
                    "tooltip": [
                        {"field": "axis", "type": "ordinal"}, {"field": "length", "type": "quantitative"},
                    ],
                },
            },
            {
                "data": {"values": loadings},
                "width": {"step": 15}, "height": {"step": 15},
                "mark": {"type": "rect", "style": "plain"},
                "encoding": {
                    "x": x(Some("Principal axis")),
                    "y": {
                        "field": "row", "type": "nominal", "sort": names, "axis": {"title": null},
                        "scale": {"paddingInner": 0},
                    },
                    "color": signed("part", "Part of the axis"),
                    "tooltip": [
                        {"field": "axis", "type": "ordinal"}, {"field": "row", "type": "nominal"},
                        {"field": "part", "type": "quantitative"},
                    ],
                },
            },
        ],
    });
    Ok(Figure::new("eigenvalues", "Free and constrained directions", caption, view))
}
