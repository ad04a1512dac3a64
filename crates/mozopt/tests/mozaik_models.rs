//! `parameters`, `prepare` and `check` on a model written with mozaik, without running it.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Ended, Model, Running, mozopt};

const WEIGHT: &str = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight";
const PLASTICITY: &str = "sheets.l4_cortex_exc.L4ExcL4InhConnection.short_term_plasticity";
const K: &str = "sheets.l4_cortex_exc.K";

fn parameters(model: &Model, arguments: &[&str]) -> Ended {
    let mut command = mozopt();
    command.current_dir(model.path()).args(["parameters", "param/defaults"]).args(arguments);
    Running::of(&mut command).wait()
}

#[test]
fn a_parameter_is_shown_with_its_place_and_what_follows_it() {
    let model = Model::of_mozaik();
    let shown = parameters(&model, &[K, "--json"]).exits(0).json();
    let line = model.read("param/l4_cortex_exc").lines().position(|line| line.contains("'K'"));
    assert_eq!(shown["path"], K);
    assert_eq!(shown["type"], "integer");
    assert_eq!(shown["origin"]["file"], "param/l4_cortex_exc");
    assert_eq!(shown["origin"]["line"], line.unwrap() + 1);
    let followers = shown["referred_to_by"].as_array().unwrap();
    assert!(
        followers.contains(&json!("sheets.l4_cortex_exc.L4ExcL4ExcConnection.num_samples")),
        "{followers:?}"
    );
    // What is written there is what mozopt says.
    let span = &shown["origin"]["span"];
    let text = model.read("param/l4_cortex_exc");
    let written = &text[span[0].as_u64().unwrap() as usize..span[1].as_u64().unwrap() as usize];
    assert_eq!(written, shown["value"].to_string());
    parameters(&model, &[K]).exits(0).shows("an integer").shows("param/l4_cortex_exc:");
}

#[test]
fn overrides_come_in_pairs_and_what_refers_to_them_follows() {
    let model = Model::of_mozaik();
    let value = |arguments: &[&str], path: &str| {
        let mut arguments = arguments.to_vec();
        arguments.extend([path, "--json"]);
        parameters(&model, &arguments).exits(0).json()["value"].as_f64().unwrap()
    };
    let samples = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.num_samples";
    let before = value(&[], samples);
    let k = value(&[], K);
    let doubled = value(&[K, &(2.0 * k).to_string()], samples);
    assert!((doubled / before - 2.0).abs() < 1e-12, "{before} → {doubled}");
    let threshold = "sheets.l4_cortex_exc.params.cell.params.v_thresh";
    assert_eq!(value(&[threshold, "-57.39"], threshold), -57.39);
    // Of a path that is given twice the last value counts, as on mozaik's command line.
    assert_eq!(value(&[threshold, "-1", threshold, "-2"], threshold), -2.0);
    let all = parameters(&model, &["name", "'Other'", "--json"]).exits(0).json();
    assert_eq!(all["name"], "Other");
    assert_eq!(all["visual_field"]["centre"], json!([0.0, 0.0]), "a tuple is an array");
}

#[test]
fn what_mozaik_would_trip_over_is_an_error() {
    let model = Model::of_mozaik();
    let case = |arguments: &[&str]| parameters(&model, arguments).exits(2);
    case(&["sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_wieght", "1"])
        .says("did you mean base_weight?");
    case(&["sheets.l4_cortex.K"]).says("did you mean l4_cortex_");
    case(&[&format!("{PLASTICITY}.U"), "0.5"])
        .says("is a reference to")
        .says("change sheets.l4_cortex_exc.L4ExcL4Exc");
    case(&["name", "Other"]).says("a string needs its own quotes");
    case(&["name", "__import__('os')"]).says("name __import__ is not known");
    case(&[K, "1 +"]).says("this is not a Python expression");
    case(&[PLASTICITY, "{'U': 1}"]).says("given a dictionary");
    model.edit("param/defaults", "'feedback': True", "'feedback': ref('feedbock')");
    case(&[]).says("there is no feedbock").says("did you mean feedback?").says("param/defaults:");
    model.edit("param/defaults", "ref('feedbock')", "ref('feedback')");
    case(&[]).says("references go round in a circle");
    model.edit("param/defaults", "ref('feedback')", "True +");
    case(&[]).says("this is not a Python expression");
    model.edit("param/defaults", "url(\"param/l4_cortex_exc\")", "url(\"param/l4_cortex\")");
    model.edit("param/defaults", "True +", "True");
    case(&[]).says("param/l4_cortex cannot be read");
}

