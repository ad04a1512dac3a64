#!/usr/bin/env bash
# A ParameterSet that was saved may not be readable again, or may be read with other values.
# Packages: parameters 0.2.1.
# Expected: ParameterSet(file) after p.save(file) equals p, for strings and numbers that a set may
#   hold.
# Happens: strings are put between double quotes as they are. A backslash and an n (a Windows path)
#   is read back as a line break, silently; a double quote within is SyntaxError. An infinite number
#   is written as inf, which is NameError. A reference is written as <parameters.ParameterReference
#   object at ...>, SyntaxError.
# Why it matters: saved sets are the record of what a simulation was run with.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check parameters==0.2.1
cd "$work" && venv/bin/python - <<'END'
from parameters import ParameterSet

def read_back(value):
    ParameterSet({"a": value, "b": 1}).save("saved.param")
    try:
        return repr(ParameterSet("saved.param")["a"])
    except Exception as error:
        return type(error).__name__

cases = {"plain": "plain", "path": "maps\\new", "quote": 'the "old" map', "infinite": float("inf"),
         "reference": ParameterSet("{'b': 1, 'c': ref('b')}")["c"]}
said = {name: read_back(value) for name, value in cases.items()}
for name, result in said.items():
    print(f"{name}: {cases[name] if name != 'reference' else 'ref'!r} is read back as {result}")
expected = {"plain": "'plain'", "path": "'maps\\new'", "quote": "SyntaxError", "infinite": "NameError", "reference": "SyntaxError"}
assert said == expected, "saved sets are read back otherwise"
END
