//! What the program does with data stores beyond reading them.

mod export;
pub mod memory;

pub use export::export;
