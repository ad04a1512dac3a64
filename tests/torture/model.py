"""The model that is searched: two parameters, two values, a few hundredths of a second."""

import json
import shutil
from pathlib import Path

TARGETS = [
    {"class": "TargetValue", "name": "a", "target_value": 0.5, "norm": 0.01},
    {"class": "TargetValue", "name": "b", "target_value": -0.4, "norm": 0.01},
]

CONFIG = {
    "parameters": {"x": [-3.0, 3.0], "y": [-3.0, 3.0]},
    "optimiser_centroid": {"x": 2.0, "y": 2.0},
    "targets": TARGETS,
}

# A line goes to the ledger when it begins, and another one when everything is written, which says
# whether its job still lives. It bears no leftovers: what an earlier attempt left makes it fail.
SIMULATOR = r"""
here=${MOZOPT_SIMULATION%/*}
set -- $(awk -F '[:,]' '
    /"attempt"/ { attempt = $2 }
    /"seed"/ { seed = $2 }
    /"x"/ { x = $2 }
    /"y"/ { y = $2 }
    END { printf "%d %d %.17g %.17g %.17g %.17g", attempt, seed, x, y, x + 0.1 * y * y, x * y }
' "$MOZOPT_SIMULATION")
[ $# = 6 ] || exit 3
note() {
    read -r _ _ _ parent _ < /proc/$$/stat
    [ "$parent" = $PPID ] && job=alive || job=dead
    echo "$1 $here $attempt $x $y $job" >> "$MOZOPT_TORTURE/ledger" || exit 4
}
attempt=$1 x=$3 y=$4
note begin
mkdir "$here/mine" || exit 5
echo 1 >> "$here/own" && [ "$(wc -l < "$here/own")" = 1 ] || exit 6
sleep "${MOZOPT_TORTURE_SLEEP:-0.0$(($2 % 40 + 10))}"
echo "{\"values\": {\"a\": $5, \"b\": $6}}" > "$here/values.json" || exit 7
note end
"""

SETTINGS = """\
[simulator]
kind = "command"
command = "{command}"
{simulator}
[execution]
slots = 2
retries = {retries}
retry_pause = "1s"
{execution}
[optimizer]
seed = 5
{optimizer}
"""

# What is searched how. The short ones are for what is repeated at each step.
OPTIMIZERS = {
    "cma-es": 'algorithm = "cma-es"\noffspring_size = 4\nmax_ngen = 4\nvalidate_best = 0',
    "sobol": 'algorithm = "sobol"\noffspring_size = 5\nmax_ngen = 3\nvalidate_best = 0',
    "composite": 'algorithm = "composite"\noffspring_size = 4\nmax_ngen = 3\nvalidate_best = 1',
    "short": 'algorithm = "cma-es"\noffspring_size = 4\nmax_ngen = 2\nvalidate_best = 0',
}


def values(x, y):
    """What the simulator measures for these parameters, to the bit."""
    return {"a": x + 0.1 * y * y, "b": x * y}


def write(
    directory, optimizer, command="exec sh simulate.sh", simulator="", execution="", retries=20
):
    """Writes the model and what is searched. These retries are never used up."""
    directory = Path(directory)
    (directory / "param_optim").mkdir(parents=True)
    (directory / "param_optim/config_optimisation").write_text(json.dumps(CONFIG))
    (directory / "mozopt.toml").write_text(
        SETTINGS.format(
            command=command,
            simulator=simulator,
            execution=execution,
            retries=retries,
            optimizer=OPTIMIZERS[optimizer],
        )
    )
    (directory / "simulate.sh").write_text(SIMULATOR)


def missing_tools():
    """Programs that the simulator needs and this machine does not have."""
    return [name for name in ("sh", "bash", "awk", "sleep") if not shutil.which(name)]
