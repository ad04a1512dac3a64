"""A simulator that costs nothing: targets are noisy linear functions of the parameters.

With a number of seconds as argument it takes between a third and five thirds of them, a factor of
five, the same for the same candidate.
"""

import json
import os
import pathlib
import random
import sys
import time

path = pathlib.Path(os.environ["MOZOPT_SIMULATION"])
simulation = json.loads(path.read_text())
if len(sys.argv) > 1:
    share = random.Random(simulation["candidate"]).uniform(1 / 3, 5 / 3)
    time.sleep(share * float(sys.argv[1]))
parameters = list(simulation["parameters"].values())
noise = random.Random(simulation["seed"])
values = {}
for target in json.loads(os.environ["TARGETS"]):
    weights = random.Random(target)
    values[target] = sum(weights.gauss(0, 1) * p for p in parameters) + noise.gauss(0, 0.1)
path.with_name("values.json").write_text(json.dumps({"values": values}))
