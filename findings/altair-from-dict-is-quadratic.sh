#!/usr/bin/env bash
# Altair's Chart.from_dict takes time that grows with the square of the number of inline rows.
# Packages: altair 6.3.0 (a valid Vega-Lite 6 specification, made without Altair).
# Expected: four times the rows take about four times as long; to_dict and save do.
# Happens: four times the rows take about nine times as long: 4000 rows of two numbers some 7 s,
#   40000 rows many minutes. MaxRowsError, which guards charts of tables, is not raised here.
#   validate=False is no faster.
# Why it matters: figures that a program of another language wrote with their data inside cannot be
#   opened for a change of colours; with the data in a file beside them they can.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check altair==6.3.0
"$work/venv/bin/python" -W ignore - <<'END'
import time, altair

def seconds(rows):
    axis = lambda name: {"field": name, "type": "quantitative"}
    chart = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "mark": "point",
             "data": {"values": [{"trial": n, "score": n % 7} for n in range(rows)]},
             "encoding": {"x": axis("trial"), "y": axis("score")}}
    begin = time.process_time()
    altair.Chart.from_dict(chart)
    return time.process_time() - begin

seconds(10)
few, many = seconds(1000), seconds(4000)
print(f"1000 rows {few:.2f} s, 4000 rows {many:.2f} s of processor time: {many / few:.1f} times as long")
assert many / few > 6, "the time no longer grows much faster than the number of rows"
END
