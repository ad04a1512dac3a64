//! Fits size tuning curves from standard input, for `bench/size-tuning-fit`:
//! `{"radii_deg": [...], "cells_hz": [[...], ...]}` gives
//! `{"seconds", "threads", "relative_errors"}`.

use std::io;
use std::time::Instant;

use serde::Deserialize;

#[derive(Deserialize)]
struct Curves {
    radii_deg: Vec<f64>,
    cells_hz: Vec<Vec<f64>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let curves: Curves = serde_json::from_reader(io::stdin())?;
    let began = Instant::now();
    let fits = inspection::fit_size_tuning(&curves.radii_deg, &curves.cells_hz);
    let seconds = began.elapsed().as_secs_f64();
    let errors: Vec<_> = fits.iter().flatten().map(|fit| fit.relative_error).collect();
    let threads = std::thread::available_parallelism()?;
    println!(
        "{}",
        serde_json::json!({"seconds": seconds, "threads": threads, "relative_errors": errors})
    );
    Ok(())
}
