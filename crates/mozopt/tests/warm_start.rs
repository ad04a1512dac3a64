//! A search that knows what was simulated before.

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Ended, IDENTITY, Model, Optimization, Running, mozopt};

/// A search that ended, of a model whose values are its parameters.
fn earlier() -> (Model, Optimization) {
    let model = composite(IDENTITY);
    model.mozopt("run", "").exits(0);
    let optimization = model.optimization();
    (model, optimization)
}

fn composite(script: &str) -> Model {
    let model = Model::simulated_by(script);
    model.edit("mozopt.toml", "algorithm = \"cma-es\"", "algorithm = \"composite\"");
    model
}

fn run(model: &Model, flags: &str) -> Ended {
    let mut command = mozopt();
    command.arg("run").arg(model.path()).args(flags.split_whitespace());
    Running::of(&mut command).wait()
}

/// The same model with other wanted values and norms.
fn rescored() -> Model {
    let model = composite(IDENTITY);
    model.edit(
        "param_optim/config_optimisation",
        "\"target_value\": 2, \"norm\": 0.1",
        "\"target_value\": 0.5, \"norm\": 0.01",
    );
    model
}

/// The same model, whose second target was not among those of then.
fn with_another_target() -> Model {
    let model = composite(IDENTITY);
    model.edit("param_optim/config_optimisation", "\"name\": \"y\"", "\"name\": \"z\"");
    model.write("simulate.sh", IDENTITY.replace("\\\"y\\\"", "\\\"z\\\""));
    model
}

#[test]
fn values_of_an_earlier_optimization_are_scored_by_the_present_targets() {
    let (_model, known) = earlier();
    let model = rescored();
    let flags = format!("--warm-start {} --max-ngen 1 --json", known.0.display());
    let ended = run(&model, &flags).exits(0).says("taken over from").says("generation 3 of 3");
    let summary = ended.json();
    assert_eq!((&summary["imported"], &summary["simulations"]), (&json!(8), &json!(4)));
    let optimization = model.optimization();
    let imported = &optimization.events("imported")[0];
    for (result, before) in imported["results"].as_array().unwrap().iter().zip(known.outcomes()) {
        assert_eq!(result["targets"][0]["value"], before["targets"][0]["value"]);
        let value = result["targets"][0]["value"].as_f64().unwrap();
        let score = ((value - 0.5).abs() / 0.01).min(20.0);
        assert!((result["targets"][0]["score"].as_f64().unwrap() - score).abs() < 1e-9);
        let scores = result["targets"].as_array().unwrap().iter();
        let total: f64 = scores.map(|target| target["score"].as_f64().unwrap()).sum();
        assert_eq!(result["total"], total);
    }
    // What is proposed next is nearer to what is wanted than what was known: the model knows.
    let proposed = optimization.proposals();
    let off = |a: f64| (a - 0.5).abs();
    let nearest = proposed.iter().map(|p| off(p["parameters"][0].as_f64().unwrap()));
    let known_best = known
        .proposals()
        .iter()
        .map(|p| off(p["parameters"][0].as_f64().unwrap()))
        .fold(1.0, f64::min);
    assert!(nearest.fold(1.0, f64::min) < known_best, "{proposed:?}");
    // It goes on as any other.
    let summary = optimization.mozopt("resume", "--max-ngen 2 --json").exits(0).json();
    assert_eq!((&summary["imported"], &summary["simulations"]), (&json!(8), &json!(8)));
    optimization.mozopt("status", "").exits(0);
    optimization.mozopt("show 0", "").exits(0);
}

#[test]
fn a_table_is_as_good_as_the_optimization_it_was_exported_from() {
    let (_model, known) = earlier();
    let table = known.mozopt("export", "--format csv").exits(0).stdout;
    let (by_table, by_directory) = (rescored(), rescored());
    by_table.write("known.csv", &table);
    let csv = by_table.path().join("known.csv");
    run(&by_table, &format!("--warm-start {} --max-ngen 1", csv.display())).exits(0);
    run(&by_directory, &format!("--warm-start {} --max-ngen 1", known.0.display())).exits(0);
    let (a, b) = (by_table.optimization(), by_directory.optimization());
    assert_eq!(a.proposals(), b.proposals());
    for (a, b) in a.imported().iter().zip(b.imported()) {
        assert_eq!(a["targets"], b["targets"]);
    }
    assert_eq!((a.imported().len(), b.imported().len()), (8, 8));
    // Nonsense in it is pointed at.
    by_table.write("known.csv", table.replacen("completed", "finished", 1));
    run(&by_table, &format!("--warm-start {}", csv.display()))
        .exits(2)
        .says("line 2: unknown outcome \"finished\"");
}

