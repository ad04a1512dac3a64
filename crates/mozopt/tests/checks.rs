//! What `check` makes of the experiment script's answers, of a real MPI launcher, and of the
//! centroid's simulation.

mod support;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::{Ended, IDENTITY, Model, Running, mozopt, python};

/// The mozaik model, prepared for a search; its experiment script is this one.
fn with_script(script: &str) -> Model {
    let model = Model::of_mozaik();
    model.mozopt("prepare", "").exits(0);
    model.write("mozopt_experiment.py", script);
    model
}

/// A script that gives this answer to whatever it is asked, and writes down the question.
fn answering(answer: &Value) -> String {
    format!(
        "import sys\nopen('asked', 'a').write(' '.join(sys.argv[1:]) + '\\n')\nprint(r'''{answer}''')\n"
    )
}

/// What a script answers in an environment in which all is well.
fn well() -> Value {
    json!({
        "python": "3.11.7",
        "mozaik": {"version": "0.2", "path": "/opt/mozaik"},
        "pyNN": "0.13.0", "neo": "0.14.6", "numpy": "2.4.6", "mpi": "Open MPI v4.1.4",
        "nest": {"version": "3.10.0", "num_processes": 1, "has_mpi": true},
        "nest_modules": {}, "nest_models": {}, "required_parameters": null,
        "affinities": null, "presented": null, "warnings": [], "errors": {},
    })
}

/// The same, but for these keys.
fn well_but(changes: Value) -> Value {
    let (Value::Object(mut answer), Value::Object(changes)) = (well(), changes) else {
        panic!("these are not objects");
    };
    answer.extend(changes);
    Value::Object(answer)
}

fn check(model: &Model, flags: &str) -> Value {
    model.mozopt("check", &format!("--python python3 --json {flags}")).json()
}

/// The one thing found about this that has these words in its message.
#[track_caller]
fn found<'a>(checked: &'a Value, about: &str, words: &str) -> &'a Value {
    let checks = checked["checks"].as_array().unwrap();
    let is_meant = |check: &&Value| {
        check["about"] == about && check["message"].as_str().unwrap().contains(words)
    };
    checks.iter().find(is_meant).unwrap_or_else(|| panic!("{about}: {words} is not in {checks:#?}"))
}

fn statuses(checked: &Value, status: &str) -> Vec<String> {
    let checks = checked["checks"].as_array().unwrap().iter();
    let of_status = checks.filter(|check| check["status"] == status);
    of_status.map(|check| format!("{} {}", check["about"], check["message"])).collect()
}

#[test]
fn versions_and_warnings_of_the_script_are_shown() {
    let warning = "with NumPy 2 mozaik's own MeasureSizeTuning cannot run";
    let model = with_script(&answering(&well_but(json!({"warnings": [warning]}))));
    let checked = check(&model, "");
    let versions = "Python 3.11.7, mozaik 0.2 in /opt/mozaik, PyNN 0.13.0, NEST 3.10.0, neo 0.14.6, \
                    NumPy 2.4.6, Open MPI v4.1.4";
    assert_eq!(found(&checked, "environment", versions)["status"], "ok");
    assert_eq!(found(&checked, "environment", warning)["status"], "warning");
    let asked = model.read("asked");
    let question = "--check --model-class model.SelfSustainedPushPull --protocol optimization \
                    --parameters-file param_optim/defaults\n";
    assert_eq!(asked, question);
}

