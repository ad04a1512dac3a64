//! What it means for a mozaik model to change the searched parameters.

use mozaik_parameters::{Path, Value};

use reading::{Examined, ModelParameters};

use crate::{Findings, Status};

const ABOUT: &str = "parameters";
/// How many parameters that follow another one are named.
const NAMED: usize = 3;

/// Says which values follow a searched parameter, and which links are cut.
pub fn look(examined: &Examined, findings: &mut Findings) {
    let (Some(ModelParameters::Mozaik(model)), Some(what)) = (&examined.model, &examined.what)
    else {
        return;
    };
    let searched: Vec<Path> = what.parameters.iter().map(|p| Path::from(p.path.as_str())).collect();
    let known = searched.iter().filter(|path| model.tree.root().entry(path).is_ok()).count();
    if known == searched.len() && known > 0 {
        findings.add(ABOUT, Status::Ok, format!("all {known} are in the model's tree"));
    }
    for (path, parameter) in searched.iter().zip(&what.parameters) {
        let Ok(written) = model.tree.root().value(path) else { continue };
        if let Value::Formula(_) = written {
            let message = format!(
                "{path} is {}: with its own value it no longer follows that",
                written.repr()
            );
            findings.add(ABOUT, Status::Note, message);
        }
        let followers = model.resolved.dependents(path);
        if !followers.is_empty() {
            let names: Vec<_> = followers.iter().take(NAMED).map(Path::to_string).collect();
            let more = match followers.len().saturating_sub(NAMED) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let message = format!("{path} also changes {}{more}", names.join(", "));
            findings.add(ABOUT, Status::Note, message);
        }
        let both = searched.iter().filter(|other| followers.contains(other));
        for other in both.filter(|_| !matches!(written, Value::Formula(_))) {
            let message = format!("{other} follows {path}, and both are searched");
            let help = "each gets its own value, and no longer follows the other";
            findings.add_with_help(ABOUT, Status::Note, message, help);
        }
        // mozaik's components take a float for an integer; what they do with half a connection is
        // theirs.
        let counts =
            path.components().last().is_some_and(|name| name == "K" || name.starts_with("num_"));
        if let (true, Ok(Value::Integer(_)), false, None) = (
            counts,
            model.resolved.root().value(path),
            parameter.written_as_integers,
            parameter.kind,
        ) {
            let message = format!("{path} counts things, but is searched as a float");
            let help = "write its range in integers, or {\"range\": […], \"type\": \"int\"}";
            findings.add_with_help(ABOUT, Status::Warning, message, help);
        }
    }
}
