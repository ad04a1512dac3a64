//! How mozaik writes down a stimulus: a Python dict display. It is parsed as data; mozaik itself
//! evaluates it, and makes an object of the class that `module_path` and `name` say.
//!
//! ```text
//! {"module_path" :"mozaik.stimuli.vision.topographica_based","contrast":100, "duration":2000,
//!  "name":'FullfieldDriftingSinusoidalGrating', "orientation":1.5707963267948966, "trial":0}
//! ```

use std::collections::BTreeMap;

use recording::{Stimulus, StimulusValue};

/// Displays and calls may be nested so deep; mozaik nests two or three.
const DEEPEST: usize = 32;

/// A description of a stimulus that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the description of a stimulus cannot be understood at byte {offset}: {why}")]
pub struct StimulusTextError {
    /// Where in the text.
    pub offset: usize,
    /// What is wrong there.
    pub why: &'static str,
}

/// Reads the description of a stimulus.
///
/// Numbers, truth values, strings and `None` become values; of anything else (lists, nested
/// parameter sets, calls) the text is kept. The entries `module_path` and `name` are no parameters.
///
/// # Errors
/// When the text is not a dict display of literals, or has no name.
///
/// # Examples
///
/// ```
/// use mozaik_datastore::stimulus_text::parse;
///
/// let grating = parse(
///     r#"{"module_path" :"mozaik.stimuli.vision.topographica_based", "contrast":100,
///         "name":'FullfieldDriftingSinusoidalGrating', "orientation":1.5707963267948966}"#,
/// )?;
/// assert_eq!(grating.name, "FullfieldDriftingSinusoidalGrating");
/// assert_eq!(grating.number("orientation"), Some(std::f64::consts::FRAC_PI_2));
/// assert_eq!(grating.parameters.len(), 2);
///
/// let error = parse("__import__('os')").unwrap_err();
/// assert_eq!((error.offset, error.why), (0, "a dict begins with {"));
/// # Ok::<(), mozaik_datastore::stimulus_text::StimulusTextError>(())
/// ```
pub fn parse(text: &str) -> Result<Stimulus, StimulusTextError> {
    let mut parameters = parse_parameters(text)?;
    parameters.remove("module_path");
    match parameters.remove("name") {
        Some(StimulusValue::Text(name)) => Ok(Stimulus { name, parameters }),
        _ => Err(StimulusTextError { offset: 0, why: "it has no name" }),
    }
}

/// Reads a dict of parameters, as that of an experiment, by the same rules.
///
/// # Errors
/// When the text is not a dict display of literals.
pub(crate) fn parse_parameters(
    text: &str,
) -> Result<BTreeMap<String, StimulusValue>, StimulusTextError> {
    let mut parser = Parser { text, offset: 0 };
    let mut parameters = BTreeMap::new();
    parser.expect('{', "a dict begins with {")?;
    while !parser.accept('}') {
        let key = parser.string()?;
        parser.expect(':', "a key is followed by :")?;
        let value = parser.value(0)?;
        parameters.insert(key, value);
        if !parser.accept(',') {
            parser.expect('}', "an entry is followed by , or }")?;
            break;
        }
    }
    parser.skip_blanks();
    if parser.offset < text.len() {
        return Err(parser.error("there is more after the dict"));
    }
    Ok(parameters)
}

/// What mozaik's classes of stimuli need beyond what a stimulus says.
const INTERNAL: [(&str, &str); 2] =
    [("direct_stimulation_name", "None"), ("direct_stimulation_parameters", "None")];
/// The screen is that of mozaik's model of V1: 8 degrees, 7 ms a frame.
const VISUAL: [(&str, &str); 9] = [
    ("background_luminance", "50.0"),
    ("density", "10.0"),
    ("direct_stimulation_name", "None"),
    ("direct_stimulation_parameters", "None"),
    ("frame_duration", "7.0"),
    ("location_x", "0.0"),
    ("location_y", "0.0"),
    ("size_x", "8.0"),
    ("size_y", "8.0"),
];