#[test]
fn the_files_are_found_from_anywhere() {
    let model = Model::of_mozaik();
    let file = model.path().join("param/defaults");
    let mut elsewhere = mozopt();
    elsewhere.current_dir("/").arg("parameters").arg(&file).args([WEIGHT, "--json"]);
    let found = Running::of(&mut elsewhere).wait().exits(0).says("files are read relative to");
    assert_eq!(found.json()["path"], WEIGHT);
    let mut nothing = mozopt();
    nothing.args(["parameters", "/nowhere/defaults"]);
    Running::of(&mut nothing).wait().exits(2).says("name the root parameter file");
}

/// The contents of all files below a directory, by their paths.
fn files_below(directory: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().display().to_string();
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn prepare_shows_what_it_would_do_and_writes_nothing_on_a_dry_run() {
    let model = Model::of_mozaik();
    let before = files_below(model.path());
    model
        .mozopt("prepare", "--dry-run")
        .exits(0)
        .shows("to be written")
        .says("nothing was written");
    assert_eq!(files_below(model.path()), before);
}

#[test]
fn prepared_files_differ_in_urls_and_recorders_only() {
    let model = Model::of_mozaik();
    let before = files_below(model.path());
    model.mozopt("prepare", "").exits(0);
    let after = files_below(model.path());
    for (name, text) in &before {
        assert_eq!(after[name], *text, "{name} is the user's");
        let Some(file) = name.strip_prefix("param/") else { continue };
        let Some(copy) = after.get(&format!("param_optim/{file}")) else {
            assert!(file.contains("recorders"), "{file} is included no more");
            continue;
        };
        let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), copy.lines().collect());
        assert_eq!(old.len(), new.len(), "{file}");
        for (old, new) in old.iter().zip(new).filter(|(old, new)| *old != new) {
            assert!(old.contains("url(\"param/"), "{file}: {old}");
            assert!(new.contains("url(\"param_optim/"), "{file}: {new}");
        }
    }
    // Everything but the recorders is what the model was.
    let resolved = |file: &str| {
        let mut command = mozopt();
        command.current_dir(model.path()).args(["parameters", file]);
        Running::of(&mut command).wait().exits(0).stdout
    };
    let model_itself = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains(".recorders"));
        lines.map(str::to_owned).collect()
    };
    let (original, prepared) = (resolved("param/defaults"), resolved("param_optim/defaults"));
    assert_eq!(model_itself(&original), model_itself(&prepared));
    for sheet in ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh"] {
        let recorder = format!(
            "sheets.{sheet}.params.recorders.1.component = 'mozaik.sheets.population_selector.RCAll'"
        );
        assert!(prepared.contains(&recorder), "{prepared}");
    }
    assert!(model.read("mozopt.toml").contains("model_class = \"model.SelfSustainedPushPull\""));
}

#[test]
fn the_proposed_search_begins_at_the_model_and_is_right_in_itself() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    let proposed: Value =
        serde_json::from_str(&model.read("param_optim/config_optimisation")).unwrap();
    let searched = proposed["parameters"].as_object().unwrap();
    assert!((15..=40).contains(&searched.len()), "{} parameters", searched.len());
    let defaults = parameters(&model, &["--json"]).exits(0).json();
    for (path, range) in searched {
        let default = path.split('.').fold(&defaults, |tree, key| &tree[key]).as_f64().unwrap();
        assert_eq!(proposed["optimiser_centroid"][path].as_f64(), Some(default), "{path}");
        let (low, high) = (range[0].as_f64().unwrap(), range[1].as_f64().unwrap());
        assert!(low < default && default < high, "{path}: {default} in {range}");
    }
    let targets = proposed["targets"].as_array().unwrap();
    assert_eq!(targets.len(), 31, "the predecessor's list for four sheets");
    let sheets: std::collections::BTreeSet<_> =
        targets.iter().map(|target| target["sheet_name"].as_str().unwrap()).collect();
    assert_eq!(sheets.len(), 4, "{sheets:?}");
}

