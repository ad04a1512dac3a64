//! What the searched parameters are, with what is known about the model: whole numbers or real
//! ones, and where the search begins.

use std::collections::BTreeMap;

use crate::config_optimisation::{ConfigOptimisation, ParameterType, SearchedParameter};
use configuration::{Parameter, SimulatorKind, Variant};

use crate::mistake::{Mistake, Notice, Source};
use crate::model::{DefaultValue, ModelParameters};

/// Above this ratio of its ends a range is better searched on a log scale.
const DECADE: f64 = 10.0;

/// Parameters joined with what is known about the model.
#[derive(Default)]
pub struct Joined {
    /// Those that can be searched.
    pub parameters: Vec<Parameter>,
    /// What is wrong with the others.
    pub mistakes: Vec<Mistake>,
    /// What was decided for the user.
    pub notices: Vec<Notice>,
}

/// What decides their types and where they begin.
pub struct Known<'a> {
    /// The user's file.
    pub source: &'a Source,
    /// The model.
    pub model: &'a ModelParameters,
    /// Its parameters that seed it.
    pub seeds: &'a [String],
    /// What simulates it.
    pub kind: SimulatorKind,
    /// Which CMA-ES searches, if one does.
    pub variant: Option<Variant>,
}

/// What was decided of a parameter's type that neither the user nor the model says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Decided {
    /// A float, as all were to the predecessor.
    FloatAsBefore,
    /// An integer, since the range is written so.
    IntegerByRange,
    /// A float, since the centroid is not whole.
    FloatByCentroid,
}

impl Decided {
    fn in_words(self, names: &[&str]) -> Notice {
        let one = names.len() == 1;
        let these = match self {
            Self::IntegerByRange if one => "is searched as an integer",
            Self::IntegerByRange => "are searched as integers",
            _ if one => "reaches the model as a float",
            _ => "reach the model as floats",
        };
        let why = match self {
            Self::FloatAsBefore => "as in the predecessor (variant = \"bluepyopt\")",
            Self::IntegerByRange => {
                "because the range is written so and the model's type is not known"
            }
            Self::FloatByCentroid => {
                "because the centroid is not whole and the model's type is not known"
            }
        };
        let other = if self == Self::IntegerByRange { "float" } else { "int" };
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!(
            "{} {these}, {why}; to change this, write {{\"range\": […], \"type\": \"{other}\"}}",
            names.join(", ")
        )
    }
}

/// What was decided of all parameters. One line may tell of many.
#[derive(Default)]
struct Decisions<'w> {
    of_one: Vec<Notice>,
    types: BTreeMap<Decided, Vec<&'w str>>,
    begun_at_defaults: Vec<(&'w str, f64)>,
    /// Whether the user gives a centroid at all.
    any_centroid: bool,
}

impl Decisions<'_> {
    fn in_words(self) -> Vec<Notice> {
        let mut notices = self.of_one;
        notices.extend(self.types.into_iter().map(|(decided, names)| decided.in_words(&names)));
        if self.any_centroid {
            notices.extend(self.begun_at_defaults.into_iter().map(|(path, value)| {
                format!("`{path}` has no centroid: begins at the model's default, {value}")
            }));
        } else if !self.begun_at_defaults.is_empty() {
            let all = "there is no `optimiser_centroid`: the search begins at the model's defaults";
            notices.push(all.to_owned());
        }
        notices
    }
}

