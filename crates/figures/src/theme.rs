//! How every figure looks. Specifications name styles; what these are is said here, so that one
//! specification serves paper and screen, light and dark.

use serde_json::{Value, json};
use simulation::OutcomeClass;

use crate::Search;

/// Light for paper and most screens, or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on near-black.
    Dark,
}

/// Data in general. This colour and the next are of the palette of Okabe & Ito (2008), which people
/// with any kind of colour vision can tell apart; all have a contrast of at least 3:1 to both
/// backgrounds.
pub const BLUE: &str = "#0072b2";
/// The best, and what deserves attention.
pub const VERMILION: &str = "#d55e00";
/// What is wanted, and what is as wanted.
pub const GREEN: &str = "#009e73";
/// A further colour.
pub const PURPLE: &str = "#b8659a";
/// A further colour.
pub const OCHRE: &str = "#b07d00";
/// What is of no interest.
pub const GREY: &str = "#7f7f7f";

/// The classes of outcomes with their colours, in the order of legends.
pub const OUTCOMES: [(OutcomeClass, &str); 7] = [
    (OutcomeClass::Completed, BLUE),
    (OutcomeClass::Exploded, VERMILION),
    (OutcomeClass::TimedOut, OCHRE),
    (OutcomeClass::OutOfMemory, PURPLE),
    (OutcomeClass::Crashed, "#8c564b"),
    (OutcomeClass::NoData, GREY),
    (OutcomeClass::NodeFailure, "#17a2b8"),
];

/// The encoding that tells the classes of outcomes apart by the field `class`: those that occur.
pub(crate) fn outcome_colour(search: &Search) -> Value {
    let occurs = |class| search.finished().any(|(_, outcome)| outcome.class == class);
    let occurring = OUTCOMES.into_iter().filter(|(class, _)| occurs(*class));
    let (classes, colours): (Vec<_>, Vec<_>) =
        occurring.map(|(class, colour)| (class.words(), colour)).unzip();
    json!({
        "field": "class", "type": "nominal", "title": "Outcome",
        "scale": {"domain": classes, "range": colours},
        "legend": {"orient": "bottom", "direction": "horizontal"},
    })
}

struct Colours {
    background: &'static str,
    text: &'static str,
    faint_text: &'static str,
    grid: &'static str,
    /// Few to many.
    amounts: [&'static str; 5],
    /// Negative to positive.
    signed: [&'static str; 7],
}

const LIGHT: Colours = Colours {
    background: "#ffffff",
    text: "#111111",
    faint_text: "#555555",
    grid: "#e8e8e8",
    amounts: ["#e3edf6", "#a6cbe3", "#5aa2cf", "#1f6fae", "#08306b"],
    signed: ["#1f5a96", "#5b9bc9", "#b7d5e8", "#f7f7f7", "#f6bfa2", "#d9704f", "#a11a2c"],
};

const DARK: Colours = Colours {
    background: "#17191d",
    text: "#eeeeee",
    faint_text: "#b0b4ba",
    grid: "#33373d",
    amounts: ["#1d2f40", "#1f5480", "#2f86c0", "#7dbde6", "#e6f3fc"],
    signed: ["#8cc4f0", "#4a8fc4", "#2c4c66", "#24272c", "#6b3a2a", "#cf6a45", "#ffab87"],
};

impl Theme {
    /// The `config` of a Vega-Lite specification.
    pub fn config(self) -> Value {
        let Colours { background, text, faint_text, grid, amounts, signed } = match self {
            Self::Light => LIGHT,
            Self::Dark => DARK,
        };
        json!({
            "background": background,
            "padding": 8,
            "font": "Liberation Sans, Arial, Helvetica, sans-serif",
            "aria": false,
            "view": {"stroke": null},
            "axis": {
                "labelFontSize": 9, "titleFontSize": 10, "titleFontWeight": "normal",
                "labelColor": text, "titleColor": text, "domainColor": text, "tickColor": text,
                "domainWidth": 0.8, "tickWidth": 0.8, "tickSize": 3.5,
                "grid": false, "gridColor": grid, "gridWidth": 0.6,
                "labelPadding": 3, "titlePadding": 6, "labelLimit": 300, "labelOverlap": "greedy",
                "labelSeparation": 4,
            },
            "axisBand": {"ticks": false, "domain": false, "labelOverlap": false},
            "legend": {
                "labelFontSize": 9, "titleFontSize": 9.5, "titleFontWeight": "normal",
                "labelColor": text, "titleColor": text, "symbolSize": 48, "symbolOpacity": 1,
                "gradientLength": 140, "gradientThickness": 9, "labelLimit": 220, "rowPadding": 2,
                "titlePadding": 4, "offset": 12, "tickCount": 5, "titleLimit": 260,
            },
            "title": {
                "anchor": "start", "frame": "bounds", "fontSize": 12, "fontWeight": "bold",
                "color": text, "subtitleFontSize": 10, "subtitleColor": faint_text,
                "subtitlePadding": 4, "offset": 12, "limit": 0,
            },
            "range": {"heatmap": amounts, "ramp": amounts, "diverging": signed},
            "bar": {"discreteBandSize": {"band": 0.72}},
            "line": {"strokeWidth": 1.4, "strokeCap": "round"},
            "text": {"fontSize": 8.5, "color": text},
            "point": {"filled": true, "size": 9, "strokeOpacity": 0},
            "rule": {"color": text, "strokeWidth": 0.8},
            "style": {
                "plain": {"stroke": null},
                "reference": {"stroke": text, "strokeDash": [3, 2], "strokeWidth": 0.8},
            },
        })
    }
}
