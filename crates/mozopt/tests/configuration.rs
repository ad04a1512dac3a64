//! The two files of a model's directory: the predecessor's file works unchanged, and a mistake is
//! pointed at in its line and column with the name that was meant.

mod support;

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{CONFIG, Ended, IDENTITY, Model, Running, mozopt};

const V1: &str = "[simulator]\nkind = \"v1\"\n";
const COMMAND: &str = "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n";

/// Runs two simulations of the identity with this file.
fn run(config: impl AsRef<[u8]>) -> (Ended, Model) {
    let model = Model::new(config, COMMAND);
    model.write("simulate.sh", IDENTITY);
    (model.mozopt("run", "--max-simulations 2"), model)
}

/// The file is refused, and its message points at the place that is marked with ⌖ here. Nothing is
/// begun.
#[track_caller]
fn refused(marked: &str, message: &str) -> Ended {
    let (before, after) = marked.split_once('⌖').unwrap();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap().chars().count();
    let (ended, model) = run(format!("{before}{after}"));
    let place = format!("config_optimisation:{line}:{column}]");
    let ended = ended.exits(2).says(message).says(&place);
    assert!(support::optimizations_in(model.path()).is_empty(), "nothing is left behind");
    assert_eq!(ended.stdout, "");
    ended
}

/// `CONFIG` with a part replaced.
#[track_caller]
fn changed(from: &str, to: &str) -> String {
    assert!(CONFIG.contains(from), "{from}");
    CONFIG.replace(from, to)
}

