#!/usr/bin/env bash
# References inside lists of a ParameterSet are never replaced by what they refer to.
# Packages: parameters 0.2.1.
# Expected: load_parameters replaces every ref('...') in a file, in a list as well as beside a key.
# Happens: only values that stand directly beside a key are looked at. In a list or tuple the
#   reference object stays, without a word; it has no number in it, and arithmetic with it makes
#   another reference, not an error.
# Why it matters: a parameter list such as [ref('stimulus.contrast'), 100] passes through the model,
#   and the failure comes late: PyNN, numpy or a plot gets an object.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check parameters==0.2.1
cat >"$work/model.param" <<'END'
{'contrast': 30, 'twice': ref('contrast') * 2, 'contrasts': [ref('contrast'), 100], 'deep': {'pair': (0, ref('contrast'))}}
END
cd "$work" && venv/bin/python - <<'END'
from parameters import load_parameters

loaded = load_parameters("model.param", {})
kinds = [type(loaded["contrasts"][0]).__name__, type(loaded["deep"]["pair"][1]).__name__, type(loaded["contrasts"][0] * 2).__name__]
print("beside a key:", loaded["twice"], "| in a list, in a tuple, in a list and doubled:", kinds)
assert loaded["twice"] == 60, "a reference beside a key is not replaced"
assert kinds == ["ParameterReference"] * 3, "references in lists are now replaced"
END