#[test]
fn a_script_of_an_earlier_version_is_no_failure() {
    let model = with_script(
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--check')\n\
         parser.add_argument('--model-class')\nparser.parse_args(['--check=1', *__import__('sys').argv[2:]])\n\
         print('{\"python\": \"3.9\", \"errors\": {}}')\n# NoStimulation, OrientationTuning, Disk\n",
    );
    let checked = check(&model, "");
    found(&checked, "environment", "Python 3.9, mozaik ?");
    assert_eq!(found(&checked, "environment", "an earlier version")["status"], "warning");
    assert_eq!(statuses(&checked, "problem"), Vec::<String>::new());
    // What it presents can only be guessed.
    let text = model.read("mozopt_experiment.py");
    model.write("mozopt_experiment.py", text.replace("NoStimulation, ", ""));
    let checked = check(&model, "");
    let guessed =
        found(&checked, "protocol", "does not seem to present 5000 ms without a stimulus");
    assert_eq!(guessed["status"], "warning");
}

#[test]
fn modules_and_cell_models_that_nest_does_not_have_are_problems() {
    let answer = well_but(json!({
        "nest_modules": {"lostmodule": "NESTErrors.DynamicModuleManagementError: file not found"},
        "nest_models": {"iaf_cond_exp_sc_nc": false, "aeif_cond_exp": true},
    }));
    let model = with_script(&answering(&answer));
    let native = |model: &str| {
        format!("'cell': {{'model': '{model}', 'native_nest': True, 'params': {{'V_th': -50.0}}}},")
    };
    model.edit("param_optim/retina_lgn", "'cell': {},", &native("iaf_cond_exp_sc_nc"));
    // Wherever it stands.
    let other =
        format!("'other': {{'params': {{{}}}}},\n    'only_afferent'", native("aeif_cond_exp"));
    model.edit("param_optim/defaults", "'only_afferent'", &other);
    let modules = "kind = \"mozaik\"\nnest_modules = [\"lostmodule\", \"othermodule\"]\n";
    model.edit("mozopt.toml", "kind = \"mozaik\"\n", modules);
    let checked = check(&model, "");
    let asked = model.read("asked");
    let options =
        "--nest-modules lostmodule,othermodule --nest-models aeif_cond_exp,iaf_cond_exp_sc_nc\n";
    assert!(asked.ends_with(options), "{asked}");
    let module = found(&checked, "NEST", "cannot load the module lostmodule");
    assert_eq!(module["status"], "problem");
    assert!(module["help"].as_str().unwrap().contains("file not found"), "{module}");
    let model_of_lgn = found(
        &checked,
        "NEST",
        "no cell model iaf_cond_exp_sc_nc, which sheets.retina_lgn.params.cell.model names \
         (param_optim/retina_lgn:",
    );
    assert_eq!(model_of_lgn["help"], "perhaps it comes with lostmodule, which cannot be loaded");
    assert_eq!(found(&checked, "NEST", "it has aeif_cond_exp")["status"], "ok");
    // Without the modules one is proposed.
    let answer = well_but(json!({"nest_models": {"iaf_cond_exp_sc_nc": false}}));
    model.write("mozopt_experiment.py", answering(&answer));
    model.edit("mozopt.toml", "nest_modules = [\"lostmodule\", \"othermodule\"]\n", "");
    let checked = check(&model, "");
    let missing = found(&checked, "NEST", "no cell model iaf_cond_exp_sc_nc");
    assert_eq!(missing["help"], "set nest_modules = [\"stepcurrentmodule\"] under [simulator]");
    model.mozopt("check", "--python python3").exits(2).shows("no cell model iaf_cond_exp_sc_nc");
}

/// What the usual protocol presents, without a stimulus for this long.
fn usual(spontaneous_ms: f64) -> Vec<Value> {
    let rest = |duration: f64| json!({"name": "InternalStimulus", "duration": duration});
    let grating = |name: &str, contrast: i32, orientation: f64| {
        json!({"name": name, "duration": 2000.0, "contrast": contrast, "orientation": orientation,
               "temporal_frequency": 2, "module_path": "mozaik.stimuli"})
    };
    let mut presented = vec![rest(500.0), rest(spontaneous_ms)];
    for contrast in [10, 100] {
        for orientation in [0.0, std::f64::consts::FRAC_PI_2] {
            presented.push(grating("FullfieldDriftingSinusoidalGrating", contrast, orientation));
        }
    }
    presented.push(grating("DriftingSinusoidalGratingDisk", 100, std::f64::consts::FRAC_PI_2));
    presented
}

#[test]
fn what_the_script_presents_is_compared_with_what_each_target_needs() {
    let presenting = |presented: &[Value]| {
        let model = with_script(&answering(&well_but(json!({"presented": presented}))));
        check(&model, "")
    };
    let checked = presenting(&usual(5000.0));
    assert_eq!(found(&checked, "protocol", "its 7 presentations")["status"], "ok");
    assert_eq!(statuses(&checked, "problem"), Vec::<String>::new());
    // A protocol of whole frames of 7 ms.
    assert_eq!(found(&presenting(&usual(4998.0)), "protocol", "its 7")["status"], "ok");

    let checked = presenting(&usual(100.0));
    let lacking = found(&checked, "protocol", "there is no single InternalStimulus of 5000 ms");
    assert_eq!(lacking["status"], "problem");
    let message = lacking["message"].as_str().unwrap();
    // Of 31 targets all but preference (4), size tuning and modulation ratio (3 in all).
    for class in
        ["SpontActivity", "Irregularity", "Synchrony", "OrthoHigh", "OrthoLow", "Conductance"]
    {
        assert!(message.contains(class), "{class}: {message}");
    }
    assert!(!message.contains("SizeTuning") && !message.contains("Preference"), "{message}");
    assert_eq!(lacking["help"], "it presents 2 InternalStimulus (duration 500, 100 ms)");

    let without = |name: &str| {
        let mut presented = usual(5000.0);
        presented.retain(|shown| shown["name"] != name);
        presenting(&presented)
    };
    let checked = without("DriftingSinusoidalGratingDisk");
    let lacking =
        found(&checked, "protocol", "no DriftingSinusoidalGratingDisk with contrast 100 %");
    assert!(lacking["message"].as_str().unwrap().contains("SizeTuning"), "{lacking}");
    let help = lacking["help"].as_str().unwrap();
    assert!(
        help.contains("4 FullfieldDriftingSinusoidalGrating (duration 2000 ms; contrast 10, 100 %")
    );
    let checked = without("FullfieldDriftingSinusoidalGrating");
    found(
        &checked,
        "protocol",
        "FullfieldDriftingSinusoidalGrating with contrast 10 % at 0.0000 rad",
    );
}

#[test]
fn why_a_protocol_cannot_be_listed_is_shown() {
    let why = "TypeError: create_experiments() takes 1 positional argument";
    let model = with_script(&answering(&well_but(json!({"errors": {"protocol": why}}))));
    let checked = check(&model, "");
    let unknown = found(&checked, "protocol", "cannot report what it would present");
    assert_eq!((&unknown["status"], &unknown["help"]), (&json!("warning"), &json!(why)));
    found(&checked, "environment", "NEST 3.10.0");
}

#[test]
fn keys_of_the_root_are_compared_with_those_that_the_model_class_requires() {
    let model = with_script("");
    let tree = {
        let mut parameters = mozopt();
        parameters.current_dir(model.path()).args(["parameters", "param_optim/defaults", "--json"]);
        Running::of(&mut parameters).wait().exits(0).json()
    };
    let mut required: Vec<String> = tree.as_object().unwrap().keys().cloned().collect();
    model.write(
        "mozopt_experiment.py",
        answering(&well_but(json!({"required_parameters": required}))),
    );
    assert_eq!(
        found(&check(&model, ""), "parameters", "keys that the model class")["status"],
        "ok"
    );
    for key in &mut required {
        *key =
            key.replace("store_stimuli", "store_stimulus").replace("pynn_seed", "simulation_time");
    }
    model.write(
        "mozopt_experiment.py",
        answering(&well_but(json!({"required_parameters": required}))),
    );
    let checked = check(&model, "");
    let problem = |words: &str, help: &str| {
        let problem = found(&checked, "parameters", words);
        assert_eq!(problem["status"], "problem", "{problem}");
        assert!(problem["help"].as_str().unwrap().contains(help), "{problem}");
    };
    problem("requires `store_stimulus`", "is it `store_stimuli`?");
    problem(
        "does not know `store_stimuli` (param_optim/defaults:",
        "did you mean `store_stimulus`?",
    );
    problem("requires `simulation_time`", "add it to param_optim/defaults");
    problem("does not know `pynn_seed`", "remove it");
}

#[test]
fn a_grid_of_electrodes_in_an_lgn_is_a_problem() {
    let model = with_script(&answering(&well()));
    let recorders = "'recorders': url(\"param_optim/optimization_recorder_lgn\")";
    let grid = "'recorders': url(\"param_optim/optimization_recorder\")";
    model.edit("param_optim/retina_lgn", recorders, grid);
    let problem = check(&model, "");
    let problem = found(&problem, "recording", "retina_lgn records with RCGrid");
    assert_eq!(problem["status"], "problem");
    let help = problem["help"].as_str().unwrap();
    assert!(
        help.contains("sheets.retina_lgn.params.recorders.2 (param_optim/optimization_recorder:"),
        "{help}"
    );
}

#[test]
fn plastic_synapses_under_mpi_are_warned_of_where_pynn_cannot_connect_them() {
    let answer = |nest: &str, pynn: &str| {
        well_but(json!({
            "nest": {"version": nest, "num_processes": 2, "has_mpi": true}, "pyNN": pynn,
        }))
    };
    let is_warned = |nest: &str, pynn: &str, flags: &str| {
        let checked = check(&with_script(&answering(&answer(nest, pynn))), flags);
        statuses(&checked, "warning").iter().any(|warning| warning.contains("plastic synapses"))
    };
    // The launcher: one process that says it were two.
    let two = "--ranks 2 --launcher true&&:{ranks};";
    assert!(is_warned("3.10.0", "0.13.0", two));
    assert!(!is_warned("3.9", "0.13.0", two));
    assert!(!is_warned("3.10.0", "0.9.5", two));
    assert!(!is_warned("3.10.0", "0.13.0", ""));
}

/// Whether there is an MPI launcher. Where there is none, a test says that it is left out.
fn has_mpirun() -> bool {
    let there = Command::new("mpirun").arg("--version").output().is_ok();
    if !there {
        eprintln!("LEFT OUT: there is no mpirun (Debian: openmpi-bin)");
    }
    there
}

/// `check` with a launcher, where root may use it.
fn launched(model: &Model, ranks: usize, launcher: &str, set: &[(&str, &str)]) -> Ended {
    let mut command = mozopt();
    command.arg("check").arg(model.path()).args(["--json", "--ranks", &ranks.to_string()]);
    command.args(["--python", "python3", "--slots", "1", "--launcher", launcher]);
    for name in ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] {
        command.env(name, "1");
    }
    command.env_remove("OMPI_MCA_hwloc_base_binding_policy").env_remove("SLURM_JOB_ID");
    command.envs(set.iter().copied());
    Running::of(&mut command).wait()
}

