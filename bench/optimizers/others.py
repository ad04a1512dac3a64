"""What people would use instead of mozopt's optimizers, on the benchmark's own problems.

Every method sees the total score only (BluePyOpt: the scores, which it sums), and a simulation that
explodes as the worst total. It gets the same start, the same noise and the same number of
simulations, and proposes twelve at a time unless its row says otherwise. Coordinates are those in
which every range is [-1, 1].
"""

import argparse
import contextlib
import json
import subprocess
import time
import warnings
from pathlib import Path

import numpy as np

BATCH = 12
SIGMA = 0.3


class Problem:
    """A problem that the benchmark's program answers for."""

    def __init__(self, program, name):
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.server = subprocess.Popen([program, "serve", name], text=True, **pipes)
        facts = self.request("problem")
        self.low, self.high = np.array(facts["low"]), np.array(facts["high"])
        self.worst = facts["worst"]

    def request(self, request):
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        answer = self.server.stdout.readline()
        if not answer:
            raise RuntimeError(f"no answer to {request}")
        return json.loads(answer)

    def start(self, seed):
        return np.array(self.request({"start": {"seed": seed}})["parameters"])

    def to_unit(self, parameters):
        return 2 * (parameters - self.low) / (self.high - self.low) - 1

    def from_unit(self, unit):
        unit = np.clip(unit, -1, 1)
        return np.clip(self.low + (unit + 1) / 2 * (self.high - self.low), self.low, self.high)

    def truth(self, parameters):
        """The noiseless total; the worst where the model explodes."""
        return self.request({"truth": {"parameters": list(parameters)}})["total"]


class BudgetSpent(Exception):
    pass


class Search:
    """One search: simulates, and notes what a user would be recommended after each simulation.

    That is the candidate with the least total that was seen.
    """

    def __init__(self, problem, method, seed, budget):
        self.problem, self.method, self.seed, self.budget = problem, method, seed, budget
        self.start = problem.start(seed)
        self.unit_start = problem.to_unit(self.start)
        self.simulations, self.exploded, self.least = 0, 0, np.inf
        self.recommended = {method: []}

    def scores(self, parameters):
        """Simulates; the score of every target. BudgetSpent when no more simulations are left."""
        if self.simulations == self.budget:
            raise BudgetSpent
        parameters = [float(value) for value in parameters]
        which = {"candidate": self.simulations, "seed": self.seed}
        outcome = self.problem.request({"simulate": {**which, "parameters": parameters}})
        self.simulations += 1
        self.exploded += outcome["exploded"]
        if outcome["total"] < self.least:
            self.least = outcome["total"]
            self.recommend(self.method, parameters)
        return outcome["scores"]

    def total(self, unit):
        return sum(self.scores(self.problem.from_unit(unit)))

    def recommend(self, row, parameters):
        truth = self.problem.truth(parameters)
        self.recommended.setdefault(row, []).append((self.simulations, truth))

    def around_start(self, count):
        """The start and normal deviates around it, as the first generation of CMA-ES."""
        deviates = np.random.default_rng(self.seed).normal(size=(count, len(self.start)))
        deviates[0] = 0
        return np.clip(self.unit_start + SIGMA * deviates, -1, 1)


def bluepyopt(search, offspring_size=BATCH):
    """BluePyOpt with the settings of the predecessor."""
    from bluepyopt.deapext.optimisationsCMA import DEAPOptimisationCMA
    from bluepyopt.evaluators import Evaluator
    from bluepyopt.objectives import Objective
    from bluepyopt.parameters import Parameter

    class Simulation(Evaluator):
        def init_simulator_and_evaluate_with_lists(self, parameters):
            return search.scores(parameters)

    bounds = zip(search.problem.low, search.problem.high)
    evaluator = Simulation(
        objectives=[Objective(f"target {t}") for t in range(round(search.problem.worst / 20))],
        params=[Parameter(f"parameter {i}", bounds=b) for i, b in enumerate(bounds)],
    )
    DEAPOptimisationCMA(
        evaluator=evaluator,
        seed=search.seed,
        offspring_size=offspring_size,
        centroids=[list(search.start)],
        sigma=SIGMA,
    ).run(max_ngen=search.budget)


