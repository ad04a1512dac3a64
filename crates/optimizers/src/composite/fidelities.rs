//! Which fidelities the next candidates have, and what was learnt of them.

use super::Composite;
use super::allocation::{Spending, Worth};
use super::belief::Guide;
use super::kernel::Point;
use crate::FidelityDiagnostics;
use crate::deviates::Seeded;

/// Points at which it is asked whether cheaper simulations would still tell something: near the
/// best, with this standard deviation in radii.
const POINTS_IN_QUESTION: usize = 8;
const QUESTION_SPREAD: f64 = 0.3;

impl Composite {
    /// How many there are, the full simulation included.
    pub(super) fn fidelities(&self) -> usize {
        1 + self.settings.fidelities.len()
    }

    /// The fidelities of `count` candidates, the first of which is `number`.
    pub(super) fn next_fidelities(&self, number: u64, count: usize) -> Vec<usize> {
        if self.fidelities() == 1 {
            return vec![0; count];
        }
        let mut spending = self.spending();
        let worths = self.worths(number);
        (0..count).map(|_| spending.next(&worths)).collect()
    }

    /// What was spent on the candidates so far.
    fn spending(&self) -> Spending {
        let fidelities = self.proposals.iter().map(|proposal| proposal.fidelity);
        Spending::new(&self.settings.fidelities, fidelities, &self.core_seconds)
    }

    /// What is known of the cheaper fidelities, for the points that the candidate `number` might
    /// have.
    fn worths(&self, number: u64) -> Vec<Worth> {
        let points = self.points_in_question(number);
        let of = |fidelity| match &self.belief {
            Some(belief) if belief.is_believed(fidelity) => {
                let doubt = belief.doubt(fidelity, &points);
                doubt.map_or(Worth::Promising, |doubt| Worth::Known { doubt })
            }
            belief => {
                let credit = belief.as_ref().and_then(|belief| belief.credit(fidelity));
                Worth::Doubtful { credit: credit.unwrap_or(0.0) }
            }
        };
        (1..self.fidelities()).map(of).collect()
    }

    /// Points near the best ones.
    fn points_in_question(&self, number: u64) -> Vec<Point> {
        let Some(belief) = &self.belief else { return vec![] };
        let mut normal = Seeded::new(self.settings.seed, "composite doubts").normal(number);
        let step = QUESTION_SPREAD * belief.region.radius;
        let mut near = |guide: &Guide| -> Point {
            let point: Point = guide.point.iter().map(|x| x + step * normal()).collect();
            self.coordinates.admissible(&point)
        };
        belief.guides.iter().take(POINTS_IN_QUESTION).map(&mut near).collect()
    }

    pub(super) fn fidelity_diagnostics(&self) -> Vec<FidelityDiagnostics> {
        let spending = self.spending();
        let of = |fidelity| {
            let mut relations = vec![None; self.rules.len()];
            let known = self.belief.as_ref().and_then(|belief| belief.relations(fidelity));
            for (target, relation) in known.into_iter().flatten() {
                relations[target] = Some(relation);
            }
            FidelityDiagnostics {
                candidates: spending.proposed(fidelity),
                cost: spending.cost(fidelity),
                skill: self.belief.as_ref().and_then(|belief| belief.skill(fidelity)),
                relations,
            }
        };
        (1..self.fidelities()).map(of).collect()
    }
}
