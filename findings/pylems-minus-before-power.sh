#!/usr/bin/env bash
# In PyLEMS -x^2 is (-x)^2: a Gaussian exp(-x^2) is 8103 at x = 3 instead of 0.0001.
# Packages: PyLEMS 0.6.9.
# Expected: -x^2 is -(x^2), as in Python and in printed formulas.
# Happens: PyLEMS reads a leading minus as (0 - x) and binds it tighter than the power, so -x^2 is 9
#   at x = 3. 0-x^2 is -9, and 1-x^2 is -8: the meaning changes with what stands before the minus.
#   There is no message.
# Why it matters: LEMS is the language in which NeuroML's models are defined. A Gaussian tuning
#   curve or a gating rate grows where it should vanish; with brackets, -(x^2), it is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check PyLEMS==0.6.9
cd "$work" && venv/bin/python -W ignore - <<'END'
from lems.model.model import Model
from lems.sim.build import SimulationBuilder

formulas = {"minus": "-x^2", "from_zero": "0-x^2", "from_one": "1-x^2", "brackets": "-(x^2)", "gauss": "exp(-x^2)"}
exposures = "".join(f"<Exposure name=\"{name}\" dimension=\"none\"/>" for name in ["x", *formulas])
variables = "".join(f"<DerivedVariable name=\"{name}\" dimension=\"none\" exposure=\"{name}\" value=\"{formula}\"/>"
                    for name, formula in formulas.items())
with open("model.xml", "w") as file:
    file.write(f"""<Lems>
  <Target component="run"/>
  <Dimension name="time" t="1"/>
  <Unit symbol="ms" dimension="time" power="-3"/>
  <ComponentType name="Curve">
    {exposures}
    <Dynamics>
      <StateVariable name="x" dimension="none" exposure="x"/>
      {variables}
      <OnStart><StateAssignment variable="x" value="3"/></OnStart>
    </Dynamics>
  </ComponentType>
  <ComponentType name="Run">
    <Parameter name="length" dimension="time"/><Parameter name="step" dimension="time"/>
    <ComponentReference name="target" type="Component"/>
    <Dynamics><StateVariable name="t" dimension="time"/></Dynamics>
    <Simulation><Run component="target" variable="t" increment="step" total="length"/></Simulation>
  </ComponentType>
  <Component id="curve" type="Curve"/>
  <Component id="run" type="Run" length="1ms" step="0.1ms" target="curve"/>
</Lems>
""")
model = Model()
model.import_from_file("model.xml")
simulation = SimulationBuilder(model.resolve()).build()
simulation.run()
curve = next(part for part in simulation.runnables.values() if hasattr(part, "gauss"))
found = {name: round(getattr(curve, name), 1) for name in formulas}
print("at x = 3:", {formulas[name]: value for name, value in found.items()})
assert (found["minus"], found["gauss"]) == (9, 8103.1), "a leading minus now binds weaker than the power"
assert (found["from_zero"], found["from_one"], found["brackets"]) == (-9, -8, -9), "the other formulas have other values"
END