fn parameters(model: &Model) -> Value {
    let text = fs::read(model.optimization().file("configuration.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()["parameters"].clone()
}

#[test]
fn the_predecessors_file_works_unchanged() {
    // Its keys, its order, its suffixed classes; indented as Python's json.dump does.
    let config = r#"{
 "parameters": {
  "sheets.l4_cortex_exc.AfferentConnection.base_weight": [
   0.000226,
   0.00124
  ],
  "sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity.tau_rec": [
   5,
   60
  ]
 },
 "optimiser_centroid": {
  "sheets.l4_cortex_exc.AfferentConnection.base_weight": 0.00057,
  "sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity.tau_rec": 30
 },
 "targets": [
  {"class": "SpontActivityTarget", "target_value": [1, 2], "sheet_name": "V1_Exc_L4", "norm": 0.2, "max_score": 20},
  {"class": "SpontActivityTarget", "target_value": [1, 2], "sheet_name": "V1_Exc_L2/3"},
  {"class": "IrregularityTarget", "target_value": 1, "sheet_name": "V1_Exc_L4", "norm": 0.1},
  {"class": "SizeTuning", "target_value": 0.7, "sheet_name": "V1_Exc_L2/3", "norm": 0.1},
  {"class": "ModulationRatioTarget", "target_value": 1.5, "sheet_name": "V1_Exc_L4", "max_score": null},
  {"class": "ConductanceRatioTarget", "target_value": 5, "sheet_name": "V1_Exc_L4", "norm": null}
 ]
}"#;
    let model = Model::new(config, COMMAND);
    let values = "echo '{\"values\": {\"SizeTuning_V1_Exc_L2/3\": 0.5}}'";
    model.write("simulate.sh", format!("{values} > $(dirname $MOZOPT_SIMULATION)/values.json"));
    model.mozopt("run", "--max-simulations 2").exits(0);
    let first = model.optimization().json_of(0, "simulation.json")["parameters"].clone();
    let tau = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.short_term_plasticity.tau_rec";
    let weight = "sheets.l4_cortex_exc.AfferentConnection.base_weight";
    // Of this command's parameters nothing is known but how they are written.
    assert_eq!(first, json!({weight: 0.00057, tau: 30}), "candidate 0 is the centroid");
    let names: Vec<Value> = model.optimization().outcomes()[0]["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["name"].clone())
        .collect();
    assert_eq!(names.len(), 6);
    assert_eq!(names[1], "SpontActivityTarget_V1_Exc_L2/3");
    let copy = fs::read_to_string(model.optimization().file("config_optimisation")).unwrap();
    assert_eq!(copy, config, "the user's file goes with the optimization");
}

#[test]
fn misspelt_keys_are_pointed_at_with_the_key_that_was_meant() {
    let key = |meant: &str, written: &str| {
        let marked = changed(&format!("\"{meant}\""), &format!("⌖\"{written}\""));
        let ended = refused(&marked, &format!("unknown key `{written}`"));
        ended.says(&format!("did you mean `{meant}`?"));
    };
    key("parameters", "paramters");
    key("optimiser_centroid", "optimizer_centroid");
    key("targets", "target");
    key("max_score", "max_scor");
    let scale = changed("[0.0, 1.0],", "{\"range\": [0, 1], ⌖\"sclae\": \"log\"},");
    refused(&scale, "unknown key `sclae`").says("did you mean `scale`?");
    let class = |written: &str| {
        let marked = changed("\"RangeTarget\"", &format!("⌖\"{written}\""));
        refused(&marked, &format!("unknown target class `{written}`"))
    };
    class("RangTarget").says("did you mean `RangeTarget`?");
    class("Firing").says("the classes are");
    let centroid = changed("{\"a\": 0.8, ", "{\"a\": 0.8, ⌖\"alpha\": 1, ");
    refused(&centroid, "`alpha` has a centroid but is not searched");
}

#[test]
fn keys_of_the_users_own_are_left_alone() {
    // Ranges are put aside under such a name; the predecessor reads its own keys only.
    let aside = "{\"orig_parameters\": {\"a\": [0, 2], \"c\": null}, ";
    let (ended, model) = run(CONFIG.replacen('{', aside, 1));
    ended.exits(0).says("note: `orig_parameters` of config_optimisation is not read");
    assert_eq!(parameters(&model)[0]["high"], 1.0, "the range is that of `parameters`");
}

#[test]
fn values_that_make_no_sense_are_pointed_at() {
    let case = |from: &str, to: &str, message: &str| refused(&changed(from, to), message);
    case("0.8", "⌖1.25", "the centroid of `a` is outside its range").says("in [0, 1]");
    case("[0.0, 1.0],", "⌖[1.0, 0.0],", "is reversed").says("write [0, 1]");
    case("[3, 4]", "⌖[4, 3]", "is reversed").says("write [3, 4]");
    case("0.1}", "⌖0}", "the norm must be a positive number, not 0");
    case("0.1}", "⌖-1}", "the norm must be a positive number, not -1");
    case("50", "⌖-1", "the greatest score must be a number that is not negative");
    case("50", "⌖1e999", "must be a number");
    case("50", "⌖1e308", "the sum of all `max_score` is above 1e100").says("as good as no limit");
    case("\"target_value\": 2", "\"target_value\": ⌖[1, 2]", "must be a number");
    case("[3, 4]", "⌖3", "must be two numbers [low, high]");
    case("[3, 4]", "⌖[3, 4, 5]", "must be two numbers [low, high]");
    case("[0.0, 1.0],", "[0.0, ⌖\"1\"],", "must be a number");
    case("[0.0, 1.0],", "[0.0, ⌖1e999],", "must be a number");
    case("0.8", "⌖true", "the centroid of `a` must be a number");
    case(
        "{\"class\": \"TargetValue\", \"name\": \"x\", ",
        "⌖{\"class\": \"TargetValue\", ",
        "needs a `name`",
    );
    case(
        "{\"class\": \"TargetValue\"",
        "⌖{\"class\": \"IrregularityTarget\"",
        "needs a `sheet_name`",
    );
    case("\"name\": \"x\"", "\"name\": ⌖5", "`name` must be a string");
    case("\"name\": \"y\"", "\"name\": ⌖\"x\"", "two targets are called `x`");
    case("\"b\": [", "⌖\"a\": [", "`a` is given twice in `parameters`").says("keep one");
    case("\"b\": 0.3", "⌖\"a\": 0.3", "`a` is given twice in `optimiser_centroid`");
    let alone = changed(", \"b\": 0.3", "").replace("\"b\": [", "⌖\"b\": [");
    refused(&alone, "`b` has no centroid, and its default in the model is not known");
    let integer = |range: &str| format!("{{\"range\": {range}, \"type\": \"int\"}},");
    case("[0.0, 1.0],", &integer("⌖[0.2, 0.8]"), "there is no integer between 0.2 and 0.8");
    let log = "{\"range\": ⌖[0, 1], \"scale\": \"log\"},";
    case("[0.0, 1.0],", log, "`a` cannot have a log scale");
    let measured = "\"IrregularityTarget\", \"sheet_name\": \"S\", ⌖\"command\": \"c\"";
    case("\"TargetValue\"", measured, "unknown key `command`");
    case("{\"class\": \"TargetValue\"", "⌖{\"class\": \"CommandTarget\"", "needs a `command`");
    let rule = "\"CommandTarget\", \"command\": \"c\", \"rule\": ⌖\"OneBoundUperTarget\"";
    case("\"TargetValue\"", rule, "`rule` must be one of").says("`OneBoundUpperTarget`?");
    case(
        "{\"class\": \"TargetValue\", \"name\": \"x\"",
        "⌖{\"class\": \"TargetValue\"",
        "needs a `name` or",
    );
    refused("⌖{}", "`parameters` is missing");
    refused("⌖[]", "must be an object");
    case("{\"a\": 0.8, ", "{\"a\": 0.8, ⌖\"ä\": 1, ", "`ä` has a centroid but is not searched");
}

#[test]
fn what_is_not_json_is_pointed_at() {
    refused("⌖", "the file is empty");
    refused("⌖weights: 5", "this is not JSON");
    refused(&changed("1.0],\n", "1.0]⌖\n"), "this is not JSON: Expected comma");
    refused(&changed("\"b\": [0.0, 1.0]\n", "\"b\": [0.0, 1.0]⌖,\n"), "Trailing commas");
    refused(&changed("[3, 4]", "[3, ⌖NaN]"), "this is not JSON");
    refused(&format!("{CONFIG}⌖{CONFIG}"), "more than one JSON value");
    refused(&format!("{}⌖{}", "[".repeat(512), "[".repeat(100_000)), "nesting depth");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (ended, _) = run(b"{\"parameters\xff\": 1}");
    ended.exits(2).says("cannot read").says("config_optimisation").says("UTF-8");
    let model = Model::new(CONFIG, COMMAND);
    let path = model.path().join("param_optim/config_optimisation");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 34).unwrap();
    model.mozopt("run", "").exits(2).says("17179869184 bytes");
    fs::remove_file(&path).unwrap();
    model.mozopt("run", "").exits(2).says("config_optimisation: No such file or directory");
    fs::create_dir(&path).unwrap();
    model.mozopt("run", "").exits(2).says("config_optimisation: Is a directory");
    fs::remove_dir(&path).unwrap();
    model.write("param_optim/config_optimisation", CONFIG);
    fs::remove_file(model.path().join("mozopt.toml")).unwrap();
    model.mozopt("run", "").exits(2).says("no simulator is configured").says("--kind");
    fs::create_dir(model.path().join("mozopt.toml")).unwrap();
    model.mozopt("run", "").exits(2).says("mozopt.toml: Is a directory");
    let mut nowhere = mozopt();
    Running::of(nowhere.args(["run", "/no/such/place"]))
        .wait()
        .exits(2)
        .says("there is no directory");
    let mut file = mozopt();
    Running::of(file.args(["run", "/etc/passwd"])).wait().exits(2).says("there is no directory");
}

#[test]
fn mistakes_in_mozopt_toml_are_pointed_at() {
    let case = |settings: &str, place: &str, message: &str| {
        let ended = Model::new(CONFIG, settings).mozopt("run", "").exits(2);
        ended.says(&format!("mozopt.toml:{place}]")).says(message)
    };
    case("[simulater]\nkind = \"v1\"\n", "1:2", "simulater").says("did you mean `simulator`?");
    case("[optimizer]\nmax_negn = 5\n", "2:1", "max_negn").says("did you mean `max_ngen`?");
    case("[simulator]\nkind = \"vi\"\n", "2:8", "vi").says("did you mean `v1`?");
    case("[optimizer]\nvariant = \"bluepyoptt\"\n", "2:11", "").says("did you mean `bluepyopt`?");
    case("[optimizer]\nmax_ngen = \"5\"\n", "2:12", "\"5\"");
    case("[optimizer]\nmax_ngen = -5\n", "2:12", "-5");
    case("[optimizer]\nmax_ngen = 5\nmax_ngen = 6\n", "3:1", "duplicate key");
    case("[execution]\nslots = 0\n", "2:9", "0");
    case(
        "[execution]\ntime_limit = \"5 hours\"\n",
        "2:14",
        "write for example 90s, 45m, 20h or 2d",
    );
    case("[execution\n", "1:11", "unclosed table");
    case("[keep]\nbest = 1.5\n", "2:8", "1.5");
    let deep = Model::new(CONFIG, &format!("x = {}", "[".repeat(100_000)));
    deep.mozopt("run", "").exits(2).says("mozopt.toml:1:");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let case = |settings: &str, message: &str| {
        let model = Model::new(CONFIG, settings);
        model.mozopt("run", "").exits(2).says(message);
        assert!(support::optimizations_in(model.path()).is_empty());
    };
    case("[simulator]\nkind = \"command\"\n", "needs the `command` to run");
    case(&format!("{V1}command = \"x\"\n"), "kind = \"v1\" does not use it");
    case(&format!("{COMMAND}ranks = 4\n"), "kind = \"command\" does not use it");
    case(&format!("{COMMAND}[optimizer]\nsigma = 0\n"), "sigma must be above 0");
    case(
        &format!("{COMMAND}[optimizer]\nalgorithm = \"cma-es\"\noffspring_size = 1\n"),
        "offspring_size of 1",
    );
    case(&format!("{COMMAND}[optimizer]\nmax_ngen = 0\n"), "a limit of 0");
    case(&format!("{COMMAND}[optimizer]\nmax_simulations = 0\n"), "a limit of 0");
    case(
        &format!("{COMMAND}[optimizer]\nvalidate_best = 4294967295\n"),
        "validate_best = 4294967295: at most 1000 further simulations make sense",
    );
    let random = "[optimizer]\nalgorithm = \"random\"\nvariant = \"active\"\n";
    case(&format!("{COMMAND}{random}"), "only cma-es has variants");
    case(&format!("{COMMAND}parameters = \"none.json\"\n"), "none.json");
}

#[test]
fn the_embedded_models_parameters_are_known() {
    let density = "sheets.l4_cortex_exc.params.density";
    let config = |path: &str, range: &str| {
        format!(
            "{{\"parameters\": {{\n\"{path}\": {range}, \"{density}\": [300, 700]}},\n\"optimiser_centroid\": {{\"{density}\": 600}},\n\"targets\": \
             [{{\"class\": \"SpontActivityTarget\", \"sheet_name\": \"V1_Exc_L4\", \"target_value\": [1, 2]}}]}}"
        )
    };
    let refused =
        |path: &str, range: &str| Model::new(config(path, range), V1).mozopt("run", "").exits(2);
    refused("sheets.l4_cortex_exc.AfferentConnection.base_wieght", "[0, 1]")
        .says("config_optimisation:2:1]")
        .says("the model has no parameter")
        .says("did you mean `sheets.l4_cortex_exc.AfferentConnection.base_weight`?");
    refused("sheets.l4_cortex_exc.AfferentConnection.base_weight", "[0.5, 1]")
        .says("config_optimisation:2:56]")
        .says("has no centroid, and the model's default is outside its range");
}

#[test]
fn defaults_of_a_command_fill_in_centroids_and_tell_integers() {
    let config = r#"{
      "parameters": {"net.K": [10, 900], "net.weight": [0.001, 0.1], "net.real": [1, 5], "b": {"range": [0.5, 9.5], "type": "int"}},
      "optimiser_centroid": {"net.real": 2, "b": 3},
      "targets": [{"class": "TargetValue", "name": "x", "target_value": 9}]}"#;
    let model = Model::new(config, &format!("{COMMAND}parameters = \"defaults.json\"\n"));
    model.write(
        "simulate.sh",
        "echo '{\"values\": {\"x\": 0}}' > $(dirname $MOZOPT_SIMULATION)/values.json",
    );
    model.write(
        "defaults.json",
        r#"{"net": {"K": 120, "real": 1.0, "name": "l4"}, "net.weight": 0.01, "b": 1}"#,
    );
    let ended = model.mozopt("run", "--max-ngen 3").exits(0);
    let ended = ended.says("`net.K` has no centroid: begins at the model's default, 120");
    let ended = ended.says("`net.weight` has no centroid: begins at the model's default, 0.01");
    let ended = ended.says("the range of `net.weight` spans a factor of 100: consider {\"range\": [0.001, 0.1], \"scale\": \"log\"}");
    assert!(!ended.stderr.contains("`net.real`"), "5 is no decade: {}", ended.stderr);
    let optimization = model.optimization();
    for candidate in 0..optimization.outcomes().len() {
        let file = format!("simulations/{candidate:06}/simulation.json");
        let text = fs::read_to_string(optimization.file(&file)).unwrap();
        let parameters = serde_json::from_str::<Value>(&text).unwrap()["parameters"].clone();
        assert!(parameters["net.K"].is_u64() && parameters["b"].is_u64(), "{text}");
        assert!((1..=9).contains(&parameters["b"].as_u64().unwrap()), "{text}");
        assert!(parameters["net.real"].is_f64() && parameters["net.weight"].is_f64(), "{text}");
    }
    let first = optimization.json_of(0, "simulation.json")["parameters"].clone();
    assert_eq!(first, json!({"net.K": 120, "net.weight": 0.01, "net.real": 2.0, "b": 3}));

    model.write("defaults.json", "[1]");
    model.mozopt("run", "").exits(2).says("defaults.json: this is not an object");
    model.write("defaults.json", r#"{"net": {"k": 120}}"#);
    model.mozopt("run", "").exits(2).says("no parameter `net.K`").says("did you mean `net.k`?");
}

/// A model with `K`, an integer as in the predecessor's file: what a search of it says, where it
/// begins, and the first value that reaches the model.
fn with_k(k: &str, centroid: &str, flags: &str) -> (Ended, f64, Value) {
    let config = format!(
        "{{\"parameters\": {{\"K\": {k}, \"w\": [0.5, 2.0]}},\n\"optimiser_centroid\": \
         {{\"K\": {centroid}, \"w\": 1}},\n\"targets\": [{{\"class\": \"TargetValue\", \"name\": \"x\", \
         \"target_value\": 9}}]}}"
    );
    let model = Model::new(config, &format!("{COMMAND}parameters = \"defaults.json\"\n"));
    let values = "echo '{\"values\": {\"x\": 0}}' > $(dirname $MOZOPT_SIMULATION)/values.json";
    model.write("simulate.sh", values);
    model.write("defaults.json", r#"{"K": 1000, "w": 1.0}"#);
    let ended = model.mozopt("run", &format!("--max-simulations 1 {flags}")).exits(0);
    let centroid = parameters(&model)[0]["centroid"].as_f64().unwrap();
    let first = model.optimization().json_of(0, "simulation.json")["parameters"]["K"].clone();
    (ended, centroid, first)
}

#[test]
fn the_centroid_of_an_integer_is_rounded_within_its_range() {
    let case = |k: &str, centroid: &str, rounded: u64| {
        let (ended, begun, first) = with_k(k, centroid, "");
        assert_eq!((begun, &first), (rounded as f64, &json!(rounded)), "{k}");
        ended.says(&format!("`K` is an integer: its centroid {centroid} is rounded to {rounded}"));
    };
    case("[600, 1100]", "927.85", 928);
    case("{\"range\": [1, 2.6], \"type\": \"int\"}", "2.6", 2);
    case("{\"range\": [1.4, 3], \"type\": \"int\"}", "1.4", 2);
    let (ended, ..) = with_k("[600, 1100]", "928", "");
    assert!(!ended.stderr.contains("rounded"), "{}", ended.stderr);
}

#[test]
fn to_the_predecessors_cma_es_every_parameter_is_a_float_unless_it_is_said() {
    let flags = "--algorithm cma-es --variant bluepyopt";
    let (ended, begun, first) = with_k("[600, 1100]", "927.85", flags);
    assert_eq!(begun, 927.85);
    assert!(first.is_f64() && first.as_f64().unwrap().fract() != 0.0, "{first}");
    let ended = ended.says("`K` reaches the model as a float, as in the predecessor");
    assert!(!ended.stderr.contains("`w`"), "{}", ended.stderr);
    let integer = "{\"range\": [600, 1100], \"type\": \"int\"}";
    for (k, flags) in [(integer, flags), ("[600, 1100]", "--algorithm cma-es")] {
        let (ended, begun, first) = with_k(k, "927.85", flags);
        assert!(begun == 928.0 && first.is_u64(), "{k}: {begun}, {first}");
        ended.says("rounded to 928");
    }
}

#[test]
fn without_any_centroid_the_search_begins_at_the_models_defaults() {
    let path = "sheets.l4_cortex_exc.AfferentConnection.base_weight";
    let other = "sheets.l4_cortex_exc.params.density";
    let config = json!({
        "parameters": {path: [0.0, 1.0], other: [1, 10000]},
        "targets": [{"class": "SpontActivityTarget", "sheet_name": "V1_Exc_L4", "target_value": [1, 2]}],
    });
    let model = Model::new(config.to_string(), V1);
    let checked = model.mozopt("check", "--json").exits(0).json();
    let about = |check: &&Value| check["message"].as_str().unwrap().contains("begins");
    let notices: Vec<_> = checked["checks"].as_array().unwrap().iter().filter(about).collect();
    assert_eq!(notices.len(), 1, "one line for all: {notices:?}");
    let said = notices[0]["message"].as_str().unwrap();
    assert!(said.contains("there is no `optimiser_centroid`"), "{said}");
    // The file of the predecessor's forerunner has ranges beside the model's values.
    let model = Model::new(config.to_string().replace("[0.0,1.0]", "[2.0,3.0]"), V1);
    let checked = model.mozopt("check", "--json").exits(0).json();
    let said = checked["checks"].to_string();
    assert!(said.contains("is outside its range: begins at 2"), "{said}");
    // Of a command nothing is known to begin at.
    let model =
        Model::new(changed(" \"optimiser_centroid\": {\"a\": 0.8, \"b\": 0.3},\n", ""), COMMAND);
    let ended = model.mozopt("run", "").exits(2);
    ended.says("`a` has no centroid, and its default in the model is not known").says("`b`");
}

#[test]
fn integer_ranges_of_an_unknown_model_are_integers_and_check_says_so() {
    let config = r#"{"parameters": {"n": [1, 9], "p": [0, 1], "k": [5, 5], "f": {"range": [1, 9], "type": "float"}, "r": [1.0, 9]},
        "optimiser_centroid": {"n": 5, "p": 0.5, "f": 5, "r": 5},
        "targets": [{"class": "TargetValue", "name": "x", "target_value": 9}]}"#;
    let model = Model::new(config, COMMAND);
    let values = "echo '{\"values\": {\"x\": 0}}' > $(dirname $MOZOPT_SIMULATION)/values.json";
    model.write("simulate.sh", values);
    let words = [
        "`n`, `k` are searched as integers, because the range is written so",
        "to change this, write {\"range\": […], \"type\": \"float\"}",
        "`p` reaches the model as a float, because the centroid is not whole",
        "to change this, write {\"range\": […], \"type\": \"int\"}",
    ];
    let checked = model.mozopt("check", "").exits(0);
    let ended = model.mozopt("run", "--max-simulations 1").exits(0);
    for words in words {
        assert!(checked.stdout.contains(words), "{}", checked.stdout);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let first = model.optimization().json_of(0, "simulation.json")["parameters"].clone();
    assert_eq!(first, json!({"n": 5, "p": 0.5, "k": 5, "f": 5.0, "r": 5.0}));
}

#[test]
fn by_default_as_many_simulations_run_as_there_are_cores_for() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let slots = |kind: &str, ranks: usize, threads: usize| {
        let model = Model::of_mozaik();
        model.write("param_optim/config_optimisation", CONFIG);
        let settings = match kind {
            "mozaik" => format!(
                "[simulator]\nkind = \"mozaik\"\nmodel_class = \"model.SmallPushPull\"\nparameters = \
                 \"param/defaults\"\npython = \"false\"\nlauncher = \"env RANKS={{ranks}}\"\nranks = {ranks}\n"
            ),
            _ => COMMAND.to_owned(),
        };
        let path = "sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight";
        let config = changed("\"a\"", &format!("\"{path}\"")).replace("\"b\"", "\"trial\"");
        model.write("param_optim/config_optimisation", config);
        model.write("mozopt.toml", format!("{settings}[execution]\nthreads = {threads}\n"));
        model.write("simulate.sh", "exit 1");
        model.mozopt("run", "--max-simulations 1").exits(1);
        let text = fs::read(model.optimization().file("configuration.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["limits"]["slots"].clone()
    };
    assert_eq!(slots("command", 1, 1), cores);
    assert_eq!(slots("command", 1, cores + 1), 1, "at least one");
    assert_eq!(slots("mozaik", 1, 1), cores);
    assert_eq!(slots("mozaik", 2, 1), (cores / 2).max(1));
    assert_eq!(slots("mozaik", 2, 2), (cores / 4).max(1));
}

#[test]
fn a_log_scale_is_kept_and_no_longer_suggested() {
    let config = changed("[0.0, 1.0],", "{\"range\": [0.01, 1.0], \"scale\": \"log\"},");
    let (ended, model) = run(config);
    assert!(!ended.exits(0).stderr.contains("consider"));
    assert_eq!(parameters(&model)[0]["log_scale"], true);
}

#[test]
fn two_targets_of_one_class_and_sheet_stay_two() {
    let target = r#"{"class": "SpontActivityTarget", "sheet_name": "S", "target_value": [1, 2]"#;
    let config = format!(
        "{{\"parameters\": {{\"a\": [0, 1.0]}}, \"optimiser_centroid\": {{\"a\": 0.5}}, \
         \"targets\": [{target}}}, {target}}}, {target}, \"name\": \"my own\"}}]}}"
    );
    let model = Model::new(config, COMMAND);
    let script = "echo '{\"values\": {\"SpontActivityTarget_S\": 3, \"SpontActivityTarget_S (2)\": 4, \"my own\": 5}}'";
    model.write("simulate.sh", format!("{script} > $(dirname $MOZOPT_SIMULATION)/values.json"));
    model.mozopt("run", "--max-simulations 1").exits(0);
    let outcome = &model.optimization().outcomes()[0];
    let values: Vec<_> = outcome["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["value"].as_f64().unwrap())
        .collect();
    assert_eq!((values, &outcome["total"]), (vec![3.0, 4.0, 5.0], &json!(1.0 + 2.0 + 3.0)));
}

#[test]
fn another_file_may_be_given_and_flags_win() {
    let (_, model) = run("nothing");
    model.write("other.json", CONFIG);
    let mut command = mozopt();
    command.arg("run").arg(model.path()).arg("--config").arg(model.path().join("other.json"));
    let flags = ["--max-ngen", "5", "--offspring-size", "3", "--json", "--seed", "9", "--keep-all"];
    let summary = Running::of(command.args(flags)).wait().exits(0).json();
    assert_eq!((&summary["generations"], &summary["simulations"]), (&json!(5), &json!(15)));
}

#[test]
fn a_generation_is_small_or_fills_the_slots_where_the_optimizer_gains_by_it() {
    let model = Model::simulated_by(IDENTITY);
    model.edit("mozopt.toml", "offspring_size = 4\n", "");
    let simulations = |flags: &str| {
        let mut command = mozopt();
        command.arg("run").arg(model.path()).args(["--max-ngen", "1", "--json"]);
        command.args(flags.split_whitespace());
        Running::of(&mut command).wait().exits(0).json()["simulations"].clone()
    };
    assert_eq!(simulations("--algorithm composite --slots 2"), 6);
    assert_eq!(simulations("--algorithm composite --slots 4"), 8);
    assert_eq!(simulations("--algorithm composite --slots 7"), 7);
    // 4 + ⌊3 ln 2⌋
    assert_eq!(simulations("--algorithm composite --slots 4 --mode asynchronous"), 6);
    assert_eq!(simulations("--algorithm cma-es --slots 4"), 6);
}

/// The JSON Schema of one of the files.
fn schema(file: &str) -> Value {
    let mut command = mozopt();
    Running::of(command.args(["schema", file])).wait().exits(0).json()
}

#[test]
fn every_setting_is_a_flag() {
    let mut command = mozopt();
    let help = Running::of(command.args(["run", "--help"])).wait().exits(0).stdout;
    let schema = schema("mozopt.toml");
    let mut settings = 0;
    // Of a list of tables there are no flags.
    let sections = schema["properties"].as_object().unwrap().iter();
    for (section, reference) in sections.filter(|(section, _)| *section != "fidelity") {
        let pointer = reference["$ref"].as_str().unwrap().trim_start_matches('#');
        let keys = schema.pointer(pointer).unwrap()["properties"].as_object().unwrap();
        for key in keys.keys() {
            let prefix = match section.as_str() {
                "keep" => "keep-",
                "slurm" => "slurm-",
                _ => "",
            };
            let flag = format!("--{prefix}{}", key.replace('_', "-"));
            let listed = help.split_whitespace().any(|word| word == flag);
            assert!(listed, "[{section}] {key} has no flag {flag}");
            settings += 1;
        }
    }
    assert!(settings >= 21, "{settings}");
}

#[test]
fn the_schema_of_config_optimisation_accepts_what_the_program_accepts() {
    let schema = jsonschema::validator_for(&schema("config_optimisation")).unwrap();
    let target = |text: &str| {
        changed(
            "{\"class\": \"TargetValue\", \"name\": \"x\", \"target_value\": 2, \"norm\": 0.1}",
            text,
        )
    };
    let cases = [
        (true, CONFIG.to_owned()),
        (true, CONFIG.replacen('{', "{\"orig_parameters\": {}, ", 1)),
        (true, changed("[0.0, 1.0],", "{\"range\": [0, 1]},")),
        (
            true,
            changed(
                "[0.0, 1.0],",
                "{\"range\": [0.1, 1], \"scale\": \"log\", \"type\": \"float\"},",
            ),
        ),
        (
            true,
            target(
                r#"{"class": "SpontActivityTarget", "sheet_name": "S", "target_value": [1, 2]}"#,
            ),
        ),
        (
            true,
            target(
                r#"{"class": "ModulationRatio", "sheet_name": "S", "target_value": 1, "norm": null, "max_score": null}"#,
            ),
        ),
        (
            true,
            target(
                r#"{"class": "OneBoundLowerTarget", "name": "n", "sheet_name": null, "target_value": 1}"#,
            ),
        ),
        (true, target(r#"{"class": "TargetValue", "sheet_name": "S", "target_value": 1}"#)),
        (
            true,
            target(
                r#"{"class": "CommandTarget", "sheet_name": "S", "target_value": 1, "command": "c"}"#,
            ),
        ),
        (
            true,
            target(
                r#"{"class": "CommandTarget", "name": "n", "target_value": [1, 2], "command": "c", "rule": "RangeTarget"}"#,
            ),
        ),
        (false, target(r#"{"class": "CommandTarget", "name": "n", "target_value": 1}"#)),
        (
            false,
            target(
                r#"{"class": "CommandTarget", "name": "n", "target_value": 1, "command": "c", "rule": "RangeTarget"}"#,
            ),
        ),
        (
            false,
            target(r#"{"class": "TargetValue", "name": "n", "target_value": 1, "command": "c"}"#),
        ),
        (false, target(r#"{"class": "TargetValue", "target_value": 1}"#)),
        (false, changed("\"targets\"", "\"target\"")),
        (true, changed("\"b\": [0.0, 1.0]", "\"b\": [0.3, 0.3]").replace(", \"b\": 0.3", "")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": [0.0]")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": [0.0, 1, 2]")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": [0.0, \"1\"]")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": {\"type\": \"int\"}")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": {\"range\": [0, 1], \"type\": \"integer\"}")),
        (false, changed("\"a\": [0.0, 1.0]", "\"a\": {\"range\": [0, 1], \"log\": true}")),
        (false, changed("\"a\": 0.8", "\"a\": \"0.8\"")),
        (false, changed("\"norm\": 0.1}", "\"norm\": 0}")),
        (false, changed("\"max_score\": 50", "\"max_score\": -1")),
        (false, changed("\"max_score\": 50", "\"max_score\": 1e101")),
        (false, target(r#"{"class": "RateTarget", "name": "n", "target_value": 1}"#)),
        (false, target(r#"{"name": "n", "target_value": 1}"#)),
        (false, target(r#"{"class": "TargetValue", "name": "n"}"#)),
        (false, target(r#"{"class": "TargetValue", "name": 1, "target_value": 1}"#)),
        (false, "{\"parameters\": {}, \"optimiser_centroid\": {}, \"targets\": []}".to_owned()),
        (false, "[]".to_owned()),
    ];
    for (good, config) in cases {
        let (ended, _model) = run(&config);
        assert_eq!(ended.code, if good { 0 } else { 2 }, "{config}\n{}", ended.stderr);
        assert_eq!(schema.is_valid(&serde_json::from_str(&config).unwrap()), good, "{config}");
    }
}

#[test]
fn the_schema_of_mozopt_toml_accepts_what_the_program_accepts() {
    let schema = jsonschema::validator_for(&schema("mozopt.toml")).unwrap();
    let cases = [
        (true, ""),
        (true, "prelude = \"true\"\nsimulation_seed = 7\n"),
        (
            true,
            "simulation_seed = \"drawn\"\n[execution]\nmode = \"asynchronous\"\ntime_limit = \"90s\"\n",
        ),
        (
            true,
            "[execution]\nexecutor = \"local\"\nslots = 2\nthreads = 1\nretries = 0\n[keep]\nbest = 0\nall = true\n",
        ),
        (
            true,
            "[optimizer]\nalgorithm = \"cma-es\"\nvariant = \"bluepyopt\"\nsigma = 0.25\noffspring_size = 6\n",
        ),
        (false, "modle = \"v1\"\n"),
        (false, "simulation_seed = \"random\"\n"),
        (false, "simulation_seed = -1\n"),
        (false, "prelude = 5\n"),
        (false, "[execution]\nmode = \"parallel\"\n"),
        (false, "[execution]\ntime_limit = 90\n"),
        (false, "[execution]\ntime_limit = \"90\"\n"),
        (false, "[execution]\nslots = 0\n"),
        (false, "[optimizer]\nalgorithm = \"cmaes\"\n"),
        (false, "[optimizer]\nmax_ngen = 1.5\n"),
        (false, "[optimizer]\nmax_ngen = -1\n"),
        (false, "[keep]\nbest = \"all\"\n"),
        (false, "[optimiser]\nmax_ngen = 1\n"),
    ];
    for (good, more) in cases {
        let settings = format!("{COMMAND}{more}");
        let model = Model::new(CONFIG, &settings);
        model.write("simulate.sh", IDENTITY);
        let ended = model.mozopt("run", "--max-simulations 1");
        assert_eq!(ended.code, if good { 0 } else { 2 }, "{more}\n{}", ended.stderr);
        let value: Value = toml::from_str(&settings).unwrap();
        assert_eq!(schema.is_valid(&value), good, "{more}");
    }
}

#[test]
fn mistakes_on_the_command_line_are_bad_input() {
    let model = Model::simulated_by(IDENTITY);
    let refused = |flags: &str| model.mozopt("run", flags).exits(2);
    refused("--max-negn 5").says("--max-ngen");
    refused("--max-ngen five");
    refused("--time-limit 5x").says("write for example 90s, 45m, 20h or 2d");
    refused("--slots 0");
    refused("--simulation-seed soon").says("a whole number from 0 to");
    refused("--algorithm cmaes").says("cma-es");
    refused("--keep-all perhaps");
    Running::of(mozopt().arg("rnu")).wait().exits(2).says("rnu");
    Running::of(&mut mozopt()).wait().exits(2);
    assert!(support::optimizations_in(model.path()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to the file, the program says that it is wrong or runs it: it never panics,
    /// and it accepts nothing that is not JSON.
    #[test]
    fn a_mangled_file_never_brings_the_program_down(
        at in 0..CONFIG.len(), length in 0_usize..12, with in "[\\[\\]{}\":,.0-9eE+ äx\\\\\\-]{0,4}",
    ) {
        let end = (at + length).min(CONFIG.len());
        let mangled = format!("{}{with}{}", &CONFIG[..at], &CONFIG[end..]);
        // What passes is stopped by the command that is missing, before anything runs.
        let model = Model::new(&mangled, "[simulator]\nkind = \"command\"\n");
        let ended = model.mozopt("run", "");
        prop_assert_eq!(ended.code, 2, "{}", &ended.stderr);
        let passed = !ended.stderr.contains("config_optimisation:");
        let is_json = serde_json::from_str::<Value>(&mangled).is_ok();
        prop_assert!(is_json || !passed, "{}", mangled);
        prop_assert!(ended.stderr.contains("needs the `command` to run"), "{}", &ended.stderr);
    }
}
