#!/usr/bin/env bash
# Writing back what was read from a NIX array changes it, if the array has a polynomial.
# Packages: nixio 1.5.4, h5py 3.16.0, packaging 26.4, numpy 2.4.6.
# Expected: a[:] = a[:] leaves the array as it is. a.append(x) appends x.
# Happens: polynom_coefficients (the gain and offset of the recording device) are applied when
#   values are read and not undone when they are written. With a gain of 2, every a[:] = a[:]
#   doubles the array, and 10 appended is read as 20. The dtype says int64 although reading gives
#   float64, and what is written is cut to whole numbers without a word.
# Why it matters: correcting an artefact in place, or copying channels from file to file together
#   with their coefficients, scales the recording twice.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    nixio==1.5.4 h5py==3.16.0 packaging==26.4 numpy==2.4.6
cd "$work" && venv/bin/python -W ignore - <<'END'
import nixio, numpy as np

file = nixio.File.open("recording.nix", nixio.FileMode.Overwrite)
block = file.create_block("session", "recording")

def array(name, gain):
    raw = block.create_data_array(name, "signal", data=np.arange(1, 5), unit="mV")
    raw.polynom_coefficients = (0.0, gain)
    return raw

doubled = array("doubled", 2.0)
first = doubled[:].tolist()
doubled[:] = doubled[:]
second = doubled[:].tolist()
doubled.append([10])
last = float(doubled[:][-1])
halved = array("halved", 0.5)
before = halved[:].tolist()
halved[:] = halved[:]
after = halved[:].tolist()
print(f"gain 2: {first}, written back {second}; 10 appended is {last}")
print(f"gain 0.5: {before}, written back {after}; dtype {halved.dtype}, reading gives {halved[:].dtype}")
assert (first, second, last) == ([2.0, 4.0, 6.0, 8.0], [4.0, 8.0, 12.0, 16.0], 20.0), "writing undoes the polynomial"
assert (before, after) == ([0.5, 1.0, 1.5, 2.0], [0.0, 0.5, 0.5, 1.0]), "fractions are written otherwise"
assert halved.dtype == np.int64 and halved[:].dtype == np.float64, "the dtype is that of the values"
file.close()
END
