//! Reading the file: every value is checked where it stands, and every mistake is noted with its
//! place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use configuration::ConfiguredTarget;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use targets::{Rule, Scoring, ScoringError, Target, TargetClass, Wanted};

use super::{ConfigOptimisation, ParameterType, SearchedParameter};
use crate::mistake::{Mistake, Source, suggestion};

/// The score of a target without a value, unless it says otherwise: the predecessor's default.
const DEFAULT_MAX_SCORE: f64 = 20.0;

/// The greatest total that a configuration may allow: sums and squares of totals stay finite.
const GREATEST_TOTAL: f64 = 1e100;

const RULES: [Rule; 4] = [Rule::TargetValue, Rule::OneBoundUpper, Rule::OneBoundLower, Rule::Range];

/// Reads one file.
pub struct Reader<'a> {
    source: &'a Source,
    /// All mistakes so far, so that a user sees them at once and not one by one.
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'a> Reader<'a> {
    /// What can be understood of the file, and every mistake in it.
    pub fn read(source: &'a Source) -> (Option<ConfigOptimisation>, Vec<Mistake>) {
        let reader = Reader { source, mistakes: RefCell::default() };
        let read = reader.root();
        let read = reader.noting(read);
        (read, reader.mistakes.into_inner())
    }

    fn root(&self) -> Result<ConfigOptimisation, Mistake> {
        let tree = self.tree()?;
        let root = self.object(&tree, "config_optimisation")?;
        let unread = self.unread(root);
        let mut parameters = self.parameters(self.required(root, "parameters")?)?;
        if let Some(centroid) = root.get("optimiser_centroid") {
            self.noting(self.centroid(centroid, root, &mut parameters));
        }
        let targets = self.targets(self.required(root, "targets")?)?;
        Ok(ConfigOptimisation { parameters, targets, unread })
    }

    /// The keys beside ours. People put ranges aside under a name of their own, which the
    /// predecessor does not mind; what may be one of ours, misspelt, is a mistake.
    fn unread(&self, root: &Object<'a>) -> Vec<String> {
        let known = ["parameters", "optimiser_centroid", "targets"];
        let mut unread = vec![];
        for property in &root.properties {
            let name = property.name.as_str();
            if known.contains(&name) {
                continue;
            }
            match suggestion(name, known) {
                Some(help) => {
                    let mistake = self.unknown_key(property, "config_optimisation", help);
                    self.mistakes.borrow_mut().push(mistake);
                }
                None => unread.push(name.to_owned()),
            }
        }
        unread
    }

    fn unknown_key(&self, property: &ObjectProp<'a>, what: &str, help: String) -> Mistake {
        let message = format!("unknown key `{}` in {what}", property.name.as_str());
        self.error(name_range(property), message, "not known", Some(help))
    }

    /// What was read, if it could be.
    fn noting<T>(&self, read: Result<T, Mistake>) -> Option<T> {
        read.map_err(|mistake| self.mistakes.borrow_mut().push(mistake)).ok()
    }

    /// Parses plain JSON: none of the parser's extensions, which the predecessor's `json.load`
    /// would refuse as well.
    fn tree(&self) -> Result<Value<'a>, Mistake> {
        let options = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let text: &'a str = &self.source.text;
        match parse_to_ast(text, &CollectOptions::default(), &options) {
            Ok(result) => result.value.ok_or_else(|| {
                self.error(
                    Range::new(0, text.len().min(1)),
                    "the file is empty",
                    "nothing here",
                    None,
                )
            }),
            Err(error) => {
                let message = format!("this is not JSON: {}", error.kind());
                let range = error.range();
                let span = Range::new(range.start.min(text.len()), range.end.min(text.len()));
                Err(self.error(span, message, "here", None))
            }
        }
    }

    fn error(
        &self,
        span: Range,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) -> Mistake {
        self.source.error(span.start..span.end, message, label, help)
    }

    fn object<'v>(&self, value: &'v Value<'a>, what: &str) -> Result<&'v Object<'a>, Mistake> {
        let object = value.as_object().ok_or_else(|| {
            self.error(
                value.range(),
                format!("{what} must be an object {{…}}"),
                "not an object",
                None,
            )
        })?;
        let mut seen = BTreeSet::new();
        for property in &object.properties {
            let name = property.name.as_str();
            if !seen.insert(name) {
                let message = format!("`{name}` is given twice in {what}");
                let help = "keep one of them".to_owned();
                return Err(self.error(
                    name_range(property),
                    message,
                    "the second one",
                    Some(help),
                ));
            }
        }
        Ok(object)
    }

    fn only_keys(&self, object: &Object<'a>, known: &[&str], what: &str) -> Result<(), Mistake> {
        for property in &object.properties {
            let name = property.name.as_str();
            if !known.contains(&name) {
                let help = suggestion(name, known.iter().copied())
                    .unwrap_or_else(|| format!("the keys are {}", known.join(", ")));
                return Err(self.unknown_key(property, what, help));
            }
        }
        Ok(())
    }

    fn required<'v>(
        &self,
        object: &'v Object<'a>,
        name: &str,
    ) -> Result<&'v ObjectProp<'a>, Mistake> {
        object.get(name).ok_or_else(|| {
            let start = object.range.start;
            let message = format!("`{name}` is missing");
            self.error(Range::new(start, start + 1), message, "in this object", None)
        })
    }

    fn number(&self, value: &Value<'a>, what: &str) -> Result<f64, Mistake> {
        let number = value.as_number_lit().and_then(|lit| lit.value.parse::<f64>().ok());
        number.filter(|n| n.is_finite()).ok_or_else(|| {
            self.error(value.range(), format!("{what} must be a number"), "not a number", None)
        })
    }

    fn string(&self, value: &Value<'a>, what: &str) -> Result<String, Mistake> {
        value.as_string_lit().map(|lit| lit.value.to_string()).ok_or_else(|| {
            self.error(value.range(), format!("{what} must be a string"), "not a string", None)
        })
    }

    /// Two numbers `[low, high]`, and whether both are written as integers.
    fn range(&self, value: &Value<'a>, what: &str) -> Result<(f64, f64, bool), Mistake> {
        let elements = value.as_array().map(|array| array.elements.as_slice());
        let Some([low, high]) = elements else {
            let message = format!("{what} must be two numbers [low, high]");
            return Err(self.error(value.range(), message, "not a range", None));
        };
        let integers = [low, high]
            .iter()
            .all(|end| end.as_number_lit().is_some_and(|lit| !lit.value.contains(['.', 'e', 'E'])));
        let (low, high) = (self.number(low, what)?, self.number(high, what)?);
        if low > high {
            let help = format!("write [{high}, {low}]");
            let message = format!("{what} is reversed: {low} is larger than {high}");
            return Err(self.error(value.range(), message, "reversed", Some(help)));
        }
        Ok((low, high, integers))
    }

    fn parameters(&self, property: &ObjectProp<'a>) -> Result<Vec<SearchedParameter>, Mistake> {
        let object = self.object(&property.value, "`parameters`")?;
        if object.properties.is_empty() {
            let message = "there is no parameter to search";
            return Err(self.error(object.range, message, "empty", None));
        }
        let read = |property| self.noting(self.parameter(property));
        Ok(object.properties.iter().filter_map(read).collect())
    }

    fn parameter(&self, property: &ObjectProp<'a>) -> Result<SearchedParameter, Mistake> {
        let path = property.name.as_str();
        let (range_value, kind, log_scale) = if property.value.as_object().is_some() {
            let what = format!("the parameter `{path}`");
            let object = self.object(&property.value, &what)?;
            self.only_keys(object, &["range", "type", "scale"], &what)?;
            let range = &self.required(object, "range")?.value;
            let int = self.choice(object, "type", &["float", "int"])?;
            let kind = int.map(|i| [ParameterType::Float, ParameterType::Int][i]);
            let scale = self.choice(object, "scale", &["linear", "log"])?;
            (range, kind, scale.map(|i| i == 1))
        } else {
            (&property.value, None, None)
        };
        let (low, high, integers) = self.range(range_value, &format!("the range of `{path}`"))?;
        let at = range_value.range();
        if log_scale == Some(true) && low <= 0.0 {
            let message = format!("`{path}` cannot have a log scale: its range reaches {low}");
            let help = "let the range begin above 0, or leave out \"scale\"".to_owned();
            return Err(self.error(at, message, "must lie above 0", Some(help)));
        }
        if kind == Some(ParameterType::Int) && low.ceil() > high.floor() {
            let message = format!("there is no integer between {low} and {high}");
            return Err(self.error(at, message, "no integer in this range", None));
        }
        Ok(SearchedParameter {
            path: path.to_owned(),
            low,
            high,
            written_as_integers: integers,
            kind,
            log_scale,
            centroid: None,
            name_span: name_range(property),
            range_span: at,
            centroid_span: None,
        })
    }

    /// The index of one of the allowed words.
    fn choice(
        &self,
        object: &Object<'a>,
        key: &str,
        allowed: &[&str],
    ) -> Result<Option<usize>, Mistake> {
        let Some(property) = object.get(key) else { return Ok(None) };
        let word = self.string(&property.value, &format!("`{key}`"))?;
        let index = allowed.iter().position(|choice| *choice == word).ok_or_else(|| {
            let message = format!("`{key}` must be one of {}", allowed.join(", "));
            let help = suggestion(&word, allowed.iter().copied());
            self.error(property.value.range(), message, "not one of them", help)
        })?;
        Ok(Some(index))
    }

    fn centroid(
        &self,
        property: &ObjectProp<'a>,
        root: &Object<'a>,
        parameters: &mut [SearchedParameter],
    ) -> Result<(), Mistake> {
        let object = self.object(&property.value, "`optimiser_centroid`")?;
        for entry in &object.properties {
            self.noting(self.centroid_of(entry, root, parameters));
        }
        Ok(())
    }

    fn centroid_of(
        &self,
        entry: &ObjectProp<'a>,
        root: &Object<'a>,
        parameters: &mut [SearchedParameter],
    ) -> Result<(), Mistake> {
        let path = entry.name.as_str();
        let value = self.number(&entry.value, &format!("the centroid of `{path}`"))?;
        let at = entry.value.range();
        let Some(i) = parameters.iter().position(|parameter| parameter.path == path) else {
            let searched = root.get_object("parameters");
            if searched.is_some_and(|searched| searched.get(path).is_some()) {
                return Ok(()); // Its range is what is wrong.
            }
            let known = parameters.iter().map(|parameter| parameter.path.as_str());
            let help = suggestion(path, known)
                .unwrap_or_else(|| "give it a range under `parameters`, or remove it".into());
            let message = format!("`{path}` has a centroid but is not searched");
            return Err(self.error(name_range(entry), message, "no such parameter", Some(help)));
        };
        let parameter = &mut parameters[i];
        // Where the search begins is known, whether it may begin there or not.
        parameter.centroid = Some(value);
        parameter.centroid_span = Some(at);
        if value < parameter.low || value > parameter.high {
            let (low, high) = (parameter.low, parameter.high);
            let message = format!("the centroid of `{path}` is outside its range");
            let help = format!("choose a value in [{low}, {high}], or widen the range");
            return Err(self.error(at, message, format!("not in [{low}, {high}]"), Some(help)));
        }
        Ok(())
    }

    fn targets(&self, property: &ObjectProp<'a>) -> Result<Vec<ConfiguredTarget>, Mistake> {
        let array = property.value.as_array().ok_or_else(|| {
            let message = "`targets` must be a list […]";
            self.error(property.value.range(), message, "not a list", None)
        })?;
        if array.elements.is_empty() {
            return Err(self.error(array.range, "there is no target", "empty", None));
        }
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let mut targets = Vec::with_capacity(array.elements.len());
        let mut greatest_total = 0.0;
        for (i, element) in array.elements.iter().enumerate() {
            let Some((mut configured, named)) = self.noting(self.target(element, i)) else {
                continue;
            };
            let target = &mut configured.target;
            let before = greatest_total;
            greatest_total += target.scoring.max_score();
            if before <= GREATEST_TOTAL && greatest_total > GREATEST_TOTAL {
                self.noting::<()>(Err(self.total_too_great(element)));
            }
            let count = names.entry(target.name.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                if let Some(span) = named {
                    let message = format!("two targets are called `{}`", target.name);
                    self.noting::<()>(Err(self.error(span, message, "the second one", None)));
                }
                // Two targets of one class and sheet both count; the second needs a name of its
                // own.
                target.name = format!("{} ({count})", target.name);
                names.insert(target.name.clone(), 1);
            }
            targets.push(configured);
        }
        Ok(targets)
    }

    /// The total of a failed simulation is the sum of all greatest scores.
    fn total_too_great(&self, target: &Value<'a>) -> Mistake {
        let max_score = target.as_object().and_then(|object| object.get("max_score"));
        let span = max_score.map_or(target.range(), |property| property.value.range());
        let message = format!("the sum of all `max_score` is above {GREATEST_TOTAL:e}");
        let help = "such totals cannot be compared; 1000 is as good as no limit".to_owned();
        self.error(span, message, "too great", Some(help))
    }

    /// A target, and where its own name stands if it has one.
    fn target(
        &self,
        value: &Value<'a>,
        i: usize,
    ) -> Result<(ConfiguredTarget, Option<Range>), Mistake> {
        let what = format!("targets[{i}]");
        let object = self.object(value, &what)?;
        let mut known = vec!["class", "target_value", "sheet_name", "norm", "max_score", "name"];
        let mut class = self.class(&self.required(object, "class")?.value)?;
        if matches!(class, TargetClass::Command(_)) {
            known.extend(["command", "rule"]);
            class = TargetClass::Command(self.rule(object)?);
        }
        self.only_keys(object, &known, &what)?;
        let optional_string = |key: &str| {
            object
                .get(key)
                .filter(|property| property.value.as_null_keyword().is_none())
                .map(|property| self.string(&property.value, &format!("`{key}`")))
                .transpose()
        };
        let sheet_name = optional_string("sheet_name")?;
        let command = optional_string("command")?;
        if class.is_measured() && sheet_name.is_none() {
            let message = format!("a {} needs a `sheet_name`", class.name());
            return Err(self.error(object.range, message, "no sheet", None));
        }
        if matches!(class, TargetClass::Command(_)) && command.is_none() {
            let help =
                "a shell line that gets the data store's path and the sheet, and prints a number";
            let message = "a CommandTarget needs a `command`";
            return Err(self.error(object.range, message, "no command", Some(help.to_owned())));
        }
        let own_name = optional_string("name")?;
        if own_name.is_none() && sheet_name.is_none() {
            let message = format!("a {} needs a `name` or a `sheet_name`", class.name());
            let help = "its value is found in values.json by its name".to_owned();
            return Err(self.error(object.range, message, "no name", Some(help)));
        }
        let named = own_name.as_ref().and_then(|_| object.get("name")).map(|p| p.value.range());
        let default_name = || match &sheet_name {
            Some(sheet) => format!("{}_{sheet}", class.name()),
            None => class.name().to_owned(),
        };
        let name = own_name.unwrap_or_else(default_name);
        let scoring = self.scoring(object, class)?;
        let target = Target { name, class, sheet_name, scoring };
        Ok((ConfiguredTarget { target, command }, named))
    }

    /// By which rule a command's value is scored: named like the classes of such values.
    fn rule(&self, object: &Object<'a>) -> Result<Rule, Mistake> {
        let rules = RULES.map(|rule| TargetClass::of_rule(rule).name());
        Ok(self.choice(object, "rule", &rules)?.map_or(Rule::TargetValue, |i| RULES[i]))
    }

    fn class(&self, value: &Value<'a>) -> Result<TargetClass, Mistake> {
        let name = self.string(value, "`class`")?;
        name.parse().map_err(|_| {
            let known = TargetClass::ALL.iter().map(|class| class.name());
            let help = suggestion(&name, known.clone()).unwrap_or_else(|| {
                format!("the classes are {}", known.collect::<Vec<_>>().join(", "))
            });
            let message = format!("unknown target class `{name}`");
            self.error(value.range(), message, "not known", Some(help))
        })
    }

    fn scoring(&self, object: &Object<'a>, class: TargetClass) -> Result<Scoring, Mistake> {
        let wanted_value = &self.required(object, "target_value")?.value;
        let wanted = if class.rule() == Rule::Range {
            let (low, high, _) = self.range(wanted_value, "`target_value`")?;
            Wanted::Range(low, high)
        } else {
            Wanted::Number(self.number(wanted_value, "`target_value`")?)
        };
        let optional_number = |key: &str| {
            object
                .get(key)
                .filter(|property| property.value.as_null_keyword().is_none())
                .map(|property| self.number(&property.value, &format!("`{key}`")))
                .transpose()
        };
        let norm = optional_number("norm")?;
        let max_score = optional_number("max_score")?.unwrap_or(DEFAULT_MAX_SCORE);
        let range_of = |key: &str| object.get(key).map_or(object.range, |p| p.value.range());
        Scoring::new(class.rule(), wanted, norm, max_score).map_err(|error| {
            let span = match &error {
                ScoringError::Norm(_) => range_of("norm"),
                ScoringError::MaxScore(_) => range_of("max_score"),
                _ => wanted_value.range(),
            };
            self.error(span, error.to_string(), "here", None)
        })
    }
}

fn name_range(property: &ObjectProp<'_>) -> Range {
    property.name.range()
}
