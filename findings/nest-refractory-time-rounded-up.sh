#!/usr/bin/env bash
# NEST rounds a refractory time up to the next step and goes on showing what was given.
# Packages: nest-simulator 3.10.0, numpy 2.4.6.
# Expected: t_ref between two steps is refused, or rounded to the nearest step and shown so (a delay
#   is), or kept exactly by the models with precise spike times.
# Happens: with steps of 0.1 ms, 2.001 ms acts as 2.1 ms: the interval between spikes is the same
#   for 2.001, 2.04 and 2.1, and the cell says 2.001. iaf_psc_exp_ps, whose spikes are off the
#   grid, does the same. A delay of 1.04 ms becomes 1.0 and is shown as 1.0.
# Why it matters: an optimizer sees a staircase whose steps lie up to 0.1 ms from where their values
#   say, and the best value found is another when the model runs with another resolution.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nest-simulator==3.10.0 numpy==2.4.6
PYNEST_QUIET=1 "$work/venv/bin/python" -W ignore - <<'END'
import nest

nest.verbosity = nest.VerbosityLevel.ERROR

def interval(model, t_ref, resolution=0.1):
    nest.ResetKernel()
    nest.resolution = resolution
    cell = nest.Create(model, params={"I_e": 1000.0, "t_ref": t_ref})
    recorder = nest.Create("spike_recorder")
    nest.Connect(cell, recorder)
    nest.Simulate(100.0)
    times = recorder.events["times"]
    return cell.t_ref, round(float(times[-1] - times[-2]), 3)

def delay(given):
    nest.ResetKernel()
    cells = nest.Create("iaf_psc_exp", 2)
    nest.Connect(cells[0], cells[1], syn_spec={"delay": given})
    return nest.GetConnections().delay

given = (2.0, 2.001, 2.04, 2.1)
for model in ("iaf_psc_exp", "iaf_psc_exp_ps"):
    shown, found = zip(*(interval(model, t_ref) for t_ref in given))
    print(f"{model}: t_ref {shown}, intervals {found} ms")
    assert shown == given, "another t_ref is shown than was given"
    assert found[1] == found[2] == found[3] and abs(found[1] - found[0] - 0.1) < 2e-3, "t_ref is not rounded up"
fine = interval("iaf_psc_exp_ps", 2.04, 0.01)[1]
print(f"resolution 0.01 ms, t_ref 2.04: {fine} ms; delays 1.04, 1.06: {delay(1.04)}, {delay(1.06)} ms")
assert abs(found[2] - fine - 0.06) < 2e-3, "the interval no longer depends on the resolution"
assert (delay(1.04), round(delay(1.06), 3)) == (1.0, 1.1), "delays are rounded otherwise"
END
