//! Draws every figure of a made-up search of 37 parameters and 31 targets, to be looked at:
//! `cargo run -p figures --example gallery -- DIRECTORY [CANDIDATES]`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use figures::{Engine, Kind, Page, Theme, convergence};

#[path = "../tests/made_up/mod.rs"]
mod made_up;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    let candidates = arguments.next().map_or(Ok(1000), |n| n.parse())?;
    fs::create_dir_all(&directory)?;
    let began = Instant::now();
    let search = made_up::modelled(made_up::search(37, 31, candidates));
    println!("search and model: {} ms", began.elapsed().as_millis());
    let began = Instant::now();
    let engine = Engine::new()?;
    println!("engine: {} ms", began.elapsed().as_millis());
    let mut figures = vec![];
    let mut made =
        Kind::ALL.map(|kind| kind.figure(&search)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let shorter = made_up::search(37, 31, candidates / 2);
    let names = ["20261124-101500_Optimization", "20261125-091233_Optimization"];
    made.push(convergence(&[(names[0], &search), (names[1], &shorter)])?);
    for figure in made {
        for (theme, name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            let began = Instant::now();
            let drawing = engine.svg(&figure.specification(theme))?;
            let vega_ms = began.elapsed().as_millis();
            let png = engine.png(&drawing.svg, 2.0)?;
            let kb = figure.bare().to_string().len() / 1000;
            let png_ms = began.elapsed().as_millis() - vega_ms;
            println!("{}: {kb} kB, vega {vega_ms} ms, PNG {png_ms} ms", figure.name);
            for warning in drawing.warnings {
                println!("  {warning}");
            }
            fs::write(directory.join(format!("{}.{name}.png", figure.name)), png)?;
        }
        figures.push(figure);
    }
    let body = figures.iter().map(Page::slot).collect();
    let page = Page { title: "Gallery", body, figures: &figures, theme: None };
    fs::write(directory.join("gallery.html"), page.html())?;
    Ok(())
}