#[test]
fn columns_of_other_programs_are_passed_over_and_named() {
    let (_model, known) = earlier();
    let table = known.mozopt("export", "--format csv").exits(0).stdout;
    let model = rescored();
    let csv = model.path().join("known.csv");
    let flags = format!("--warm-start {} --max-ngen 1 --json", csv.display());
    // The number of a row, as pandas writes it, and columns of the user's own.
    let widened = table.lines().enumerate().map(|(i, line)| match i {
        0 => format!(",{line},node,my comment\n"),
        i => format!("{},{line},7,it was late\n", i - 1),
    });
    model.write("known.csv", widened.collect::<String>());
    let ended = run(&model, &flags).exits(0).says("`column 1`, `node`, `my comment`");
    assert_eq!(ended.json()["imported"], 8);
    // What the search of then varied and this one does not is no such column.
    model.write("known.csv", table.replacen(",a,b,", ",a,b2,", 1));
    run(&model, &flags).exits(2).says("b was not searched there");
    let wider = table.lines().enumerate().map(|(i, line)| {
        if i == 0 {
            return line.replacen(",a,b,", ",a,b,c,", 1) + "\n";
        }
        let mut cells: Vec<_> = line.split(',').collect();
        cells.insert(10, "1.5");
        cells.join(",") + "\n"
    });
    model.write("known.csv", wider.collect::<String>());
    let ended = run(&model, &flags).exits(0);
    assert_eq!(
        ended.says("8 have a c, whose default in the model is not known").json()["imported"],
        Value::Null
    );
    for (table, words) in [
        ("", "the table is empty"),
        ("a,b,value x,value y\n", "the table has no rows"),
        ("a;b;value x;value y\n1;1;1;1\n", "separated by semicolons"),
    ] {
        model.write("known.csv", table);
        run(&model, &flags).exits(2).says(words);
    }
}

trait Imported {
    /// What came out of the simulations that were taken over.
    fn imported(&self) -> Vec<Value>;

    /// How they ended, equal neighbours once.
    fn imported_outcomes(&self) -> Vec<Value> {
        let mut outcomes: Vec<Value> =
            self.imported().iter().map(|result| result["outcome"].clone()).collect();
        outcomes.dedup();
        outcomes
    }
}

impl Imported for Optimization {
    fn imported(&self) -> Vec<Value> {
        let events = self.events("imported");
        events.iter().flat_map(|event| event["results"].as_array().unwrap().clone()).collect()
    }
}

