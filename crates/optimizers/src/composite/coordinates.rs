//! Where the search takes place: unit coordinates without the fixed parameters.

use super::kernel::Point;
use crate::{CentroidError, Space};

/// The searched part of a space.
#[derive(Debug, Clone)]
pub(super) struct Coordinates {
    space: Space,
    /// The dimensions that are searched.
    free: Vec<usize>,
    /// One value per dimension, in the parameters' units; fixed parameters keep theirs.
    centroid: Vec<f64>,
}

impl Coordinates {
    pub fn new(space: Space, centroid: &[f64]) -> Result<Coordinates, CentroidError> {
        let centroid = space.admit(centroid)?;
        let free = (0..space.len()).filter(|&i| !space.dimensions()[i].is_fixed()).collect();
        Ok(Coordinates { space, free, centroid })
    }

    /// How many parameters are searched; may be 0.
    pub fn dimension(&self) -> usize {
        self.free.len()
    }

    /// The dimensions of the space that are searched.
    pub fn free(&self) -> &[usize] {
        &self.free
    }

    /// The centroid in the parameters' units.
    pub fn centroid(&self) -> &[f64] {
        &self.centroid
    }

    /// The point of some parameters.
    pub fn point_of(&self, parameters: &[f64]) -> Point {
        let unit = self.space.to_unit(parameters);
        self.free.iter().map(|&i| unit[i]).collect()
    }

    /// The parameters at a point: inside the ranges, integers rounded.
    pub fn parameters_at(&self, point: &[f64]) -> Vec<f64> {
        let mut unit = self.space.to_unit(&self.centroid);
        for (&i, &coordinate) in self.free.iter().zip(point) {
            unit[i] = coordinate;
        }
        let mut parameters = self.space.from_unit(&unit);
        for (i, value) in parameters.iter_mut().enumerate() {
            if self.space.dimensions()[i].is_fixed() {
                *value = self.centroid[i];
            }
        }
        parameters
    }

    /// The point that a simulation at `point` would really have: in the box, integers rounded.
    pub fn admissible(&self, point: &[f64]) -> Point {
        let round = |(&i, &coordinate): (&usize, &f64)| {
            let dimension = &self.space.dimensions()[i];
            let coordinate = coordinate.clamp(-1.0, 1.0);
            if dimension.integer { dimension.rounded(coordinate) } else { coordinate }
        };
        self.free.iter().zip(point).map(round).collect()
    }
}