#[test]
fn prepare_can_be_repeated_and_keeps_what_was_changed() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    let first = files_below(model.path());
    model.mozopt("prepare", "").exits(0).shows("already there");
    assert_eq!(files_below(model.path()), first);
    model.write("mozopt.toml", "# mine\n");
    fs::remove_file(model.path().join("param_optim/defaults")).unwrap();
    model.mozopt("prepare", "").exits(0).shows("differs: yours is kept").says("--force");
    assert_eq!(model.read("mozopt.toml"), "# mine\n");
    assert_eq!(model.read("param_optim/defaults"), first["param_optim/defaults"]);
    model.mozopt("prepare", "--force").exits(0).shows("replaced");
    assert_eq!(model.read("mozopt.toml"), first["mozopt.toml"]);
    assert_eq!(model.read("mozopt.toml~"), "# mine\n", "nothing is lost");
}

#[test]
fn the_files_of_a_search_may_lie_in_a_directory_of_their_own() {
    let model = Model::of_mozaik();
    let search = tempfile::tempdir().unwrap();
    let into = search.path().join("search");
    let before = files_below(model.path());
    model.mozopt("prepare", &format!("--into {}", into.display())).exits(0);
    assert_eq!(files_below(model.path()), before, "the model is not touched");
    let mut check = mozopt();
    let checked = Running::of(check.arg("check").arg(&into).arg("--json")).wait().json();
    let problems = problems(&checked);
    assert!(problems.iter().all(|(about, _)| about == "environment"), "{problems:?}");
}

#[test]
fn names_are_options_and_a_model_without_them_is_refused() {
    let model = Model::of_mozaik();
    fs::rename(model.path().join("param"), model.path().join("param_spont")).unwrap();
    let text = model.read("param_spont/defaults");
    model.write("param_spont/root", text.replace("\"param/", "\"param_spont/"));
    model.mozopt("prepare", "").exits(2).says("param/defaults cannot be read");
    for file in ["l4_cortex_exc", "l4_cortex_inh", "l23_cortex_exc", "l23_cortex_inh", "retina_lgn"]
    {
        let name = format!("param_spont/{file}");
        let text = model.read(&name);
        model.write(&name, text.replace("\"param/", "\"param_spont/"));
    }
    let flags =
        "--param param_spont --root root --param-optim param_search --model-class model.Other";
    model.mozopt("prepare", flags).exits(0);
    assert!(model.read("param_search/root").contains("url(\"param_search/l4_cortex_exc\")"));
    let settings = model.read("mozopt.toml");
    assert!(settings.contains("parameters = \"param_search/root\""), "{settings}");
    assert!(settings.contains("model_class = \"model.Other\""), "{settings}");
    model.write("param_spont/empty", "{'name': 'nothing'}");
    model.mozopt("prepare", "--param param_spont --root empty").exits(2).says("has no sheets");
}

#[test]
fn nest_modules_are_read_in_the_run_scripts() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "--dry-run").exits(0);
    model.edit(
        "run.py",
        "from model",
        "import nest\nnest.Install(\"stepcurrentmodule\")\nfrom model",
    );
    model.write("run_spont.py", "import nest\nnest.Install('stepcurrentmodule')\nprint 'begin'\n");
    model.write("run_split.py", "nest.Install('nestmlmodule') # Install('others')\n");
    model.write("run_own.py", "nest.Install(sys.argv[1])\n");
    let installed = "the NEST module stepcurrentmodule is installed by run.py and 1 more";
    let new = format!("{installed}: `nest_modules` in the new mozopt.toml will name it");
    model.mozopt("prepare", "--dry-run").exits(0).says(&new);
    model
        .mozopt("prepare", "")
        .exits(0)
        .says(&format!("{installed}: `nest_modules` in mozopt.toml names it"))
        .says("run_own.py installs a NEST module whose name is not written out");
    let settings = model.read("mozopt.toml");
    let line = "# \"nestmlmodule\" is installed by run_split.py\n\
                nest_modules = [\"stepcurrentmodule\", \"nestmlmodule\"]\n";
    assert!(settings.contains(line), "{settings}");
    let checked = model.mozopt("check", "--json").json();
    let problems = problems(&checked);
    assert!(problems.iter().all(|(about, _)| about == "environment"), "{problems:?}");
    // A file of the user's own is kept, and may name the module or not.
    model.edit("mozopt.toml", "nest_modules = [\"stepcurrentmodule\", ", "nest_modules = [");
    for flags in ["", "--dry-run"] {
        model
            .mozopt("prepare", flags)
            .exits(0)
            .says(&format!("{installed}: add it to `nest_modules` in your mozopt.toml"))
            .says("installed by run_split.py: `nest_modules` in mozopt.toml names it");
    }
    model.mozopt("prepare", "--force --dry-run").exits(0).says(&new);
}

