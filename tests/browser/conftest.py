"""A model that simulates in a moment, searches of it, and a browser that notes what goes wrong.

The program is that of $MOZOPT, or else of target/debug.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

PROJECT = Path(__file__).parents[2]
MOZOPT = os.environ.get("MOZOPT", str(PROJECT / "target/debug/mozopt"))

# Three parameters, four targets that cannot all be met.
CONFIG = """{
 "parameters": {"sheets.exc.K": [0.0, 1.0], "sheets.exc.weight": [0.0, 1.0], "sheets.inh.K": [0.0, 1.0]},
 "optimiser_centroid": {"sheets.exc.K": 0.8, "sheets.exc.weight": 0.3, "sheets.inh.K": 0.5},
 "targets": [
  {"class": "TargetValue", "name": "rate", "target_value": 2, "norm": 0.1},
  {"class": "RangeTarget", "name": "cv", "target_value": [0.5, 0.7], "norm": 0.1},
  {"class": "TargetValue", "name": "osi", "target_value": 0.4, "norm": 0.05},
  {"class": "TargetValue", "name": "correlation", "target_value": 0.0, "norm": 0.02}
 ]
}
"""
SETTINGS = """[simulator]
kind = "command"
command = "python3 simulate.py"
[execution]
slots = 2
[optimizer]
algorithm = "cma-es"
offspring_size = 6
validate_best = 0
"""
# Values are simple functions of the parameters; where one parameter is large, the simulator fails.
SIMULATE = """import json, os, pathlib, sys, time
path = pathlib.Path(os.environ["MOZOPT_SIMULATION"])
exc, weight, inh = json.loads(path.read_text())["parameters"].values()
time.sleep(float(os.environ.get("SECONDS", "0")))
print("simulated exc", exc)
if exc > 0.93:
    sys.exit("the rates exploded")
values = {"rate": exc + weight, "cv": inh, "osi": exc * inh, "correlation": weight - inh}
path.with_name("values.json").write_text(json.dumps({"values": values}))
"""


class Model:
    """The directory of a model."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "param_optim").mkdir(parents=True)
        (directory / "param_optim/config_optimisation").write_text(CONFIG)
        (directory / "mozopt.toml").write_text(SETTINGS)
        (directory / "simulate.py").write_text(SIMULATE)

    def mozopt(self, command, *flags):
        """Runs a command of mozopt to its end; what it printed."""
        ended = subprocess.run(
            [MOZOPT, command, self.directory, *flags], capture_output=True, text=True, timeout=100
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def begin(self, command, *flags, seconds=0.0):
        """Begins a command of mozopt; simulations take so long."""
        environment = {**os.environ, "SECONDS": str(seconds)}
        return subprocess.Popen(
            [MOZOPT, command, self.directory, *flags],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def optimization(self):
        """The one that was begun here, once it has a journal."""
        for _ in range(200):
            found = list(self.directory.glob("*_Optimization/journal.jsonl"))
            if found:
                return found[0].parent
            time.sleep(0.05)
        raise AssertionError("no optimization begins")


@pytest.fixture
def model(tmp_path):
    """A model in which nothing was searched yet."""
    return Model(tmp_path / "model")


@pytest.fixture(scope="session")
def searched(tmp_path_factory):
    """A model in which a search has ended."""
    model = Model(tmp_path_factory.mktemp("searched") / "model")
    model.mozopt("run", "--max-ngen", "10", "-q")
    return model


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window: the system's, or that of `playwright install chromium`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


class Watched:
    """A page, and what should not happen on it."""

    def __init__(self, page):
        self.page = page
        self.errors = []
        self.requests = []
        page.on(
            "console",
            lambda message: (
                message.type in ("error", "warning") and self.errors.append(message.text)
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def asks_only(self, *beginnings):
        """Nothing was asked for but what begins so, and data of the page's own."""
        others = [
            url for url in self.requests if not url.startswith((*beginnings, "data:", "blob:"))
        ]
        assert others == []

    def drawn(self, name):
        """Scrolls to a figure, waits until it is drawn, and returns its frame on the screen."""
        self.page.locator(f"#{name}").scroll_into_view_if_needed()
        canvas = self.page.locator(f"#{name} canvas")
        canvas.scroll_into_view_if_needed()
        # A figure that is drawn anew at this moment has none.
        for _ in range(50):
            if frame := canvas.bounding_box():
                return frame
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{name} has no canvas on the screen")

    def accessible(self):
        """axe finds nothing serious, in light and in dark."""
        for _ in range(2):
            found = Axe().run(self.page).response["violations"]
            serious = [
                f"{one['id']}: {node['html']}"
                for one in found
                if one["impact"] in ("serious", "critical")
                for node in one["nodes"]
            ]
            assert serious == []
            self.page.evaluate('() => document.getElementById("theme").click()')


@pytest.fixture
def watched(chromium):
    """A page; at the end nothing may have gone wrong on it."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert watched.errors == []
