//! All problems by their names.

use crate::mean_field::MeanField;
use crate::problem::Problem;
use crate::smooth::{Quadratic, Rosenbrock};

pub fn named(name: &str) -> Option<Box<dyn Problem>> {
    Some(match name {
        "mean-field-8" => Box::new(MeanField::new(8)),
        "mean-field" => Box::new(MeanField::new(20)),
        "mean-field-37" => Box::new(MeanField::new(37)),
        "quadratic" => Box::new(Quadratic),
        "rosenbrock" => Box::new(Rosenbrock),
        _ => return None,
    })
}
