//! `figures` and `report`: what is written, of which searches.

mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use support::{IDENTITY, Model};

/// Fails where a is large.
const FAILING: &str = r#"a=$(sed -n 's/^ *"a": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
case $a in 0.[89]*|1*) exit 1;; esac
"#;

fn paths(stdout: &str) -> Vec<PathBuf> {
    stdout.lines().map(PathBuf::from).collect()
}

fn names(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect()
}

#[test]
fn figures_are_written_one_file_each_and_their_paths_printed() {
    let model = Model::simulated_by(&format!("{FAILING}{IDENTITY}"));
    model.mozopt("run", "--max-ngen 5 --seed 3 -q").exits(0);
    let written = paths(&model.mozopt("figures", "").exits(0).stdout);
    assert_eq!(
        names(&written),
        [
            "evo_fitness.png",
            "scores.png",
            "scores_over_time.png",
            "values.png",
            "evo_parameters.png",
            "slices.png",
            "predictions.png",
            "importance.png",
            "effects.png",
            "target_effects.png",
            "correlations.png",
            "sensitivity.png",
            "covariance_matrix.png",
            "eigenvalues.png",
            "parallel.png",
            "failures.png",
            "simulations.png",
        ]
    );
    for path in &written {
        assert!(path.starts_with(model.optimization().0.join("figures")), "{}", path.display());
        assert!(fs::read(path).unwrap().starts_with(b"\x89PNG"), "{}", path.display());
    }
}

#[test]
fn the_specification_holds_the_numbers_of_the_journal() {
    let model = Model::simulated_by(IDENTITY);
    let best = &model.mozopt("run", "--max-ngen 3 --json").exits(0).json()["best"];
    let flags = format!("--format json --only scores -o {}/out", model.path().display());
    let written = paths(&model.mozopt("figures", &flags).exits(0).stdout);
    assert_eq!(names(&written), ["scores.vl.json"]);
    let specification: Value = serde_json::from_slice(&fs::read(&written[0]).unwrap()).unwrap();
    let rows = specification["data"]["values"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for target in best["targets"].as_array().unwrap() {
        let row = rows.iter().find(|row| row["target"] == target["name"]).unwrap();
        let (shown, exact) = (row["score"].as_f64().unwrap(), target["score"].as_f64().unwrap());
        // Four significant digits.
        assert!((shown - exact).abs() <= 5e-4 * exact, "{shown}, {exact}");
    }
}

/// The first words of the captions tell whose model the figure shows.
#[test]
fn the_model_is_that_of_the_search_where_there_is_one() {
    let caption = |model: &Model| {
        let flags = format!("--format json --only importance -o {}/out", model.path().display());
        let written = paths(&model.mozopt("figures", &flags).exits(0).stdout);
        let specification: Value = serde_json::from_slice(&fs::read(&written[0]).unwrap()).unwrap();
        let lines = specification["title"]["subtitle"].as_array().unwrap().iter();
        lines.map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 5 --algorithm composite -q").exits(0);
    let of_search = caption(&model);
    assert!(of_search.starts_with("The model by which the search chooses"), "{of_search}");
    fs::remove_file(model.optimization().0.join("optimizer.json")).unwrap();
    let again = caption(&model);
    assert!(again.starts_with("The model of the search, fitted anew"), "{again}");

    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 5 -q").exits(0);
    let only_shown = caption(&model);
    assert!(only_shown.starts_with("A model that this search does not use"), "{only_shown}");

    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 1 -q").exits(0);
    let too_young = model.mozopt("figures", "--only importance").exits(0);
    let why = "no importance: it needs five measured simulations, of which a model can be made";
    assert!(too_young.stdout.is_empty() && too_young.stderr.contains(why), "{}", too_young.stderr);
}

#[test]
fn every_format_and_both_themes_are_written() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "-q").exits(0);
    let read = |flags: &str| {
        let flags = format!("--only evo_fitness {flags}");
        fs::read_to_string(&paths(&model.mozopt("figures", &flags).exits(0).stdout)[0]).unwrap()
    };
    let (light, dark) = (read("--format svg"), read("--format svg --theme dark"));
    assert!(light.starts_with("<svg") && light.contains("#ffffff") && !dark.contains("#ffffff"));
    assert!(read("--format html").contains("data-theme=\"light\""));
}

