"""Draws the predecessor's five figures of an optimization, and mozopt's, for docs/figures.md.

    python compare.py OPTIMIZATION [MOZOPT]

needs matplotlib, pandas and Pillow. The predecessor's figures are drawn anew from what they showed:
the statistics of BluePyOpt's log book (mean, standard deviation and minimum of the fitness of each
generation), the scores of the best individual, correlations and covariance of the parameters, and
the population's parameters over generations.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import pandas
from PIL import Image

matplotlib.use("Agg")
from matplotlib import pyplot

HERE = Path(__file__).parent
NAMES = ["evo_fitness", "scores", "correlations", "covariance_matrix", "evo_parameters"]
WIDTH = 900


def main(optimization, mozopt="mozopt"):
    text = subprocess.run(
        [mozopt, "export", optimization, "--format", "csv"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    table = pandas.read_csv(io.StringIO(text))
    scores = [name for name in table if name.startswith("score ")]
    columns = list(table)
    parameters = columns[
        columns.index("seconds") + 1 : columns.index(
            next(name for name in columns if name.startswith(("value ", "score ")))
        )
    ]
    evo_fitness(table)
    best_scores(table, scores)
    correlations(table, parameters, scores)
    covariance_matrix(table, parameters)
    evo_parameters(table, parameters)
    ours(optimization, mozopt)


def save(name):
    """As a small file."""
    pyplot.tight_layout()
    pyplot.savefig(HERE / f"predecessor/{name}.png", dpi=70)
    pyplot.close()


def evo_fitness(table):
    generations = table.groupby("generation").total
    mean, deviation, least = generations.mean(), generations.std(), generations.min()
    pyplot.figure(figsize=(6, 4))
    pyplot.plot(mean.index, mean, "k-", label="population average")
    pyplot.fill_between(
        mean.index,
        mean - deviation,
        mean + deviation,
        color="lightgray",
        label="population standard deviation",
    )
    pyplot.plot(least.index, least, "r-", label="population minimum")
    pyplot.xlabel("Generation #")
    pyplot.ylabel("Sum of objectives")
    pyplot.legend()
    save("evo_fitness")


def best_scores(table, scores):
    best = table.loc[table.total.idxmin(), scores]
    pyplot.figure(figsize=(6, 7))
    pyplot.barh([name.removeprefix("score ") for name in scores], best.astype(float))
    pyplot.xlabel("Objective value")
    save("scores")


def correlations(table, parameters, scores):
    matrix = table[parameters + scores].corr().loc[parameters, scores]
    image(
        matrix, [name.removeprefix("score ") for name in scores], parameters, -1, 1, "correlations"
    )


def covariance_matrix(table, parameters):
    last = table[table.generation > table.generation.max() - 3][parameters]
    scaled = (last - table[parameters].min()) / (table[parameters].max() - table[parameters].min())
    image(scaled.cov(), parameters, parameters, None, None, "covariance_matrix")


def image(matrix, columns, rows, low, high, name):
    pyplot.figure(figsize=(9, 7))
    pyplot.imshow(matrix, vmin=low, vmax=high, cmap="viridis", aspect="auto")
    pyplot.xticks(range(len(columns)), columns, rotation=90, fontsize=6)
    pyplot.yticks(range(len(rows)), rows, fontsize=6)
    pyplot.colorbar()
    save(name)


def evo_parameters(table, parameters):
    rows = -(-len(parameters) // 4)
    _, axes = pyplot.subplots(rows, 4, figsize=(12, 2.2 * rows))
    for axis in axes.flat[len(parameters) :]:
        axis.axis("off")
    for axis, name in zip(axes.flat, parameters):
        axis.plot(table.generation, table[name], "k.", markersize=2)
        axis.set_title(name, fontsize=6)
        axis.set_xlabel("Generation #", fontsize=6)
        axis.tick_params(labelsize=6)
    save("evo_parameters")


def ours(optimization, mozopt):
    with tempfile.TemporaryDirectory() as made:
        only = [word for name in NAMES for word in ("--only", name)]
        subprocess.run(
            [mozopt, "figures", optimization, "-o", made, *only],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for name in NAMES:
            picture = Image.open(Path(made) / f"{name}.png").convert("RGB")
            width = min(WIDTH, picture.width // 2 if picture.width < 2 * WIDTH else WIDTH)
            height = picture.height * width // picture.width
            small = picture.resize((width, height), Image.Resampling.LANCZOS)
            small.quantize(128).save(HERE / f"mozopt/{name}.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