def bluepyopt_16(search):
    bluepyopt(search, 16)


def pycma_options(search):
    # Seed 0 would be the clock's.
    return {"popsize": BATCH, "bounds": [-1, 1], "seed": search.seed + 1, "verbose": -9}


def pycma(search):
    import cma

    es = cma.CMAEvolutionStrategy(search.unit_start, SIGMA, pycma_options(search))
    while True:
        candidates = es.ask()
        es.tell(candidates, [search.total(candidate) for candidate in candidates])
        search.recommend("pycma, its mean", search.problem.from_unit(es.result.xfavorite))


def lq_cma(search):
    """pycma with a linear or quadratic model of the total; it simulates as few as it trusts it."""
    import cma

    def note_mean(es):
        mean = search.problem.from_unit(es.result.xfavorite)
        search.recommend("pycma lq, its mean", mean)

    options = pycma_options(search)
    cma.fmin_lq_surr2(search.total, search.unit_start, SIGMA, options, callback=note_mean)


def optuna_study(search, sampler, first):
    """Asks twelve at a time; the given points are simulated first."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    uniform = optuna.distributions.FloatDistribution(-1, 1)
    space = {f"{i:02}": uniform for i in range(len(search.start))}
    study = optuna.create_study(sampler=sampler)
    for point in first:
        study.enqueue_trial(dict(zip(space, map(float, point))))
    count = len(first)
    while True:
        trials = [study.ask(space) for _ in range(count)]
        for trial in trials:
            study.tell(trial, search.total(np.array([trial.params[name] for name in space])))
        count = BATCH


def optuna_cma(search):
    from optuna.samplers import CmaEsSampler

    x0 = {f"{i:02}": float(value) for i, value in enumerate(search.unit_start)}
    sampler = CmaEsSampler(x0=x0, sigma0=SIGMA, popsize=BATCH, seed=search.seed)
    optuna_study(search, sampler, [search.unit_start])


def optuna_tpe(search):
    from optuna.samplers import TPESampler

    optuna_study(search, TPESampler(seed=search.seed), search.around_start(BATCH))


def optuna_gp(search):
    from optuna.samplers import GPSampler

    optuna_study(search, GPSampler(seed=search.seed), search.around_start(BATCH))


def turbo(search):
    from turbo import minimize

    dimensions = len(search.start)
    minimize(search.total, search.around_start(2 * dimensions), BATCH, search.seed)


METHODS = {
    "BluePyOpt, 12": bluepyopt,
    "BluePyOpt, 16": bluepyopt_16,
    "pycma": pycma,
    "pycma lq": lq_cma,
    "Optuna CMA-ES": optuna_cma,
    "Optuna TPE": optuna_tpe,
    "Optuna GP": optuna_gp,
    "TuRBO-1": turbo,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--program", required=True, help="the benchmark's program")
    add("--problem", required=True)
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    add("--seeds", type=int, default=5)
    add("--budget", type=int, default=400)
    add("--histories", type=Path, required=True, help="taken up where it ends; one search a line")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    problem = Problem(arguments.program, arguments.problem)
    arguments.histories.touch()
    lines = [json.loads(line) for line in arguments.histories.read_text().splitlines()]
    done = {(line["method"], line["seed"]) for line in lines}
    for seed in range(arguments.seeds):
        for method in arguments.methods:
            if (method, seed) not in done:
                history = run(problem, method, seed, arguments.budget)
                with arguments.histories.open("a") as file:
                    file.writelines(json.dumps(line) + "\n" for line in history)


def run(problem, method, seed, budget):
    search = Search(problem, method, seed, budget)
    begin = time.process_time()
    with contextlib.suppress(BudgetSpent):
        METHODS[method](search)
    seconds = time.process_time() - begin
    last = search.recommended[method][-1][1]
    what = f"{problem.name}, {method}, seed {seed}"
    print(f"{what}: {last:.1f} after {search.simulations}, {seconds:.0f} s", flush=True)
    common = {
        "seed": seed,
        "simulations": search.simulations,
        "exploded": search.exploded,
        "seconds": seconds,
    }
    rows = search.recommended.items()
    return [{"method": row, **common, "recommended": pairs} for row, pairs in rows]


if __name__ == "__main__":
    main()
