#!/usr/bin/env bash
# A misspelt name in an override of a ParameterSet is added where its parent exists, and is a
# KeyError elsewhere.
# Packages: parameters 0.2.1.
# Expected: load_parameters(file, {path: value}) replaces values, as its name replace_values says,
#   and refuses a path that is not there.
# Happens: 'sheets.l4.wieght' is added beside 'weight', silently; the model runs with the old
#   weight. A path whose middle is missing is KeyError with that part only; a path below a reference
#   is TypeError about item assignment, although the reference stands for a whole tree that has the
#   name.
# Why it matters: a search over a misspelt parameter runs to its end with every candidate the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check parameters==0.2.1
cat >"$work/model.param" <<'END'
{'sheets': {'l4': {'weight': 1.0, 'K': 5}, 'l23': ref('sheets.l4')}}
END
cd "$work" && venv/bin/python - <<'END'
from parameters import load_parameters

def with_override(path, value):
    try:
        return str(load_parameters("model.param", {path: value}))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

said = {path: with_override(path, 9.0) for path in ("sheets.l4.wieght", "sheets.l5.weight", "sheets.l23.weight")}
for path, result in said.items():
    print(f"{path} = 9: {result}")
assert "'weight': 1.0, 'K': 5, 'wieght': 9.0" in said["sheets.l4.wieght"], "a misspelt name is no longer added"
assert said["sheets.l5.weight"] == "KeyError: 'l5'", "a missing parent is told otherwise"
assert said["sheets.l23.weight"].startswith("TypeError"), "an override below a reference now works"
END
