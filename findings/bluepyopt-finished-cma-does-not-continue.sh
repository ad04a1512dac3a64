#!/usr/bin/env bash
# A finished CMA run of BluePyOpt continued with a larger max_ngen does nothing; IBEA does continue.
# Packages: BluePyOpt 1.14.26, deap 1.4.4, numpy 2.4.6, pandas 3.1.1.
# Expected: run(max_ngen=10, continue_cp=True) after run(max_ngen=3) goes on to generation 10, as it
#   does with DEAPOptimisation (IBEA).
# Happens: with DEAPOptimisationCMA nothing is evaluated and the old result is returned, without a
#   message: the stopping criterion with the old max_ngen is in the checkpoint, and the new one is
#   not looked at.
# Why it matters: a search that was given too few generations cannot be prolonged, and who does not
#   count the evaluations takes the old result for the new.
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

def evaluations(kind, **run):
    problem = Problem()
    kind(evaluator=problem, offspring_size=12, seed=1, map_function=map).run(cp_filename=kind.__name__, cp_frequency=1, **run)
    return problem.evaluations

found = {}
for kind in (bpop.deapext.optimisationsCMA.DEAPOptimisationCMA, bpop.deapext.optimisations.DEAPOptimisation):
    first = evaluations(kind, max_ngen=3)
    found[kind.__name__] = evaluations(kind, max_ngen=10, continue_cp=True)
    print(f"{kind.__name__}: {first} evaluations with max_ngen=3, {found[kind.__name__]} more with max_ngen=10")
assert found["DEAPOptimisationCMA"] == 0, "a finished CMA run can now be continued"
assert found["DEAPOptimisation"] > 0, "a finished IBEA run can no longer be continued"
END
