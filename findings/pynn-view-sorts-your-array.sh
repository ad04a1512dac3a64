#!/usr/bin/env bash
# Choosing cells by an array of indices sorts the array that was passed.
# Packages: nest-simulator 3.10.0, PyNN 0.13.0, neo 0.14.6, quantities 0.16.4, numpy 2.4.6 (nothing
#   is simulated).
# Expected: population[indices] gives the cells in the order asked for, as numpy would, or in
#   another order but with the caller's array untouched.
# Happens: the view is in ascending order, and so is the caller's own array afterwards: it was
#   sorted in place, without a warning. Lists are copied first, so only the cells are in another
#   order than the list.
# Why it matters: arrays that go with the indices (orientations, positions, parameters of each cell)
#   no longer fit them, and a look at the indices afterwards does not show why.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    nest-simulator==3.10.0 PyNN==0.13.0 neo==0.14.6 quantities==0.16.4 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import numpy as np, pyNN.nest as sim

sim.setup(timestep=0.1)
cells = sim.Population(20, sim.IF_cond_exp())
chosen = np.array([7, 3, 11])
tau_m = [7.0, 3.0, 11.0]            # meant for cells 7, 3 and 11
cells[chosen].set(tau_m=tau_m)
got = dict(zip((3, 7, 11), np.array(cells.get("tau_m"))[[3, 7, 11]].tolist()))
print("the caller's array is now", chosen.tolist(), "and tau_m by cell is", got)
assert chosen.tolist() == [3, 7, 11], "the caller's array is no longer sorted in place"
assert got == {3: 7.0, 7: 3.0, 11: 11.0}, "the values now go to the cells in the order asked for"
END
