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
    let search = made_up::search(5, 4, 60);
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
    let search = made_up::search(5, 4, 60);
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

#[test]
fn names_may_hold_anything() {
    let mut search = made_up::search(6, 4, 40);
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