/// A script that knows how many it is, as NEST with MPI does.
fn parallel() -> String {
    format!(
        "import json, os\nfrom mpi4py import MPI\nanswer = json.loads(r'''{}''')\n\
         world = MPI.COMM_WORLD\nanswer['nest']['num_processes'] = world.size\n\
         answer['affinities'] = world.gather(sorted(os.sched_getaffinity(0)))\n\
         if world.rank == 0:\n    print(json.dumps(answer, indent=2))\n",
        well_but(json!({"pyNN": "0.9.5"}))
    )
}

/// The prepared model in the environment that has mpi4py.
fn with_parallel_script() -> Model {
    let model = with_script(&parallel());
    let prelude = format!(
        "kind = \"mozaik\"\nprelude = \"source '{}/bin/activate'\"\n",
        python::environment().display()
    );
    model.edit("mozopt.toml", "kind = \"mozaik\"\n", &prelude);
    model
}

#[test]
fn the_launcher_is_tried_and_the_cores_of_its_ranks_are_told() {
    if !has_mpirun() {
        return;
    }
    let model = with_parallel_script();
    let checked = launched(&model, 2, "mpirun --oversubscribe -np {ranks}", &[]).json();
    let started = found(&checked, "launcher", "starts 2 ranks: ");
    assert_eq!(started["status"], "ok");
    let here = std::thread::available_parallelism().unwrap().get();
    if here > 1 {
        let free = format!("ranks 0-1 on cores 0-{}", here - 1);
        assert!(started["message"].as_str().unwrap().contains(&free), "not bound: {started}");
        // A user who binds ranks to cores does as they wish.
        let bound = [("OMPI_MCA_hwloc_base_binding_policy", "core")];
        let checked = launched(&model, 2, "mpirun -np {ranks}", &bound).json();
        found(&checked, "launcher", "rank 0 on core 0, rank 1 on core 1");
        let one = "taskset -c 0 mpirun --bind-to none --oversubscribe -np {ranks}";
        let checked = launched(&model, 2, one, &[]).json();
        let crowded = found(&checked, "launcher", "2 ranks share core 0, though there are");
        assert_eq!(crowded["status"], "warning");
    }
    // Two where one is wanted, and the other way round.
    let checked = launched(&model, 1, "mpirun --oversubscribe -np 2", &[]).exits(2).json();
    found(&checked, "launcher", "ranks = 1, but `mpirun --oversubscribe -np 2` runs NEST on 2");
    let checked = launched(&model, 2, "mpirun -np 1 env MEANT={ranks}", &[]).exits(2).json();
    found(&checked, "launcher", "runs NEST on 1");
    // Slurm would let it wait.
    let checked = launched(&model, 2, "srun --mpi=pmix -n {ranks}", &[]).exits(0).json();
    assert_eq!(found(&checked, "launcher", "was not tried")["status"], "note");
}

