//! Allocations of Slurm in which controllers ran together with their simulations. What is billed is
//! all that they have, as long as they are held.

use jiff::Timestamp;

/// The time of each, up to the last entry of its controller.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Allocated {
    periods: Vec<Period>,
    is_held: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Period {
    from: Timestamp,
    to: Timestamp,
    cores: u64,
}

impl Allocated {
    /// A controller began, in an allocation with this number of cores, or in none.
    pub fn begin(&mut self, now: Timestamp, cores: Option<u64>) {
        self.is_held = cores.is_some();
        self.periods.extend(cores.map(|cores| Period { from: now, to: now, cores }));
    }

    /// The controller is still at work.
    pub fn goes_on(&mut self, now: Timestamp) {
        if let Some(period) = self.periods.last_mut().filter(|_| self.is_held) {
            period.to = now;
        }
    }

    /// The controller ended.
    pub fn end(&mut self) {
        self.is_held = false;
    }

    /// Whether one is held now.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Cores times seconds, of all.
    pub fn core_seconds(&self) -> f64 {
        let of_one =
            |it: &Period| it.cores as f64 * it.to.duration_since(it.from).as_secs_f64().max(0.0);
        self.periods.iter().map(of_one).sum()
    }

    /// Whether one was held at this time, so that what ended then is counted with it.
    pub fn covers(&self, time: Timestamp) -> bool {
        self.periods.iter().any(|period| (period.from..=period.to).contains(&time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocation_counts_as_long_as_its_controller_runs() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut allocated = Allocated::default();
        allocated.begin(at(0), None);
        allocated.goes_on(at(50));
        assert!(!allocated.covers(at(50)));
        allocated.begin(at(100), Some(12));
        allocated.goes_on(at(110));
        allocated.end();
        allocated.goes_on(at(500));
        allocated.begin(at(600), Some(4));
        allocated.goes_on(at(605));
        assert!((allocated.core_seconds() - (12.0 * 10.0 + 4.0 * 5.0)).abs() < 1e-9);
        assert!(allocated.covers(at(105)) && !allocated.covers(at(300)) && allocated.is_held());
    }
}