/// Writes down a stimulus as mozaik does, with what its class of this name needs beyond: a screen
/// for gratings.
///
/// # Examples
///
/// ```
/// use mozaik_datastore::stimulus_text::{parse, write};
/// use recording::Stimulus;
///
/// let rest = Stimulus::new("InternalStimulus", &[("duration", 500.0), ("trial", 0.0)]);
/// let text = write(&rest);
/// assert_eq!(
///     text,
///     "{\"module_path\" :\"mozaik.stimuli\",\"direct_stimulation_name\":None, \
///      \"direct_stimulation_parameters\":None, \"duration\":500.0, \"frame_duration\":500.0, \
///      \"name\":'InternalStimulus', \"trial\":0}"
/// );
/// assert!(parse(&text)?.has("duration", 500.0));
/// # Ok::<(), mozaik_datastore::stimulus_text::StimulusTextError>(())
/// ```
pub fn write(stimulus: &Stimulus) -> String {
    let mut entries: BTreeMap<&str, String> = BTreeMap::new();
    let module = if matches!(&*stimulus.name, "InternalStimulus" | "EndOfSimulationBlank") {
        entries.extend(INTERNAL.map(|(name, value)| (name, value.to_owned())));
        if let Some(duration) = stimulus.parameters.get("duration") {
            entries.insert("frame_duration", written(duration));
        }
        "mozaik.stimuli"
    } else {
        entries.extend(VISUAL.map(|(name, value)| (name, value.to_owned())));
        "mozaik.stimuli.vision.topographica_based"
    };
    for (name, value) in &stimulus.parameters {
        let value = match (&**name, value) {
            ("trial", StimulusValue::Number(trial)) => format!("{trial}"),
            (_, value) => written(value),
        };
        entries.insert(name, value);
    }
    entries.insert("name", quoted(&stimulus.name));
    let entries: Vec<_> =
        entries.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{\"module_path\" :\"{module}\",{}}}", entries.join(", "))
}

/// A value as Python's `repr` has it.
fn written(value: &StimulusValue) -> String {
    match value {
        StimulusValue::Number(number) => format!("{number:?}"),
        StimulusValue::Bool(true) => "True".to_owned(),
        StimulusValue::Bool(false) => "False".to_owned(),
        StimulusValue::Text(text) => quoted(text),
        StimulusValue::None => "None".to_owned(),
    }
}

/// A string as Python's `repr` has it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