#[test]
fn what_a_young_search_lacks_is_said() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 1 -q").exits(0);
    let ended = model.mozopt("figures", "--format json").exits(0);
    assert!(!ended.stdout.contains("correlations"));
    ended.says("no correlations: it needs 8 completed simulations");
    model.mozopt("figures", "--only fitness").exits(2).says("evo_fitness");
    let inside_a_file = format!("-o {}/mozopt.toml/figures", model.path().display());
    model.mozopt("figures", &inside_a_file).exits(2).says("choose another directory");
}

#[test]
fn the_report_is_one_file_that_loads_nothing() {
    let model = Model::simulated_by(&format!("{FAILING}{IDENTITY}"));
    let best = &model.mozopt("run", "--max-ngen 5 --seed 3 --json").exits(0).json()["best"];
    let written = paths(&model.mozopt("report", "").exits(0).stdout);
    assert_eq!(names(&written), ["report.html"]);
    let html = fs::read_to_string(&written[0]).unwrap();
    assert!(html.contains("default-src 'none'"));
    for loads in ["<link", "<img", "src=\"http", "@import"] {
        // The script may hold such words, the page's own part may not.
        let page = &html[..html.find("<script").unwrap()];
        assert!(!page.contains(loads), "{loads}");
    }
    let says = |words: &str| assert!(html.contains(words), "`{words}` is not in the report");
    says("the limit max_ngen = 5 is reached");
    says(&format!("Candidate {} of generation", best["candidate"]));
    says("crashed");
    let rows = html.split("id=\"candidates\"").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(rows.matches("<tr>").count(), 1 + 20);
    assert_eq!(html.matches("<figure id=").count(), 17);
    says("No machines yet: it needs simulations on two machines");
    says("not under version control");
    says("--max-ngen 5 --seed 3");
}

#[test]
fn several_optimizations_are_compared() {
    let model = Model::simulated_by(IDENTITY);
    let other = model.path().join("one").display().to_string();
    model.mozopt("run", &format!("--max-ngen 5 --seed 3 -q -o {other}")).exits(0);
    model.mozopt("run", "--max-ngen 2 --seed 4 -q").exits(0);
    let best = |path: &str| -> Value {
        let mut status = support::mozopt();
        status.args(["status", "--json"]).arg(model.path().join(path));
        support::Running::of(&mut status).wait().exits(0).json()["best"]["total"].clone()
    };
    let totals = [best("."), best("one")];

    let written = paths(&model.mozopt("report", &other).exits(0).stdout);
    assert_eq!(names(&written), ["comparison.html"]);
    let html = fs::read_to_string(&written[0]).unwrap();
    let section = |title: &str| {
        html.split(&format!("<h2>{title}</h2>")).nth(1).unwrap().split("<h2>").next().unwrap()
    };
    let rows = section("Best candidates");
    for total in &totals {
        assert!(rows.contains(&format!("data-value=\"{total}\"")), "{total} is not in {rows}");
    }
    let differing = section("Settings that differ");
    for setting in ["optimizer.seed", "limits.max_ngen"] {
        assert!(differing.contains(setting), "{setting} is not in {differing}");
    }
    assert!(!differing.contains("optimizer.offspring_size"), "{differing}");

    let flags = format!("{other} --only convergence --format json -o {other}");
    let written = paths(&model.mozopt("figures", &flags).exits(0).stdout);
    assert_eq!(names(&written), ["convergence.vl.json"]);
    let specification: Value = serde_json::from_slice(&fs::read(&written[0]).unwrap()).unwrap();
    let rows = specification["data"]["values"].as_array().unwrap();
    for total in totals {
        let exact = total.as_f64().unwrap();
        let near = |row: &Value| (row["total"].as_f64().unwrap() - exact).abs() <= 5e-4 * exact;
        assert!(rows.iter().any(near), "{total} is not in {rows:?}");
    }
}

#[test]
fn a_report_of_a_search_in_which_nothing_worked_says_so() {
    let model = Model::simulated_by("exit 1\n");
    model.mozopt("run", "-q").exits(1);
    let written = paths(&model.mozopt("report", "").exits(0).stdout);
    let html = fs::read_to_string(&written[0]).unwrap();
    assert!(html.contains("No candidate could be measured"));
    assert!(html.contains("No scores yet: it needs a completed simulation"));
}
