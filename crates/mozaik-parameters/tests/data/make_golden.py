"""Makes model.golden.json and formulas.golden.json with CPython and the package `parameters` 0.2.1,
on which mozaik's parameters are built. Run in this directory:

    pip install parameters==0.2.1
    python make_golden.py

What mozaik adds to the package is done here: the names of the language, and that after the
references every dictionary with the class_name PyNNDistribution becomes one.
"""

import json
import math
import random

import parameters


class PyNNDistribution:
    def __init__(self, name, **named):
        self.name, self.named = name, named

    def __repr__(self):
        named = "".join(f",{key}={value}" for key, value in self.named.items())
        return f"PyNNDistribution(name='{self.name}'{named})"


NAMES = {"pi": math.pi, "PyNNDistribution": PyNNDistribution}
NAMES["url"] = lambda path: parameters.ParameterSet(path, update_namespace=NAMES)
parameters.ParameterReference.__repr__ = lambda self: f"ref({self.reference_path!r})"


def instantiate(tree):
    for key, value in list(tree.items()):
        if isinstance(value, dict) and value.get("class_name") == "PyNNDistribution":
            tree[key] = PyNNDistribution(**value["params"])
        elif isinstance(value, dict):
            instantiate(value)


def leaves(tree, path=""):
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{key}.")
        else:
            yield path + key, repr(value)


def resolve(source, overrides):
    """The leaves of a file, or of a text, or the name of the exception."""
    try:
        tree = parameters.ParameterSet(source, update_namespace=NAMES)
        tree.replace_values(**overrides)
        tree.replace_references()
        instantiate(tree)
        return {"resolved": dict(leaves(tree))}
    except Exception as error:
        return {"error": type(error).__name__}


MODEL = [
    {},
    {"sheets.exc_l4.K": 1100, "sheets.exc_l4.params.cell.params.tau_m": 10.72473469161203},
    # A reference that is replaced is cut off; what referred to it follows.
    {
        "sheets.inh_l4.InhExcConnection.base_weight": 0.001,
        "sheets.exc_l23.params.cell.params.cm": 0.03,
        "sheets.inh_l4.params.artificial_stimulators": None,
        "sheets.inh_l4.AfferentVar": 16.25,
        "results_dir": "/data/x/",
        "sheets.inh_l4.AfferentConnection.num_samples.params.low": 5,
    },
    # Below a reference.
    {"sheets.inh_l4.params.cell.params.tau_m": 9.0},
    {"sheets.exc_l4.no.such": 1},
    # Something refers to what was below.
    {"sheets.inh_l4.params.cell": None},
]
FORMULAS = [
    "{'a': ref('b'), 'b': {'x': 1}, 'c': ref('a.x')}",
    "{'c': ref('a.x'), 'a': ref('b'), 'b': {'x': 1}}",
    "{'a': {'p': ref('b')}, 'b': {'q': ref('c.r')}, 'c': {'r': 7}}",
    "{'a': 2, 'b': 2**ref('a')}",
    "{'a': 2, 'b': -ref('a')}",
    "{'a': 2, 'b': ref('a')**ref('a')}",
    "{'a': 2, 'b': ref('a')//2}",
    "{'a': {'x': 1}, 'b': ref('a')*2}",
    "{'a': 2, 'b': ref('c')}",
    "{'a': 2, 'b': ref('a.c')}",
    "{'a': None, 'b': ref('a') + 1}",
    "{'a': 0, 'b': 1/ref('a')}",
    "{'a': True, 'b': ref('a')*3, 'c': ref('a')}",
    "{'a': 1, 'b': [ref('a')], 'c': ref('b'), 'd': PyNNDistribution(name='uniform',low=ref('a'),high=2)}",
    "{'names': 1}",
    "{'a': {'parameters': 1}}",
    "{'a': 0, 'b': ref('a') or 1, 'c': ref('a') and 1, 'd': not ref('a'), 'e': not not ref('a')}",
    "{'a': 3, 'b': False or ref('a'), 'c': None and ref('a'), 'd': 0 or ref('a') - 3 or 1}",
    "{'a': 0.5, 'b': (ref('a') * ref('c') + ref('c') or 4.0) / 4.0, 'c': 0}",
    "{'a': 1 or ref('nowhere'), 'b': 0 and url('nowhere'), 'c': 1 or 1/0, 'd': '' or unknown}",
    "{'a': 1 or ref('nowhere'), 'b': 0 and url('nowhere'), 'c': 1 or 1/0, 'd': 'x' or unknown}",
    "{'a': {'x': 1}, 'b': ref('a') or 1, 'c': (ref('a') or 1) * 2}",
    "{'a': PyNNDistribution(name='uniform', low=ref('b'), high=2) or 1, 'b': [] or () or 0.0}",
    "{1: 2}",
    "{'a': undefined}",
]


def formula(depth):
    choice = random.random()
    if depth == 0 or choice < 0.3:
        return f"ref('{random.choice('abcdef')}')"
    if choice < 0.4:
        return f"({formula(depth - 1)}) ** {random.choice([2, 3, -1, 0.5])}"
    left, right = (
        formula(depth - 1),
        random.choice(["2", "7", "-3", "0.25", "1e3", "0", f"({formula(depth - 1)})"]),
    )
    if random.random() < 0.4:
        left, right = right, f"({left})"
    return f"({left}) {random.choice('+-*/')} {right}"


random.seed(20)
for _ in range(150):
    # Later letters refer to earlier ones only, or the package would never end.
    a, b, c = (
        random.choice([3, -5, 2.5]),
        random.choice([4, 0, 1e-3]),
        random.choice([17, 6.02e23, True]),
    )
    entries = [f"'{key}': {formula(2)}" for key in "def"]
    for index in range(3):
        for later in "def"[index:]:
            entries[index] = entries[index].replace(f"ref('{later}')", "ref('a')")
    entries += [f"'a': {a}", f"'b': {b}", f"'c': {c}"]
    random.shuffle(entries)
    FORMULAS.append("{" + ", ".join(entries) + "}")

with open("model.golden.json", "w") as file:
    json.dump(
        [{"overrides": overrides, **resolve("param/defaults", overrides)} for overrides in MODEL],
        file,
        indent=1,
    )
with open("formulas.golden.json", "w") as file:
    json.dump([{"text": text, **resolve(text, {})} for text in FORMULAS], file, indent=0)