#[test]
fn further_points_to_begin_from_are_simulated_first() {
    let model = composite(IDENTITY);
    model.write("one.json", r#"{"a": 0.25, "b": 0.75}"#);
    model.write("two.json", r#"{"b": 0.125}"#);
    let path = |name: &str| model.path().join(name).display().to_string();
    let flags = format!("--warm-start {} --warm-start {}", path("one.json"), path("two.json"));
    run(&model, &flags).exits(0);
    let optimization = model.optimization();
    let first: Vec<_> =
        optimization.proposals().iter().take(2).map(|p| p["parameters"].clone()).collect();
    assert_eq!(
        first,
        [json!([0.25, 0.75]), json!([0.8, 0.125])],
        "what is not given is the centroid's"
    );
    assert_eq!(optimization.outcomes().len(), 8);
    model.write("one.json", r#"{"a": 1.5}"#);
    run(&model, &flags).exits(2).says("a is 1.5, not in [0, 1]");
    model.write("one.json", r#"{"c": 1.5}"#);
    run(&model, &flags).exits(2).says("none of the searched parameters");
}

#[test]
fn simulations_that_lie_elsewhere_are_left_out() {
    let (_model, known) = earlier();
    let model = rescored();
    // Another range of one parameter.
    model.edit("param_optim/config_optimisation", "\"a\": [0.0, 1.0]", "\"a\": [0.7, 1.0]");
    let parameters =
        known.proposals().iter().map(|p| p["parameters"][0].as_f64().unwrap()).collect::<Vec<_>>();
    let inside = parameters.iter().filter(|a| **a >= 0.7).count();
    assert!(inside > 0 && inside < 8, "{parameters:?}");
    let flags = format!("--warm-start {} --max-ngen 1 --json", known.0.display());
    let ended =
        run(&model, &flags).exits(0).says(&format!("{} simulations lie elsewhere", 8 - inside));
    assert_eq!(ended.json()["imported"], inside);
    // A parameter that is searched now and was the model's default then.
    let wider = composite(IDENTITY);
    let text = wider
        .read("param_optim/config_optimisation")
        .replace("\"b\": [0.0, 1.0]", "\"b\": [0.0, 1.0],\n  \"c\": [0.0, 2.0]");
    wider.write(
        "param_optim/config_optimisation",
        text.replace("\"b\": 0.3", "\"b\": 0.3, \"c\": 1.5"),
    );
    run(&wider, &flags)
        .exits(2)
        .says("c was not searched there, and the model's default is not known");
    wider.write("defaults.json", r#"{"a": 0.5, "b": 0.5, "c": 1.25}"#);
    wider.edit("mozopt.toml", "[execution]", "parameters = \"defaults.json\"\n[execution]");
    assert_eq!(run(&wider, &flags).exits(0).json()["imported"], 8);
    let imported = &wider.optimization().events("imported")[0];
    assert_eq!(imported["candidates"][3]["parameters"][2], 1.25);
}

#[test]
fn without_a_value_for_every_target_the_others_teach_and_the_best_are_simulated_again() {
    let (_model, known) = earlier();
    let model = with_another_target();
    let flags = format!("--warm-start {} --max-ngen 1 --json", known.0.display());
    let ended = run(&model, &flags).exits(0).says("8 lack values of present targets");
    assert_eq!(ended.json()["imported"], 8);
    // By the target that is left, x.
    let score = |outcome: &Value| outcome["targets"][0]["score"].as_f64().unwrap();
    let known: Vec<_> = known
        .proposals()
        .iter()
        .zip(known.outcomes())
        .map(|(proposal, outcome)| (proposal["parameters"].clone(), score(&outcome)))
        .collect();
    let optimization = model.optimization();
    let taken = optimization.proposals().into_iter().take(4).map(|proposal| {
        known.iter().find(|(point, _)| *point == proposal["parameters"]).expect("known").1
    });
    let mut scores: Vec<f64> = known.iter().map(|(_, score)| *score).collect();
    scores.sort_by(f64::total_cmp);
    assert_eq!(taken.collect::<Vec<_>>(), scores[..4]);
    // What was known keeps its values, and its total is not compared with others.
    let incomplete = &optimization.events("imported")[0]["results"][0];
    assert_eq!(incomplete["outcome"], "incomplete");
    assert!(incomplete["targets"][0]["value"].is_number());
    assert_eq!(incomplete["targets"][1]["value"], Value::Null);
    assert_eq!(incomplete["targets"][1]["unknown"], true);
    assert_eq!(incomplete["targets"][0].get("unknown"), None);
    assert_eq!(incomplete["targets"][1]["reason"], "it was not measured then");
    let best = optimization.mozopt("status", "--json").exits(0).json();
    assert!(best["best"]["candidate"].as_u64().unwrap() >= 8, "{best}");
    assert_eq!(best["failures"], json!({}));
    optimization.mozopt("resume", "--max-ngen 2").exits(0);

    // What is incomplete stays so when it is handed on, be it as a table; until nothing lacks any
    // more.
    let table = optimization.mozopt("export", "--format csv").exits(0).stdout;
    model.write("known.csv", &table);
    let csv = model.path().join("known.csv");
    for from in [csv.display(), optimization.0.display()] {
        let again = with_another_target();
        let flags = format!("--warm-start {from} --max-ngen 1 --json");
        let ended = run(&again, &flags).exits(0).says("8 lack values of present targets");
        assert_eq!(ended.json()["imported"], 16);
        assert_eq!(again.optimization().imported_outcomes(), ["incomplete", "completed"]);
    }
    let only_x = composite(IDENTITY);
    let second = ",\n  {\"class\": \"RangeTarget\", \"name\": \"y\", \"target_value\": [3, 4], \"norm\": 0.1, \
                  \"max_score\": 50}";
    only_x.edit("param_optim/config_optimisation", second, "");
    let flags = format!("--warm-start {} --max-ngen 1 --json", csv.display());
    assert_eq!(run(&only_x, &flags).exits(0).json()["imported"], 16);
    assert_eq!(only_x.optimization().imported_outcomes(), ["completed"]);
}

#[test]
fn a_model_that_does_not_work_is_noticed_whatever_was_known() {
    let (_model, known) = earlier();
    let model = composite("exit 1");
    let flags = format!("--warm-start {} --max-ngen 20", known.0.display());
    run(&model, &flags)
        .exits(1)
        .says("none of the first 4 simulations could be evaluated; candidate");
    assert_eq!(model.optimization().events("finished").len(), 4);
}

#[test]
fn figures_leave_out_what_has_no_total() {
    let (_model, known) = earlier();
    let model = with_another_target();
    run(&model, &format!("--warm-start {} --max-ngen 2", known.0.display())).exits(0);
    let optimization = model.optimization();
    optimization.mozopt("figures", "--only evo_fitness --format json").exits(0);
    let drawn = fs::read_to_string(optimization.file("figures/evo_fitness.vl.json")).unwrap();
    assert!(drawn.contains("n = 8 completed simulations"), "{drawn}");
    assert!(drawn.contains("; 0 that failed"), "{drawn}");
}

#[test]
fn what_cannot_be_taken_over_is_refused() {
    let (_model, known) = earlier();
    let model = composite(IDENTITY);
    let refused = |flags: &str, words: &str| {
        run(&model, &format!("--warm-start {flags}")).exits(2).says(words);
        assert!(support::optimizations_in(model.path()).is_empty());
    };
    let path = known.0.display();
    refused(&format!("{path} --algorithm cma-es"), "only algorithm = \"composite\" supports");
    refused("/nowhere", "this is not an optimization");
    refused(&format!("{path}/mozopt.toml"), "this is not an optimization");
    for name in ["x", "y"] {
        let (known, new) = (format!("\"name\": \"{name}\""), format!("\"name\": \"{name}2\""));
        model.edit("param_optim/config_optimisation", &known, &new);
    }
    refused(&path.to_string(), "none of the targets was measured there");
    let journal = known.file("journal.jsonl");
    let damaged = fs::read_to_string(&journal).unwrap().replacen("\"seq\":3", "\"seq\":4", 1);
    fs::write(&journal, damaged).unwrap();
    refused(&path.to_string(), "journal.jsonl");
}