#[test]
fn a_python_that_is_too_old_is_said_to_be() {
    let model = with_script(&answering(&well()));
    model.edit("mozopt.toml", "\"mozaik\"\n", "\"mozaik\"\npython = \"bash old\"\n");
    // Python 2 writes its version to stderr.
    let old = |says: &str| {
        let failing = "echo 'SyntaxError: f' >&2\nexit 1";
        model.write("old", format!("[ \"$1\" = --version ] && {says} && exit\n{failing}\n"));
        let checked = model.mozopt("check", "--json").exits(2).json();
        let problem = found(&checked, "environment", "cannot run the experiment script");
        problem["help"].as_str().unwrap().to_owned()
    };
    let help = old("echo Python 2.7.18 >&2");
    assert_eq!(help, "it is Python 2.7.18: mozopt's scripts need 3.8 or newer");
    assert_eq!(old("echo Python 3.7.16"), help.replace("2.7.18", "3.7.16"));
    assert_eq!(old("echo Python 3.11.7"), "SyntaxError: f", "what is wrong is something else");
}

#[test]
fn a_launcher_that_does_not_work_is_a_problem_with_its_own_words() {
    let model = with_script(&answering(&well_but(json!({"pyNN": "0.9.5"}))));
    let checked = launched(&model, 2, "mpirum -np {ranks}", &[]).exits(2).json();
    let problem = found(&checked, "launcher", "cannot start the experiment script (exit code 127)");
    assert!(problem["help"].as_str().unwrap().contains("mpirum: command not found"), "{problem}");
    if !has_mpirun() {
        return;
    }
    let problem = |launched: Ended, message: &str, help: &str| {
        let checked = launched.exits(2).json();
        let problem = found(&checked, "launcher", message);
        assert!(problem["help"].as_str().unwrap().contains(help), "{problem}");
    };
    let none = "cannot start the experiment script";
    problem(launched(&model, 9999, "mpirun -np {ranks}", &[]), none, "There are not enough slots");
    if rustix::process::geteuid().is_root() {
        let forbidden =
            launched(&model, 2, "env -u OMPI_ALLOW_RUN_AS_ROOT mpirun -np {ranks}", &[]);
        problem(forbidden, none, "mpirun has detected an attempt to run as root.");
    }
    // Each of them believes that it is alone.
    let copies = "`mpirun --oversubscribe -np 2` starts 2 separate copies of NEST";
    let launcher = "mpirun --oversubscribe -np {ranks}";
    problem(launched(&model, 2, launcher, &[]), copies, "Open MPI v4.1.4");
    // Under Slurm other machines run the jobs.
    model.edit("mozopt.toml", "[execution]\n", "[execution]\nexecutor = \"slurm\"\n");
    let checked = launched(&model, 2, launcher, &[]).json();
    assert_eq!(found(&checked, "launcher", "starts 2 separate copies")["status"], "warning");
}