/// A sheet as a model's parameter files have it.
fn sheet(name: &str, component: &str, cell: &str, more: &str) -> String {
    let name = if name.is_empty() { String::new() } else { format!("'name': '{name}',") };
    format!(
        "{{\n 'component': '{component}',\n 'params': {{\n  {name} 'sx': 1000.0, 'sy': 1000.0,\n  \
         'density': 900.0, 'magnification_factor': 1000.0,\n  'cell': {{'model': '{cell}', 'params': \
         {{'tau_m': 10.0}}}},\n  'recorders': None,\n }},\n {more}\n}}\n"
    )
}

const CORTEX: &str = "mozaik.sheets.vision.VisualCorticalUniformSheet";
const LGN: &str = "mozaik.models.vision.spatiotemporalfilter.SpatioTemporalFilterRetinaLGN";

/// A model of these files in `param`.
fn model_of(files: &[(&str, &str)]) -> Model {
    let empty = tempfile::tempdir().unwrap();
    let model = Model::copy_of(empty.path());
    model.write("model.py", "from mozaik.models import Model\n\nclass Small(Model):\n    pass\n");
    for (name, text) in files {
        model.write(&format!("param/{name}"), text);
    }
    model
}

/// Prepares a model, checks that nothing is wrong with what was written, and gives it.
fn prepared(model: &Model) -> Value {
    model.mozopt("prepare", "").exits(0);
    let checked = model.mozopt("check", "--json").json();
    let problems = problems(&checked);
    assert!(problems.iter().all(|(about, _)| about == "environment"), "{problems:?}");
    serde_json::from_str(&model.read("param_optim/config_optimisation")).unwrap()
}