impl Known<'_> {
    /// Joins all parameters.
    pub fn join(&self, what: &ConfigOptimisation) -> Joined {
        let mut joined = Joined::default();
        let any_centroid = what.parameters.iter().any(|searched| searched.centroid.is_some());
        let mut decisions = Decisions { any_centroid, ..Decisions::default() };
        for searched in &what.parameters {
            match self.parameter(searched, &mut decisions) {
                Ok(parameter) => joined.parameters.push(parameter),
                Err(mistake) => joined.mistakes.push(mistake),
            }
        }
        let unread = |key: &String| format!("`{key}` of config_optimisation is not read");
        joined.notices = what.unread.iter().map(unread).chain(decisions.in_words()).collect();
        joined
    }

    fn parameter<'w>(
        &self,
        searched: &'w SearchedParameter,
        decisions: &mut Decisions<'w>,
    ) -> Result<Parameter, Mistake> {
        let SearchedParameter { path, low, high, .. } = searched;
        let default = self.default(searched)?;
        let (integer, decided) = self.is_integer(searched, default);
        if let Some(decided) = decided {
            decisions.types.entry(decided).or_default().push(path);
        }
        let mut centroid = self.centroid(searched, default, decisions)?;
        if searched.centroid.is_none() && low < high {
            decisions.begun_at_defaults.push((path, centroid));
        }
        if integer && centroid.fract() != 0.0 {
            let rounded = centroid.round().clamp(low.ceil(), high.floor());
            decisions.of_one.push(format!(
                "`{path}` is an integer: its centroid {centroid} is rounded to {rounded}"
            ));
            centroid = rounded;
        }
        decisions.of_one.extend(log_scale_suggested(searched));
        Ok(Parameter {
            path: path.clone(),
            low: *low,
            high: *high,
            integer,
            log_scale: searched.log_scale.unwrap_or(false),
            centroid,
        })
    }

    /// The model's default, if the model has the parameter and it may be searched.
    fn default(&self, searched: &SearchedParameter) -> Result<Option<DefaultValue>, Mistake> {
        let path = &searched.path;
        let span = searched.name_span.start..searched.name_span.end;
        if self.seeds.contains(path) {
            let message = format!("`{path}` is a seed of the model, which cannot be searched");
            let help = "remove it: mozopt sets seeds itself; to use one seed in every simulation, \
                        set `simulation_seed = N` in mozopt.toml"
                .to_owned();
            return Err(self.source.error(span, message, "a seed", Some(help)));
        }
        self.model
            .default(path)
            .map_err(|unfit| self.source.error(span, unfit.message, unfit.label, unfit.help))
    }

    /// Whether its values are whole numbers, and what was decided there.
    fn is_integer(
        &self,
        searched: &SearchedParameter,
        default: Option<DefaultValue>,
    ) -> (bool, Option<Decided>) {
        if let Some(kind) = searched.kind {
            return (kind == ParameterType::Int, None);
        }
        let unknown = matches!(self.model, ModelParameters::Unknown);
        let may_be = unknown || default.is_some_and(|default| default.integer);
        if !(searched.written_as_integers && may_be) {
            return (false, None);
        }
        // The embedded model, unlike mozaik, refuses a fraction.
        if self.variant == Some(Variant::BluePyOpt) && self.kind != SimulatorKind::V1 {
            return (false, Some(Decided::FloatAsBefore));
        }
        if !unknown {
            return (true, None);
        }
        // A range [0, 1] with a centroid of 0.5 is hardly one of two values.
        if searched.centroid.is_some_and(|centroid| centroid.fract() != 0.0) {
            return (false, Some(Decided::FloatByCentroid));
        }
        (true, Some(Decided::IntegerByRange))
    }

    /// Where the search begins: where the user says, or else at the model's default.
    fn centroid(
        &self,
        searched: &SearchedParameter,
        default: Option<DefaultValue>,
        decisions: &mut Decisions<'_>,
    ) -> Result<f64, Mistake> {
        let SearchedParameter { path, low, high, .. } = searched;
        if let Some(centroid) = searched.centroid {
            return Ok(centroid);
        }
        if low == high {
            return Ok(*low);
        }
        let Some(DefaultValue { value, .. }) = default else {
            let span = searched.name_span.start..searched.name_span.end;
            let message =
                format!("`{path}` has no centroid, and its default in the model is not known");
            let help = "give it a value under `optimiser_centroid`".to_owned();
            return Err(self.source.error(span, message, "where should it begin?", Some(help)));
        };
        if value < *low || value > *high {
            // Files of the predecessor's forerunner have no centroid, and ranges beside the model's
            // values.
            if !decisions.any_centroid {
                let nearest = value.clamp(*low, *high);
                decisions.of_one.push(format!(
                    "the model's default of `{path}`, {value}, is outside its range: begins at \
                     {nearest}"
                ));
                return Ok(nearest);
            }
            let message =
                format!("`{path}` has no centroid, and the model's default is outside its range");
            let help = format!("give it a value in [{low}, {high}] under `optimiser_centroid`");
            let label = format!("the default is {value}");
            let span = searched.range_span.start..searched.range_span.end;
            return Err(self.source.error(span, message, label, Some(help)));
        }
        Ok(value)
    }
}

fn log_scale_suggested(searched: &SearchedParameter) -> Option<Notice> {
    let SearchedParameter { path, low, high, log_scale, .. } = searched;
    (log_scale.is_none() && *low > 0.0 && high / low >= DECADE).then(|| {
        format!(
            "the range of `{path}` spans a factor of {:.0}: consider \
             {{\"range\": [{low}, {high}], \"scale\": \"log\"}}",
            high / low
        )
    })
}