struct Parser<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn error(&self, why: &'static str) -> StimulusTextError {
        StimulusTextError { offset: self.offset, why }
    }

    fn skip_blanks(&mut self) {
        self.offset = self.text.len() - self.rest().trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.rest().chars().next()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.offset += wanted.len_utf8();
        }
        is_there
    }

    fn expect(&mut self, wanted: char, why: &'static str) -> Result<(), StimulusTextError> {
        if self.accept(wanted) { Ok(()) } else { Err(self.error(why)) }
    }

    fn value(&mut self, depth: usize) -> Result<StimulusValue, StimulusTextError> {
        if depth > DEEPEST {
            return Err(self.error("it is nested too deeply"));
        }
        let first = self.peek();
        let start = self.offset;
        match first {
            Some('"' | '\'') => return self.string().map(StimulusValue::Text),
            Some('[') => self.group('[', ']', depth)?,
            Some('(') => self.group('(', ')', depth)?,
            Some('{') => self.group('{', '}', depth)?,
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => {
                return self.number().map(StimulusValue::Number);
            }
            Some(c) if c.is_alphabetic() || c == '_' => return self.named(start, depth),
            Some(_) => return Err(self.error("this is no value")),
            None => return Err(self.error("the text ends where a value should be")),
        }
        Ok(StimulusValue::Text(self.text[start..self.offset].to_owned()))
    }

    /// A list, tuple or dict, or the arguments of a call: values, `key: value` and `name=value`.
    fn group(&mut self, open: char, close: char, depth: usize) -> Result<(), StimulusTextError> {
        self.expect(open, "a bracket is missing")?;
        while !self.accept(close) {
            self.value(depth + 1)?;
            if self.accept(':') || self.accept('=') {
                self.value(depth + 1)?;
            }
            if !self.accept(',') {
                self.expect(close, "a bracket is not closed")?;
                break;
            }
        }
        Ok(())
    }

    /// A constant, or a call: `np.float64(2.0)`, `MozaikExtendedParameterSet({…})`.
    fn named(&mut self, start: usize, depth: usize) -> Result<StimulusValue, StimulusTextError> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let name = &self.rest()[..self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len())];
        self.offset += name.len();
        if self.peek() == Some('(') {
            let inside = self.offset + 1;
            self.group('(', ')', depth)?;
            let arguments = &self.text[inside..self.offset - 1];
            let module = name.split('.').next().unwrap_or_default();
            if matches!(module, "np" | "numpy")
                && let Ok(number) = arguments.trim().parse()
            {
                // How NumPy 2 prints its scalars.
                return Ok(StimulusValue::Number(number));
            }
            return Ok(StimulusValue::Text(self.text[start..self.offset].to_owned()));
        }
        Ok(match name {
            "None" => StimulusValue::None,
            "True" => StimulusValue::Bool(true),
            "False" => StimulusValue::Bool(false),
            "inf" => StimulusValue::Number(f64::INFINITY),
            "nan" => StimulusValue::Number(f64::NAN),
            other => StimulusValue::Text(other.to_owned()),
        })
    }

    fn number(&mut self) -> Result<f64, StimulusTextError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
        let rest = self.rest();
        let literal = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        // Python 2 wrote long integers with an L, and both allow digits to be grouped.
        let plain = literal.strip_suffix('L').unwrap_or(literal).replace('_', "");
        let number = plain.parse().map_err(|_| self.error("this is no number"))?;
        self.offset += literal.len();
        Ok(number)
    }

    fn string(&mut self) -> Result<String, StimulusTextError> {
        let Some(quote @ ('"' | '\'')) = self.peek() else {
            return Err(self.error("a string is expected here"));
        };
        let mut decoded = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    self.offset += at + 1;
                    return Ok(decoded);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => decoded.push('\n'),
                    Some((_, 't')) => decoded.push('\t'),
                    Some((_, same @ ('\\' | '\'' | '"'))) => decoded.push(same),
                    Some((_, other)) => decoded.extend(['\\', other]),
                    None => break,
                },
                _ => decoded.push(letter),
            }
        }
        Err(self.error("a string is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As mozaik wrote it.
    const GRATING: &str = r#"{"module_path" :"mozaik.stimuli.vision.topographica_based","background_luminance":50.0, "contrast":100, "direct_stimulation_name":None, "direct_stimulation_parameters":None, "duration":2000, "name":'FullfieldDriftingSinusoidalGrating', "orientation":1.5707963267948966, "trial":0}"#;

    #[test]
    fn a_grating_is_understood() {
        let grating = parse(GRATING).unwrap();
        assert_eq!(grating.name, "FullfieldDriftingSinusoidalGrating");
        assert!(grating.has("contrast", 100.0) && grating.has("duration", 2000.0));
        assert_eq!(grating.number("orientation"), Some(std::f64::consts::FRAC_PI_2));
        assert_eq!(grating.parameters["direct_stimulation_name"], StimulusValue::None);
        assert!(!grating.parameters.contains_key("module_path"));
    }

    #[test]
    fn nested_sets_and_calls_are_kept_as_text() {
        let text = r#"{"name":'Kick', "a": MozaikExtendedParameterSet({'x': [1, (2, 3)], 'y': None}), "b": np.float64(1e-3), "c": True, "d": 5L, "e": -1e5, "f": 'it\'s', "g": f(x=2,)}"#;
        let stimulus = parse(text).unwrap();
        let value = |name: &str| stimulus.parameters[name].clone();
        let kept = |text: &str| StimulusValue::Text(text.to_owned());
        assert_eq!(value("a"), kept("MozaikExtendedParameterSet({'x': [1, (2, 3)], 'y': None})"));
        assert_eq!(value("b"), StimulusValue::Number(1e-3));
        assert_eq!(value("c"), StimulusValue::Bool(true));
        assert_eq!(value("d"), StimulusValue::Number(5.0));
        assert_eq!(value("e"), StimulusValue::Number(-1e5));
        assert_eq!(value("f"), kept("it's"));
        assert_eq!(value("g"), kept("f(x=2,)"));
    }

    #[test]
    fn what_is_written_is_understood() {
        let mut stimulus = Stimulus::new("DriftingSinusoidalGratingDisk", &[("radius", 1.25)]);
        for (name, value) in [
            ("a", StimulusValue::Text("it's a \\ in\nlines".to_owned())),
            ("b", StimulusValue::Bool(true)),
            ("c", StimulusValue::None),
            ("d", StimulusValue::Number(1.0e-7)),
            ("e", StimulusValue::Number(f64::INFINITY)),
            ("trial", StimulusValue::Number(3.0)),
        ] {
            stimulus.parameters.insert(name.to_owned(), value);
        }
        let understood = parse(&write(&stimulus)).unwrap();
        assert_eq!(understood.name, stimulus.name);
        for (name, value) in &stimulus.parameters {
            assert_eq!(&understood.parameters[name], value, "{name}");
        }
        // What mozaik's class needs beyond.
        assert!(understood.has("background_luminance", 50.0));
    }

    #[test]
    fn what_is_no_description_is_refused_where_it_goes_wrong() {
        let error = |text: &str| parse(text).unwrap_err();
        assert_eq!(error("").offset, 0);
        assert_eq!(error("{'name': 'x'").why, "an entry is followed by , or }");
        assert_eq!(error("{'name': 'x'} + 1").offset, 14);
        assert_eq!(error("{'duration': 1}").why, "it has no name");
        assert_eq!(error("{'name': 'x}").why, "a string is not closed");
        assert_eq!(
            error(&format!("{{'name': {}", "[".repeat(100_000))).why,
            "it is nested too deeply"
        );
        assert_eq!(error("{'name': 1-2}").why, "this is no number");
    }
}
