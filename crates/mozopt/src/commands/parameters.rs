//! `mozopt parameters`: a mozaik model's parameters, as mozaik resolves them.

use std::path::Path as FilePath;

use mozaik_parameters::{Entry, Origin, Override, Path, Problem, Resolved, Tree, Value};
use serde_json::{Value as Json, json};

use crate::cli::ParametersArguments;
use crate::failure::{FINISHED, Failure};

/// Prints all parameters, or one.
pub fn parameters(arguments: &ParametersArguments) -> Result<u8, Failure> {
    let (pairs, shown) = arguments.overrides.as_chunks::<2>();
    let tree = load(&arguments.file, arguments.model_dir.as_deref())?;
    let overrides = pairs.iter().map(replacement).collect::<Result<Vec<_>, _>>()?;
    let (tree, notes) = tree.with(&overrides)?;
    for note in notes {
        say!("note: {note}");
    }
    let resolved = tree.resolve()?;
    let Some(path) = shown.first() else {
        return if arguments.json {
            super::print_json(&resolved.root().to_json()).map(|()| FINISHED)
        } else {
            super::print(&listed(&resolved, &Path::default())).map(|()| FINISHED)
        };
    };
    let path = Path::from(path.as_str());
    let parameter = Parameter {
        entry: resolved.root().entry(&path)?,
        // Of a reference, what is written stands in the tree as it was read.
        written: tree.root().entry(&path).ok(),
        dependents: resolved.dependents(&path),
        path,
    };
    if arguments.json {
        super::print_json(&parameter.to_json())?;
    } else {
        super::print(&parameter.described(&resolved))?;
    }
    Ok(FINISHED)
}

/// Reads the file. What it includes is searched in the working directory, where mozaik would, and
/// failing that in the directories above the file.
fn load(file: &FilePath, model_directory: Option<&FilePath>) -> Result<Tree, Failure> {
    let absolute = std::path::absolute(file)
        .map_err(|error| Failure::bad_input(error, "name the root parameter file"))?;
    if let Some(directory) = model_directory {
        let in_model = directory.join(file).exists();
        return Ok(Tree::load(if in_model { file } else { &absolute }, directory)?);
    }
    let first = match Tree::load(file, ".") {
        Err(error) if matches!(error.problem, Problem::Unreadable { .. }) => error,
        read => return Ok(read?),
    };
    for directory in absolute.ancestors().skip(1) {
        let below = absolute.strip_prefix(directory).unwrap_or(&absolute);
        if let Ok(tree) = Tree::load(below, directory) {
            say!("note: files are read relative to {}", directory.display());
            return Ok(tree);
        }
    }
    Err(first.into())
}

fn replacement([path, value]: &[String; 2]) -> Result<Override, Failure> {
    let value = Value::parse_literal(value).map_err(|error| {
        let message = format!("the value of {path}, {value}: {}", error.problem);
        let help = "write a Python literal; a string needs its own quotes: \"'text'\"";
        Failure::bad_input(message, help)
    })?;
    Ok(Override { path: Path::from(path.as_str()), value })
}

/// The leaves below a path, one a line.
fn listed(resolved: &Resolved, below: &Path) -> String {
    let mut text = String::new();
    for (path, entry) in resolved.root().leaves() {
        if path.is_within(below) {
            text.push_str(&format!("{path} = {}\n", entry.value.repr()));
        }
    }
    text
}

/// One parameter.
struct Parameter<'a> {
    path: Path,
    entry: &'a Entry,
    written: Option<&'a Entry>,
    dependents: Vec<Path>,
}

impl Parameter<'_> {
    fn origin(&self) -> Option<&Origin> {
        self.entry.origin.as_ref()
    }

    /// What is written, where that is not the value itself.
    fn formula(&self) -> Option<String> {
        match &self.written?.value {
            formula @ Value::Formula(_) => Some(formula.repr()),
            _ => None,
        }
    }

    fn to_json(&self) -> Json {
        let origin = self.origin().map(|origin| {
            let (line, column) = origin.line_and_column();
            json!({
                "file": origin.file.name,
                "line": line,
                "column": column,
                "span": [origin.span.start, origin.span.end],
            })
        });
        json!({
            "path": self.path.to_string(),
            "value": self.entry.value.to_json(),
            "type": self.entry.value.kind().trim_start_matches("a ").trim_start_matches("an "),
            "formula": self.formula(),
            "origin": origin,
            "referred_to_by": self.dependents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    fn described(&self, resolved: &Resolved) -> String {
        let value = &self.entry.value;
        if let Value::Dict(_) = value {
            return listed(resolved, &self.path);
        }
        let mut text = format!("{}\n  value       {}, {}\n", self.path, value.repr(), value.kind());
        match self.origin() {
            Some(origin) => text.push_str(&format!("  written     {origin}\n")),
            None => text.push_str("  written     on the command line\n"),
        }
        if let Some(formula) = self.formula() {
            text.push_str(&format!("  as          {formula}\n"));
        }
        for (i, dependent) in self.dependents.iter().enumerate() {
            let label = if i == 0 { "referred by" } else { "" };
            text.push_str(&format!("  {label:<11} {dependent}\n"));
        }
        text
    }
}
