//! Every figure is valid Vega-Lite, is drawn without a warning, and says what it shows.

mod made_up;

use figures::{Engine, Figure, Kind, Page, Search, Theme, convergence};
use serde_json::Value;
use simulation::OutcomeClass;

fn made(search: &Search) -> Vec<Figure> {
    Kind::ALL.iter().filter_map(|kind| kind.figure(search).ok()).collect()
}

/// Draws in both themes; the second picture.
fn drawn(engine: &Engine, figure: &Figure) -> String {
    let draw = |theme| {
        let drawing = engine.svg(&figure.specification(theme)).unwrap();
        assert!(drawing.warnings.is_empty(), "{}: {:?}", figure.name, drawing.warnings);
        drawing.svg
    };
    draw(Theme::Light);
    draw(Theme::Dark)
}

#[test]
fn every_figure_is_valid_vega_lite() {
    // Altair refuses what does not fit this schema.
    let schema: Value =
        serde_json::from_str(include_str!("../vega/vega-lite-schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let search = made_up::modelled(made_up::search(5, 4, 60));
    let mut figures = made(&search);
    assert_eq!(figures.len(), Kind::ALL.len());
    figures.push(convergence(&[("one", &search)]).unwrap());
    for figure in figures {
        let specification = figure.specification(Theme::Light);
        let errors: Vec<_> = validator
            .iter_errors(&specification)
            .map(|error| error.instance_path().to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", figure.name);
    }
    let no_figure = serde_json::json!({"mark": "bars", "data": {"values": []}});
    assert!(!validator.is_valid(&no_figure));
}

#[test]
fn every_figure_is_drawn_with_its_title_and_the_number_of_candidates() {
    let search = made_up::modelled(made_up::search(5, 4, 60));
    let engine = Engine::new().unwrap();
    for figure in made(&search) {
        let svg = drawn(&engine, &figure);
        assert!(svg.contains(figure.title), "{}", figure.name);
        let says_n = figure.caption.contains("n = ") || figure.caption.contains("one simulation");
        assert!(says_n, "{}: {}", figure.name, figure.caption);
    }
}

#[test]
fn several_searches_converge_in_one_picture() {
    let engine = Engine::new().unwrap();
    let searches: Vec<_> = (1..8)
        .map(|i| (format!("search {i}"), made_up::search(3, 2, 16 * i)))
        .chain([("nothing yet".to_owned(), made_up::search(3, 2, 0))])
        .collect();
    let named: Vec<_> = searches.iter().map(|(name, search)| (name.as_str(), search)).collect();
    let figure = convergence(&named).unwrap();
    let picture = drawn(&engine, &figure);
    for (name, search) in &searches {
        assert!(picture.contains(name), "{name} is not in the legend");
        let best = search.best().map(|(_, outcome)| outcome.total);
        assert_eq!(search.improvements().last().map(|(_, total)| *total), best);
    }
    let again = convergence(&named[7..]).unwrap_err();
    assert_eq!(again.to_string(), "it needs a completed simulation");
}

#[test]
fn of_a_young_search_there_is_what_can_be_drawn() {
    let engine = Engine::new().unwrap();
    for count in [0, 1, 2, 3, 9] {
        let mut search = made_up::search(3, 2, 16);
        search.candidates.truncate(count);
        let first = search.completed().next().map(|(candidate, _)| candidate.number);
        search.best = first;
        let figures = made(&search);
        assert_eq!(figures.is_empty(), count == 0);
        for figure in figures {
            drawn(&engine, &figure);
        }
    }
}

#[test]
fn a_search_in_which_everything_failed_is_drawn() {
    let mut search = made_up::search(3, 2, 20);
    for candidate in &mut search.candidates {
        let outcome = candidate.outcome.as_mut().unwrap();
        outcome.class = OutcomeClass::Crashed;
        outcome.values.fill(None);
    }
    search.best = None;
    let engine = Engine::new().unwrap();
    let figures = made(&search);
    let names: Vec<_> = figures.iter().map(|figure| figure.name).collect();
    assert_eq!(names, ["evo_parameters", "failures", "machines", "simulations"]);
    for figure in figures {
        drawn(&engine, &figure);
    }
}

/// The rows of data of a panel with this title.
fn rows<'a>(figure: &'a Value, title: &str) -> &'a Vec<Value> {
    let panels = figure["concat"].as_array().unwrap();
    let panel = panels.iter().find(|panel| panel["title"]["text"][0] == title).unwrap();
    panel["data"]["values"].as_array().unwrap()
}

#[test]
fn figures_of_the_model_show_its_numbers() {
    let search = made_up::modelled(made_up::search(5, 4, 60));
    let insight = &search.model.as_ref().unwrap().insight;
    let bare = |name: &str| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name == name).unwrap();
        assert!(kind.shows_model);
        kind.figure(&search).unwrap().bare()
    };
    let predictions = bare("predictions");
    let shown = rows(&predictions, "Total score");
    let points = &insight.total.predictions[0].points;
    assert_eq!(shown.len(), points.len());
    for (row, point) in shown.iter().zip(points) {
        assert_eq!(row["n"], point.candidate.unwrap());
        assert!((row["seen"].as_f64().unwrap() - point.seen).abs() < 1e-3 * point.seen.max(1.0));
    }
    let importance = bare("importance");
    let bars = importance["hconcat"][0]["data"]["values"].as_array().unwrap();
    let shares: Vec<f64> = bars.iter().map(|bar| bar["share"].as_f64().unwrap()).collect();
    assert!(shares.chunks(2).all(|pair| pair[0] >= pair[1]));
    assert!(shares.chunks(2).collect::<Vec<_>>().windows(2).all(|two| two[0][0] >= two[1][0]));
    let most = insight.total.effects.iter().map(|effect| effect.overall).fold(0.0, f64::max);
    assert!((shares[0] - most).abs() < 1e-3);
    // A panel of the effects for each parameter, from end to end of its extent.
    let effects = bare("effects");
    assert_eq!(effects["concat"].as_array().unwrap().len(), 5);
    let curves = bare("target_effects");
    let explained = insight.targets.iter().flatten().filter(|known| known.is_explained()).count();
    let data = curves["layer"][2]["data"]["values"].as_array().unwrap();
    assert_eq!(data.len(), 9 * 4 * explained);
}

