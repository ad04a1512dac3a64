#!/usr/bin/env bash
# Optuna's parallel coordinate plot cuts names of parameters to 20 characters, so that they become
# the same.
# Packages: optuna 5.0.0, plotly 7.1.0, numpy 2.4.6.
# Expected: each axis bears its parameter's name; slice, contour and rank plots have whole names.
# Happens: three parameters of one part of a model, "sheets.l4_cortex_exc.K" and others, are all
#   labelled "sheets.l4_cortex_...". The whole name stands nowhere in the figure.
# Why it matters: names of parameters of network models are paths whose ends differ; of 37 axes of a
#   cortical model 36 had one label.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    optuna==5.0.0 plotly==7.1.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'END'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
names = ["sheets.l4_cortex_exc.K", "sheets.l4_cortex_exc.threshold", "sheets.l4_cortex_inh.K"]
study = optuna.create_study()
for value in (0.0, 0.5, 1.0):
    study.add_trial(optuna.trial.create_trial(
        params=dict.fromkeys(names, value), value=value,
        distributions=dict.fromkeys(names, optuna.distributions.FloatDistribution(0.0, 1.0))))
figure = optuna.visualization.plot_parallel_coordinate(study)
labels = list(figure.layout.xaxis.ticktext)[1:]
whole = [name for name in names if name in figure.to_json()]
print("labels:", labels, "| whole names in the figure:", whole)
assert labels == ["sheets.l4_cortex_..."] * 3, "the labels are now told apart"
assert not whole, "the figure now has the whole names somewhere"
END
