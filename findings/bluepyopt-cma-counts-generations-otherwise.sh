#!/usr/bin/env bash
# BluePyOpt's CMA runs one generation more than max_ngen, and a resumed run has a generation number
# twice.
# Packages: BluePyOpt 1.14.26, deap 1.4.4, numpy 2.4.6, pandas 3.1.1.
# Expected: "max_ngen: total number of generations to run": 3 runs 3. An interrupted run continues
#   with the next.
# Happens: max_ngen=3 evaluates 4 generations. Broken off in generation 3 and continued, the logbook
#   has the generations 1, 2, 2, 3, 4 ...: the first new one has the number of the last finished,
#   and in the end there is one generation more than without the interruption.
# Why it matters: budgets are exceeded, and curves over the generation number have two points at one
#   number.
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
    evaluations, stop_after = 0, None
    def __init__(self):
        super().__init__([Distance("a"), Distance("b")], [bpop.parameters.Parameter(n, bounds=[0, 10]) for n in "xy"])
    def evaluate_with_lists(self, values):
        self.evaluations += 1
        if self.evaluations == self.stop_after:
            raise KeyboardInterrupt
        return [(values[0] - 3) ** 2, (values[1] - 4) ** 2]
    init_simulator_and_evaluate_with_lists = evaluate_with_lists

def search(stop_after=None, **run):
    problem = Problem()
    problem.stop_after = stop_after
    cma = bpop.deapext.optimisationsCMA.DEAPOptimisationCMA(evaluator=problem, offspring_size=12, seed=1, map_function=map)
    logbook = cma.run(cp_filename="c.pkl", cp_frequency=1, **run)[2]
    return [record["gen"] for record in logbook]

three = search(max_ngen=3)
whole = search(max_ngen=6)
try:
    search(stop_after=30, max_ngen=6)
except KeyboardInterrupt:
    resumed = search(max_ngen=6, continue_cp=True)
print(f"max_ngen=3: {three}; max_ngen=6: {whole}; interrupted and resumed: {resumed}")
assert three == [1, 2, 3, 4], "max_ngen=3 runs another number of generations"
assert resumed == [1, 2, 2, 3, 4, 5, 6, 7] and whole == [1, 2, 3, 4, 5, 6, 7], "resuming counts otherwise"
END