#[test]
fn a_centroid_without_all_values_or_whose_simulation_fails_is_not_ready() {
    let values = |values: &str| {
        let values = format!("echo '{values}' > $(dirname $MOZOPT_SIMULATION)/values.json");
        Model::simulated_by(&values)
    };
    let model = values(r#"{"values": {"x": 1}}"#);
    let ended = model.mozopt("check", "--simulate").exits(1).says("not ready");
    ended.shows("a generation of 4 would take about").shows("the centroid has no value for y");
    let checked = model.mozopt("check", "--simulate --json").exits(1).json();
    assert_eq!(checked["ok"], false);
    assert_eq!(found(&checked, "simulation", "has no value for y")["status"], "problem");

    // That it explodes is said, and is no reason not to begin.
    let model = values(r#"{"values": {"x": 1}, "exploded": true}"#);
    let ended = model.mozopt("check", "--simulate").exits(0).says("ready: ");
    let ended = ended.shows("the centroid explodes: ");
    assert!(!ended.stdout.contains("a generation"), "it may have ended early: {}", ended.stdout);

    let model = Model::simulated_by("echo the weights file is missing; exit 4");
    let ended = model.mozopt("check", "--simulate").exits(1).says("not ready");
    let ended = ended.shows("cannot be simulated: crashed: the simulator ended with exit code 4");
    let ended = ended.shows("the weights file is missing");
    assert!(!ended.stdout.contains("a generation"), "nothing to estimate from: {}", ended.stdout);

    let model = Model::simulated_by(IDENTITY);
    let ended = model.mozopt("check", "--simulate").exits(0).says("ready: ");
    ended.shows("has a value for all 2 targets");
    assert!(
        fs::read_dir(model.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().starts_with(".mozopt") })
    );
}

#[test]
fn a_simulation_that_is_bound_to_fewer_cores_than_it_should_have_is_told() {
    let checked = |command: &str| {
        let model = Model::simulated_by(&format!("sleep 0.6\n{IDENTITY}"));
        model.edit("mozopt.toml", "\"bash simulate.sh\"", &format!("\"{command}\""));
        model.edit("mozopt.toml", "[execution]\n", "[execution]\nthreads = 2\n");
        model.mozopt("check", "--simulate")
    };
    let core = "$(awk '/Cpus_allowed_list/ {print $2}' /proc/self/status | grep -o '^[0-9]*')";
    let bound = checked(&format!("taskset -c {core} bash simulate.sh"));
    bound.exits(0).shows("should have 2 cores, but its processes were bound to 1");
    let free = checked("bash simulate.sh").exits(0);
    // On a machine of one core it is right.
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(free.stdout.contains("were bound to"), cores < 2, "{}", free.stdout);
}