/// The classes of the targets of a sheet.
fn targets_of(proposed: &Value, sheet: &str) -> Vec<String> {
    let targets = proposed["targets"].as_array().unwrap().iter();
    let of_sheet = targets.filter(|target| target["sheet_name"] == sheet);
    of_sheet.map(|target| target["class"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_model_without_visual_input_is_searched_at_rest() {
    let exc = sheet(
        "Exc_Layer",
        CORTEX,
        "IF_cond_exp",
        "'Self': {'weights': 0.004, 'connection_probability': 0.02, 'short_term_plasticity': None},\n \
         'Others': ref('exc_layer.Self'),",
    );
    // Current-based cells have no conductances, and its few cells are spread over the field.
    let inh = sheet("Inh_Layer", CORTEX, "IF_curr_exp", "")
        .replace("'magnification_factor': 1000.0", "'magnification_factor': 1.0");
    // Sheets at the top of the tree, and no seed, as in older models.
    let root = "{'exc_layer': url('param/exc'), 'inh_layer': url('param/inh'), 'name': 'Small',\n \
                'results_dir': '', 'input_space': None, 'input_space_type': 'None'}\n";
    let model = model_of(&[("defaults", root), ("exc", &exc), ("inh", &inh)]);
    let proposed = prepared(&model);
    assert_eq!(
        targets_of(&proposed, "Exc_Layer"),
        ["SpontActivityTarget", "IrregularityTarget", "SynchronyTarget", "ConductanceRatio"]
    );
    assert_eq!(targets_of(&proposed, "Inh_Layer"), ["SpontActivityTarget", "IrregularityTarget"]);
    let searched: Vec<_> = proposed["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(
        searched,
        [
            "exc_layer.params.cell.params.tau_m",
            "exc_layer.Self.weights",
            "exc_layer.Self.connection_probability",
            "inh_layer.params.cell.params.tau_m",
        ]
    );
    assert!(
        model.read("param_optim/inh").contains("url(\"param_optim/optimization_recorder_spikes\")")
    );
    assert!(!model.read("param_optim/optimization_recorder_spikes").contains("gsyn"));
    assert!(model.read("mozopt.toml").contains("simulation_seed = 1 "));
    model.mozopt("prepare", "").exits(0).says("the model has no visual input");
}

#[test]
fn the_thalamus_is_recorded_and_not_fitted_as_cortex() {
    let root = |sheets: &str| {
        format!(
            "{{{sheets} 'name': 'Small', 'results_dir': '', 'pynn_seed': 1,\n \
             'input_space': {{'update_interval': 7.0}}, 'explosion_monitoring': None}}\n"
        )
    };
    let lgn = sheet("", LGN, "IF_cond_exp", "");
    let pgn = sheet("PGN", CORTEX, "IF_cond_exp", "'FromLGN': {'base_weight': 0.001},");
    let exc = sheet("V1_Exc_L4", CORTEX, "IF_cond_exp", "'Self': {'base_weight': 0.001},");
    let whole = root(
        "'sheets': {'lgn': url('param/lgn'), 'pgn': url('param/pgn'), 'exc': url('param/exc')},",
    );
    let model = model_of(&[("defaults", &whole), ("lgn", &lgn), ("pgn", &pgn), ("exc", &exc)]);
    let proposed = prepared(&model);
    assert_eq!(targets_of(&proposed, "V1_Exc_L4").len(), 8);
    assert_eq!(proposed["targets"].as_array().unwrap().len(), 8);
    let searched: Vec<_> = proposed["parameters"].as_object().unwrap().keys().collect();
    assert_eq!(searched, ["sheets.exc.params.cell.params.tau_m", "sheets.exc.Self.base_weight"]);
    assert!(model.read("param_optim/pgn").contains("optimization_recorder_random"));
    assert!(model.read("param_optim/defaults").contains("'sheet_name': 'V1_Exc_L4'"));
    // Where there is nothing but the LGN, its rates are all there is to fit.
    let model = model_of(&[("defaults", &root("'retina_lgn': url('param/lgn'),")), ("lgn", &lgn)]);
    let proposed = prepared(&model);
    assert_eq!(targets_of(&proposed, "X_ON"), ["SpontActivityTarget"]);
    assert_eq!(proposed["targets"].as_array().unwrap().len(), 2);
    assert!(model.read("param_optim/optimization_recorder_lgn").contains("RCAll"));
}

#[test]
fn what_is_at_a_bound_or_off_in_the_model_can_be_searched() {
    let connection = |name: &str, plasticity: &str| {
        format!("'{name}': {{'base_weight': 0.001, 'short_term_plasticity': {{{plasticity}}}}},")
    };
    let on = connection("ToItself", "'U': 1.0, 'tau_rec': 30.0, 'tau_fac': 0.0, 'tau_psc': 3.0");
    let off =
        connection("ToOthers", "'U': 1e-12, 'tau_rec': 1e-12, 'tau_fac': 1e-12, 'tau_psc': 3.0");
    let exc = sheet("V1_Exc_L4", CORTEX, "IF_cond_exp", &(on + &off));
    let root = "{'name': 'Small', 'results_dir': '', 'pynn_seed': 1, 'explosion_monitoring': None,\n \
                'sheets': {'exc': url('param/exc')}}\n";
    let proposed = prepared(&model_of(&[("defaults", root), ("exc", &exc)]));
    let searched = proposed["parameters"].as_object().unwrap();
    assert_eq!(searched["sheets.exc.ToItself.short_term_plasticity.U"], json!([0.75, 1.0]));
    let off: Vec<_> = searched.keys().filter(|path| path.contains("ToOthers")).collect();
    assert_eq!(off, ["sheets.exc.ToOthers.base_weight"]);
}

#[test]
fn an_old_distribution_is_told_as_it_is_written_today() {
    let model = Model::of_mozaik();
    model.edit("param/defaults", "'feedback': True", "'feedback': UniformDist(min=-1, max=2.5)");
    parameters(&model, &[])
        .exits(2)
        .says("mozaik has no UniformDist any more")
        .says("write PyNNDistribution(name='uniform',low=-1,high=2.5)")
        .says("param/defaults:");
}

/// What `check` found wrong, and about what.
fn problems(checked: &Value) -> Vec<(String, String)> {
    let checks = checked["checks"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks
        .filter(|check| check["status"] == "problem")
        .map(|check| (text(&check["about"]), text(&check["message"])))
        .collect()
}

#[test]
fn check_names_every_mistake_in_one_run() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    let config = "param_optim/config_optimisation";
    // A misspelt last component, below parameters and centroid.
    for _ in 0..2 {
        model.edit(
            config,
            &format!("{WEIGHT}\""),
            &format!("{}\"", WEIGHT.replace("weight", "wieght")),
        );
    }
    // A centroid out of its range: ten times what it was.
    let text = model.read(config);
    let tail = &text[text.find("optimiser_centroid").unwrap()..];
    let line = tail.lines().find(|line| line.contains("v_thresh")).unwrap();
    let (path, _) = line.split_once(':').unwrap();
    model.edit(config, line, &format!("{path}: -570.0,"));
    // A target on a sheet that is not there, and one on a sheet whose recorder is missing.
    model.edit(config, "\"sheet_name\": \"V1_Inh_L4\"", "\"sheet_name\": \"V1_Ihn_L4\"");
    model.edit(
        "param_optim/l23_cortex_inh",
        "url(\"param_optim/optimization_recorder\")",
        "url(\"param_optim/optimization_recorder_lgn\")",
    );
    model.edit(
        "mozopt.toml",
        "kind = \"mozaik\"\n",
        "kind = \"mozaik\"\nprelude = \"module load nest\"\n",
    );
    let checked = model.mozopt("check", "--json").exits(2).json();
    assert_eq!(checked["ok"], false);
    let problems = problems(&checked);
    let found = |about: &str, words: &str| {
        assert!(
            problems.iter().any(|(a, message)| a == about && message.contains(words)),
            "{about}: {words} is not among {problems:#?}"
        );
    };
    found("configuration", "there is no sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_wieght");
    found("configuration", "v_thresh` is outside its range");
    found("recording", "the model has no such sheet");
    found(
        "recording",
        "ConductanceRatio measures V1_Inh_L2/3, but its conductances are not recorded",
    );
    found("environment", "the prelude fails at `module load nest`");
    // The same for people: places in files, and suggestions.
    model
        .mozopt("check", "")
        .exits(2)
        .shows("config_optimisation:")
        .shows("did you mean base_weight?")
        .shows("did you mean `V1_Inh_L4`?")
        .says("not ready");
    // `run` says the same of what is wrong in the files, and begins nothing.
    model.mozopt("run", "").exits(2).says("base_wieght").says("is outside its range");
    assert!(support::optimizations_in(model.path()).is_empty());
}

#[test]
fn check_explains_references() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    let config = |parameters: &str| {
        let target = "{\"class\": \"SpontActivityTarget\", \"sheet_name\": \"V1_Exc_L4\", \"target_value\": [1, 2]}";
        model.write(
            "param_optim/config_optimisation",
            format!("{{\"parameters\": {{{parameters}}}, \"optimiser_centroid\": {{}}, \"targets\": [{target}]}}"),
        );
        model.mozopt("check", "")
    };
    config(&format!("\"{PLASTICITY}.U\": [0.1, 0.9]"))
        .exits(2)
        .shows("is a reference to")
        .shows("change sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity");
    let samples = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.num_samples";
    config(&format!("\"{K}\": [1, 10000], \"{samples}\": [1.0, 10000.0]"))
        .shows(&format!("{samples} follows {K}, and both are searched"))
        .shows("it no longer follows that")
        .shows(&format!("{K} also changes"));
    config(&format!("\"{K}\": [1.5, 10000.0]")).shows("counts things, but is searched as a float");
    config("\"sheets.l4_cortex_exc.params.name\": [1, 2]")
        .exits(2)
        .shows("only numbers can be searched");
}

#[test]
fn settings_of_mozaik_must_make_sense() {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    let refused = |flags: &str, words: &str| {
        let settings =
            "[simulator]\nkind = \"mozaik\"\nmodel_class = \"model.SelfSustainedPushPull\"\n";
        model.write("mozopt.toml", settings);
        let mut command = mozopt();
        command
            .arg("run")
            .arg(model.path())
            .args(flags.split_inclusive('|').map(|f| f.trim_end_matches('|')));
        Running::of(&mut command).wait().exits(2).says(words);
    };
    refused("--ranks|4", "4 ranks are configured, but no launcher starts them");
    refused("--ranks|4|--launcher|mpirun", "does not give the number of ranks");
    refused("--model-class|Model", "not a module and a class");
    refused("--script|run.py", "a script builds the model itself");
    refused("--command|true", "kind = \"mozaik\" does not use it");
    refused("--parameters|param_optim/nothing", "param_optim/nothing cannot be read");
    refused("--experiment|nothing.py", "nothing.py");
    refused("--model-dir|nowhere", "there is no directory");
    assert!(support::optimizations_in(model.path()).is_empty());
}
