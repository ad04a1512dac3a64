//! `mozopt prepare`: from a mozaik model to a search that can begin.

use std::path::Path;

use preparation::{Preparation, State};
use printable::program;
use reading::read_settings;

use crate::cli::PrepareArguments;
use crate::failure::{FINISHED, Failure};
use crate::report::table;

const SETTINGS: &str = "mozopt.toml";

/// Shows what is to be written, and writes it.
pub fn prepare(arguments: &PrepareArguments) -> Result<u8, Failure> {
    let model_directory = &*arguments.model_directory;
    if !model_directory.is_dir() {
        let message = format!("there is no directory {}", model_directory.display());
        return Err(Failure::bad_input(message, "name the directory in which mozaik starts"));
    }
    let into = arguments.into.as_deref().unwrap_or(model_directory);
    let plan = Preparation {
        model_directory,
        into,
        param: arguments.param.trim_end_matches('/'),
        root: &arguments.root,
        param_optim: arguments.param_optim.trim_end_matches('/'),
        model_class: arguments.model_class.as_deref(),
    }
    .plan()?;
    let mut listed = table(&["file", "", "contents"]);
    let mut kept = vec![];
    for file in &plan.files {
        let state = file.state()?;
        let (write, done, to_do) = match state {
            State::Absent => (true, "written", "to be written"),
            State::Same => (false, "already there", "already there"),
            State::Different if arguments.force => (true, "replaced", "to be replaced"),
            State::Different => (false, "differs: yours is kept", "differs: yours is kept"),
        };
        if write && !arguments.dry_run {
            file.write(state)?;
        }
        if state == State::Different && !arguments.force {
            kept.push(&*file.path);
        }
        let shown = if arguments.dry_run { to_do } else { done };
        listed.add_row([seen_from_here(&file.path), shown.to_owned(), file.description.clone()]);
    }
    super::print(&format!("{listed}\n"))?;
    for note in &plan.notes {
        say!("note: {note}");
    }
    let settings = read_settings(&into.join(SETTINGS)).ok();
    let named = settings.and_then(|settings| settings.simulator.nest_modules).unwrap_or_default();
    let is_kept = kept.iter().any(|path| path.ends_with(SETTINGS));
    for module in &plan.nest_modules {
        let words = if named.contains(&module.name) {
            "`nest_modules` in mozopt.toml names it"
        } else if is_kept {
            "add it to `nest_modules` in your mozopt.toml, which is kept"
        } else {
            "`nest_modules` in the new mozopt.toml will name it"
        };
        say!("note: {module}: {words}");
    }
    if !kept.is_empty() {
        say!(
            "use --force to replace files that differ; the earlier ones are kept with a ~ at the \
             end of their names"
        );
    }
    if arguments.dry_run {
        say!("nothing was written: leave out --dry-run to write");
    } else {
        let (program, into) = (program(), into.display());
        say!(
            "review param_optim/config_optimisation and mozopt.toml, then run:\n  {program} check \
             {into}"
        );
    }
    Ok(FINISHED)
}

fn seen_from_here(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let shorter = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    shorter.unwrap_or(path).display().to_string()
}