#[test]
fn what_the_model_does_not_explain_is_not_shown_as_if_it_did() {
    let mut search = made_up::modelled(made_up::search(5, 4, 60));
    let insight = &mut search.model.as_mut().unwrap().insight;
    for known in insight.targets.iter_mut().flatten().chain([&mut insight.total]) {
        known.predictions[0].r_squared = Some(0.1);
    }
    let figure = |search: &Search, name: &str| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name == name).unwrap();
        kind.figure(search)
    };
    let why = figure(&search, "target_effects").unwrap_err().to_string();
    assert_eq!(why, "it needs a target that the model explains");
    let importance = figure(&search, "importance").unwrap();
    assert!(importance.bare()["hconcat"][1]["data"]["values"].as_array().unwrap().is_empty());
    assert!(importance.caption.contains("not shown): SpontActivityTarget_V1_Exc_L4_0"));
    let effects = figure(&search, "effects").unwrap();
    assert!(effects.caption.contains("R² 0.10, unexplained, so the curves are grey"));
    let engine = Engine::new().unwrap();
    drawn(&engine, &importance);
    drawn(&engine, &effects);
    search.model = None;
    let why = figure(&search, "predictions").unwrap_err().to_string();
    assert_eq!(why, "it needs five measured simulations, of which a model can be made");
}

#[test]
fn names_may_hold_anything() {
    let mut search = made_up::modelled(made_up::search(6, 4, 40));
    let names = ["a[0].b", "it's \"quoted\" \\ \u{e9}", "</script><b>&amp;", "total", ""];
    for (parameter, name) in search.parameters.iter_mut().zip(names) {
        parameter.path = name.to_owned();
    }
    search.parameters[5].path = "very.".repeat(60);
    for (target, name) in search.targets.iter_mut().zip(names) {
        target.name = name.to_owned();
    }
    let engine = Engine::new().unwrap();
    let figures = made(&search);
    for figure in &figures {
        drawn(&engine, figure);
    }
    let parallel = figures.iter().find(|figure| figure.name == "parallel").unwrap();
    let lines = drawn(&engine, parallel).matches("mark-line").count();
    assert!(lines > 20, "{lines} lines: a parameter's name was taken for a path");

    let body = figures.iter().map(Page::slot).collect();
    let page = Page { title: "</title>", body, figures: &figures, theme: None }.html();
    assert!(!page.contains("</script><b>") && !page.contains("</title></title>"));
}

#[test]
fn a_png_has_two_pixels_for_each_unit_and_the_background_of_its_theme() {
    let search = made_up::search(3, 2, 40);
    let figure = Kind::ALL[0].figure(&search).unwrap();
    let engine = Engine::new().unwrap();
    for (theme, background) in [(Theme::Light, [255, 255, 255]), (Theme::Dark, [0x17, 0x19, 0x1d])]
    {
        let svg = engine.svg(&figure.specification(theme)).unwrap().svg;
        let attribute = |name: &str| -> u32 {
            let rest = &svg[svg.find(name).unwrap() + name.len()..];
            rest[..rest.find('"').unwrap()].parse().unwrap()
        };
        let size = (attribute(" width=\""), attribute(" height=\""));
        let png = engine.png(&svg, 2.0).unwrap();
        let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (2 * size.0, 2 * size.1));
        let corner = pixels.pixel(1, 1).unwrap();
        assert_eq!([corner.red(), corner.green(), corner.blue()], background);
    }
}

#[test]
fn what_is_no_specification_is_refused() {
    let engine = Engine::new().unwrap();
    let error = engine.svg(&serde_json::json!({"mark": 5})).unwrap_err();
    assert!(error.to_string().starts_with("vega cannot draw the specification"), "{error}");
    // And the engine still draws.
    let figure = Kind::ALL[0].figure(&made_up::search(3, 2, 20)).unwrap();
    drawn(&engine, &figure);
}
