#!/usr/bin/env bash
# The history that BluePyOpt's IBEA returns has more entries than evaluations: parents are entered
# again.
# Packages: BluePyOpt 1.14.26, deap 1.4.4, numpy 2.4.6, pandas 3.1.1.
# Expected: history.genealogy_history has one entry for each evaluated individual, as it has with
#   the CMA.
# Happens: 36 evaluations, 60 entries: beside the children of each generation the parents that were
#   chosen stand in it again, under new numbers and without a mark.
# Why it matters: whoever counts simulations, or draws densities or costs from the checkpoint,
#   counts the good points several times; which entries cost a simulation cannot be told from the
#   numbers.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    bluepyopt==1.14.26 deap==1.4.4 numpy==2.4.6 pandas==3.1.1
cd "$work" && venv/bin/python -W ignore - <<'END'
import bluepyopt as bpop

class Distance(bpop.objectives.Objective):
    pass

class Problem(bpop.evaluators.Evaluator):
    evaluations = 0
    def __init__(self):
        super().__init__([Distance("a"), Distance("b")], [bpop.parameters.Parameter(n, bounds=[0, 10]) for n in "xy"])
    def evaluate_with_lists(self, values):
        self.evaluations += 1
        return [(values[0] - 3) ** 2, (values[1] - 4) ** 2]
    init_simulator_and_evaluate_with_lists = evaluate_with_lists

found = {}
for kind in (bpop.deapext.optimisations.DEAPOptimisation, bpop.deapext.optimisationsCMA.DEAPOptimisationCMA):
    problem = Problem()
    history = kind(evaluator=problem, offspring_size=12, seed=1, map_function=map).run(max_ngen=3)[3].genealogy_history
    points = {tuple(individual) for individual in history.values()}
    found[kind.__name__] = (problem.evaluations, len(history))
    print(f"{kind.__name__}: {problem.evaluations} evaluations, {len(history)} entries, {len(points)} different points")
assert found["DEAPOptimisation"] == (36, 60), "IBEA's history has another number of entries"
assert found["DEAPOptimisationCMA"] == (48, 48), "the CMA's history is no longer one entry per evaluation"
END
