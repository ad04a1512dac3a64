//! Who is told what the dispatcher is about to do.

use std::convert::Infallible;
use std::marker::PhantomData;

use executors::JobKey;
use simulation::{Attempt, Keep, Simulation};

/// Is told of each step before it is taken; what it refuses to note is not done.
pub trait Ledger {
    /// Why something could not be noted.
    type Error;

    /// What becomes of the data store of a simulation that begins now.
    fn keep(&self, simulation: &Simulation) -> Keep {
        simulation.keep
    }

    /// An attempt is about to be handed to the executor.
    fn submitting(&mut self, key: JobKey, attempt: Attempt) -> Result<(), Self::Error>;

    /// The executor has it, under this name.
    fn submitted(&mut self, key: JobKey, job: &str) -> Result<(), Self::Error>;

    /// An attempt ended without an outcome. Of a fault there is a kind; without a fault we ended it
    /// ourselves.
    fn interrupted(
        &mut self,
        key: JobKey,
        reason: &str,
        fault: Option<Fault>,
    ) -> Result<(), Self::Error>;
}

/// What kind of fault ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There was not the memory.
    OutOfMemory,
    /// There was not the time.
    OutOfTime,
    /// Anything else that is not the model's.
    Other,
}

/// Nobody: what these simulations are is told by their files.
pub type NoLedger = Untold<Infallible>;

/// Notes nothing.
pub struct Untold<E>(PhantomData<E>);

impl<E> Default for Untold<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E> Ledger for Untold<E> {
    type Error = E;

    fn submitting(&mut self, _: JobKey, _: Attempt) -> Result<(), E> {
        Ok(())
    }

    fn submitted(&mut self, _: JobKey, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn interrupted(&mut self, _: JobKey, _: &str, _: Option<Fault>) -> Result<(), E> {
        Ok(())
    }
}
