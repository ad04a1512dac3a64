//! A figure: a Vega-Lite specification with its title and caption.

use serde::Serializer;
use serde_json::{Map, Value, json};

use crate::names::wrapped;
use crate::theme::Theme;

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v6.json";
/// Characters of a line of the caption below the title of a picture.
const CAPTION_WIDTH: usize = 100;

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name: that of its file.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// How to read it, and how many candidates it shows.
    pub caption: String,
    view: Map<String, Value>,
}

impl Figure {
    pub(crate) fn new(
        name: &'static str,
        title: &'static str,
        caption: impl Into<String>,
        view: Value,
    ) -> Self {
        let view = match view {
            Value::Object(view) => view,
            _ => Map::new(),
        };
        Self { name, title, caption: caption.into(), view }
    }

    /// The specification without title and theme, for pages that say the title themselves.
    pub fn bare(&self) -> Value {
        let mut specification = Map::from_iter([("$schema".to_owned(), json!(SCHEMA))]);
        specification.extend(self.view.clone());
        Value::Object(specification)
    }

    /// The same, written without a copy of its data.
    pub(crate) fn write_bare<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            std::iter::once(("$schema", &json!(SCHEMA)))
                .chain(self.view.iter().map(|(key, value)| (key.as_str(), value))),
        )
    }

    /// The whole specification: what a picture is drawn from, and what Altair opens.
    pub fn specification(&self, theme: Theme) -> Value {
        let mut specification = self.bare();
        specification["title"] =
            json!({"text": self.title, "subtitle": wrapped(&self.caption, CAPTION_WIDTH)});
        specification["config"] = theme.config();
        specification
    }
}

/// A number with four significant digits, which is more than a picture shows.
pub(crate) fn rounded(value: f64) -> Value {
    format!("{value:.3e}").parse::<f64>().map_or(Value::Null, Value::from)
}

/// Why there is no figure yet.
///
/// # Examples
///
/// ```
/// use figures::BiologyKind;
///
/// let raster = BiologyKind::ALL[0];
/// let why = raster.figure(&[]).unwrap_err();
/// assert_eq!((raster.name, &*why.to_string()), ("raster", "it needs spontaneous activity"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it needs {needed}")]
pub struct NotEnough {
    /// What is lacking, as the object of a sentence.
    pub needed: &'static str,
}
