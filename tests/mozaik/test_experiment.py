"""Tests of the experiment script and what runs it, on a stand-in for mozaik.

    pip install -r requirements.txt
    python -m unittest discover tests/mozaik

Those that need PyNN, NEST, a compiler or MPI are skipped where these are not installed.
"""

import importlib.metadata
import importlib.util
import itertools
import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parents[1] / "python" / "mozopt_experiment.py"
sys.path.insert(0, str(HERE / "stand_in"))
sys.path.insert(0, str(SCRIPT.parent))

import mozopt_experiment  # noqa: E402
import mozopt_ranks  # noqa: E402
import mozopt_run  # noqa: E402

needs_pynn = unittest.skipUnless(importlib.util.find_spec("pyNN"), "PyNN is not installed")
needs_nest = unittest.skipUnless(importlib.util.find_spec("nest"), "NEST is not installed")
needs_compiler = unittest.skipUnless(shutil.which("g++"), "there is no g++")
needs_mpi = unittest.skipUnless(
    shutil.which("mpirun") and importlib.util.find_spec("mpi4py"), "MPI is not installed"
)

AFFERENT_WEIGHT = "sheets.l4_cortex_exc.AfferentConnection.base_weight"
# Cells of the extension module in nest_module.
RELAYS = (
    "param/retina_lgn",
    "'cell': {},",
    "'cell': {'model': 'relay_neuron', 'native_nest': True, 'params': {}},",
)
EXPLODING = {"sheets.l4_cortex_exc.L4ExcL4ExcConnection.base_weight": 0.01}


def simulation(parameters=None, protocol="optimization", **mozaik):
    """What stands in a simulation.json."""
    return {
        "candidate": 17,
        "attempt": 1,
        "seed": 1179780824,
        "protocol": protocol,
        "parameters": parameters or {},
        "threads": 1,
        "mozaik": {
            "script": None,
            "model_class": "model.SelfSustainedPushPull",
            "parameters_file": "param/defaults",
            "python": "python",
            "ranks": 1,
            "seed_parameters": ["pynn_seed"],
            **mozaik,
        },
        "command": "something that is of no interest here",
    }


class CommandLine(unittest.TestCase):
    def test_words(self):
        given = simulation({"sheets.l4_cortex_exc.K": 1000, AFFERENT_WEIGHT: 1e-05})
        given["threads"] = 4
        self.assertEqual(
            mozopt_run.command_line(given, "/search/simulations/000017"),
            [
                *("mozopt_experiment.py", "nest", "4", "param/defaults"),
                *("sheets.l4_cortex_exc.K", "1000"),
                *(AFFERENT_WEIGHT, "1e-05"),
                *("results_dir", "'/search/simulations/000017/datastore/'"),
                *("pynn_seed", "1179780824"),
                "candidate_17",
            ],
        )

    def test_mozaik_reads_the_values_that_were_meant(self):
        parameters = {
            "a": 0.1 + 0.2,
            "b": -57.39,
            "c": True,
            "d": None,
            "e": 'it\'s a "map"',
            "f": [1, 2.5],
            "g": 2**70,
            "h": 5e-324,
        }
        words = mozopt_run.command_line(simulation(parameters), "/a 'strange' place")
        self.assertEqual(len(words) % 2, 1, "mozaik takes an odd number of words only")
        pairs = words[4:-1]
        read = {path: eval(value, {}) for path, value in zip(pairs[::2], pairs[1::2])}
        expected = {
            **parameters,
            "results_dir": "/a 'strange' place/datastore/",
            "pynn_seed": 1179780824,
        }
        self.assertEqual(read, expected)

    def test_several_seeds_or_none(self):
        for paths in ([], ["pynn_seed", "mozaik_seed"]):
            words = mozopt_run.command_line(simulation(seed_parameters=paths), "/x")
            self.assertEqual(words[6:-1:2], paths)


class Copies(unittest.TestCase):
    def test_environment_tells_how_many_there_are(self):
        for environment, copies in [
            ({}, 1),
            ({"SLURM_STEP_NUM_TASKS": "16", "SLURM_PROCID": "3"}, 16),
            ({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"}, 4),
            ({"PMI_SIZE": "2"}, 2),
            ({"PMIX_RANK": "1"}, 2),
            # A batch script, which runs once whatever the number of tasks of its job.
            ({"SLURM_NTASKS": "16", "SLURM_PROCID": "0"}, 1),
            # An interactive shell of 16 tasks, in which mozopt was started.
            (
                {
                    **{"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "16"},
                    "MOZOPT_SLURM_STEP": "7.0",
                },
                1,
            ),
            # A launcher within it.
            (
                {
                    **{"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "1", "SLURM_STEP_NUM_TASKS": "4"},
                    "MOZOPT_SLURM_STEP": "7.0",
                },
                4,
            ),
            # mpirun lets srun start one daemon on each node.
            ({"SLURM_STEP_NUM_TASKS": "2", "OMPI_COMM_WORLD_SIZE": "32"}, 32),
        ]:
            with self.subTest(environment):
                self.assertEqual(mozopt_ranks.launched_copies(environment), copies)

    def refused(self, ranks, processes, environment):
        with (
            mock.patch.object(mozopt_ranks, "nest_processes", return_value=processes),
            mock.patch.object(mozopt_ranks, "nest_has_mpi_alone", return_value=processes > 1),
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch("sys.stderr"),
        ):
            try:
                mozopt_ranks.refuse_copies(ranks)
            except SystemExit as end:
                self.assertEqual(end.code, 78)
                return True
        return False

    def test_only_the_wanted_number_of_processes_is_accepted(self):
        sixteen = {"SLURM_STEP_NUM_TASKS": "16"}
        self.assertFalse(self.refused(1, 1, {}))
        self.assertFalse(self.refused(16, 16, sixteen))
        self.assertTrue(self.refused(16, 1, sixteen), "a NEST without MPI")
        self.assertTrue(self.refused(1, 1, sixteen), "a launcher that nobody asked for")
        self.assertTrue(self.refused(16, 1, {}), "no launcher")
        self.assertTrue(self.refused(8, 16, sixteen), "another number of processes")

    def test_a_process_that_is_alone_ends_as_it_wants(self):
        for error in (ValueError, SystemExit(3), SystemExit(0)):
            wanted = type(error) if isinstance(error, BaseException) else error
            with self.assertRaises(wanted), mozopt_ranks.all_ranks_ending(1):
                raise error


@needs_mpi
class UnderMpi(unittest.TestCase):
    """Small programs under a real mpirun."""

    def mpirun(self, program, ranks=2, seconds=60):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), str(HERE / "stand_in")]),
            **{"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"},
        }
        command = ["mpirun", "--oversubscribe", "-np", str(ranks), sys.executable, "-c", program]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, env=environment
        )

    def test_whatever_ends_one_rank_ends_all(self):
        """The others wait for it, and would do so until the time limit."""
        for ending, code, said in [
            ("raise ValueError('no such sheet')", 1, "ValueError: no such sheet"),
            ("sys.exit(3)", 3, ""),
            ("sys.exit('it is over')", 1, "it is over"),
            ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
        ]:
            with self.subTest(ending):
                run = self.mpirun(
                    "import sys\n"
                    "from mpi4py import MPI\n"
                    "from mozopt_ranks import all_ranks_ending\n"
                    "with all_ranks_ending(2):\n"
                    f"    if MPI.COMM_WORLD.rank == 1: {ending}\n"
                    "    MPI.COMM_WORLD.barrier()\n"
                )
                self.assertEqual(run.returncode, code, run.stderr)
                self.assertIn(said, run.stderr)

    def test_ranks_that_end_well_end_by_themselves(self):
        run = self.mpirun(
            "import sys\n"
            "from mozopt_ranks import all_ranks_ending\n"
            "with all_ranks_ending(2): sys.exit(0)\n"
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_cells_at_other_positions_on_another_rank_are_refused(self):
        """As with a mozaik that draws positions when each rank has drawn other numbers before."""
        program = (
            "import numpy, types\n"
            "from mpi4py import MPI\n"
            "from mozopt_ranks import all_ranks_ending, refuse_other_positions\n"
            "drawn = numpy.random.RandomState(1)\n"
            "drawn.rand({})\n"
            "pop = types.SimpleNamespace(positions=drawn.rand(3, 5))\n"
            "model = types.SimpleNamespace(sheets={{'V1': types.SimpleNamespace(pop=pop)}})\n"
            "with all_ranks_ending(2): refuse_other_positions(model, 2)\n"
        )
        self.assertEqual(self.mpirun(program.format(4)).returncode, 0)
        refused = self.mpirun(program.format("MPI.COMM_WORLD.rank"))
        self.assertEqual(refused.returncode, 78, refused.stderr)
        self.assertIn("the ranks have put the cells at different positions", refused.stderr)

    @needs_nest
    def test_two_copies_of_a_nest_without_mpi_are_refused(self):
        """NEST 3.10 itself would end with exit code 127, and no word of it."""
        if mozopt_ranks.nest_has_mpi_alone():
            self.skipTest("this NEST has MPI")
        run = self.mpirun("from mozopt_ranks import refuse_copies\nrefuse_copies(2)\n")
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn("one of 2 copies, but NEST does not see the others", run.stderr)


@needs_pynn
class Protocols(unittest.TestCase):
    model = types.SimpleNamespace(
        input_space=types.SimpleNamespace(
            background_luminance=50.0, parameters=types.SimpleNamespace(update_interval=7.0)
        ),
        input_layer=types.SimpleNamespace(
            parameters=types.SimpleNamespace(
                receptive_field=types.SimpleNamespace(spatial_resolution=0.1)
            )
        ),
        visual_field=types.SimpleNamespace(size_x=6.0, size_y=6.0),
    )

    def setUp(self):
        import mozaik

        mozaik.setup_mpi()

    def stimuli(self, protocol):
        experiments = mozopt_experiment.PROTOCOLS[protocol](self.model)
        return [stimulus for each in experiments for stimulus in each.return_stimuli()]

    def test_optimization_shows_what_the_targets_look_for(self):
        stimuli = self.stimuli("optimization")
        self.assertEqual([each.name for each in stimuli[:2]], ["InternalStimulus"] * 2)
        self.assertEqual([each.duration for each in stimuli[:2]], [500, 5000])
        gratings, disk = stimuli[2:6], stimuli[6]
        self.assertEqual({each.name for each in gratings}, {"FullfieldDriftingSinusoidalGrating"})
        self.assertEqual(
            {(each.orientation, each.contrast) for each in gratings},
            {(0.0, 10), (0.0, 100), (math.pi / 2, 10), (math.pi / 2, 100)},
        )
        self.assertEqual(disk.name, "DriftingSinusoidalGratingDisk")
        self.assertEqual((disk.radius, disk.orientation, disk.contrast), (1.25, math.pi / 2, 100))

    def test_durations(self):
        for protocol, seconds in [
            ("optimization", 15.5),
            ("full", 228.5),
            ("spontaneous", 20.5),
            ("orientation_tuning", 400.5),
            ("size_tuning", 640.5),
        ]:
            with self.subTest(protocol):
                total_ms = sum(each.duration for each in self.stimuli(protocol))
                self.assertEqual(total_ms, seconds * 1000)

    def test_a_model_without_visual_input_is_shown_nothing(self):
        blind = types.SimpleNamespace(input_space=None)
        for protocol, durations in [("optimization", [500, 5000]), ("full", [500, 20000])]:
            experiments = mozopt_experiment.PROTOCOLS[protocol](blind)
            stimuli = [each for one in experiments for each in one.return_stimuli()]
            self.assertEqual([each.name for each in stimuli], ["InternalStimulus"] * 2)
            self.assertEqual([each.duration for each in stimuli], durations)

    def test_mozaik_can_read_every_stimulus_again(self):
        for protocol in mozopt_experiment.PROTOCOLS:
            for stimulus in self.stimuli(protocol):
                self.assertEqual(eval(str(stimulus), {})["duration"], stimulus.duration)

    def test_disks_grow_by_a_third_of_an_octave(self):
        radii = mozopt_experiment.DISK_RADII
        self.assertEqual((len(radii), radii[0], radii[-1]), (16, 0.156, 5.0))
        steps = [math.log2(b / a) for a, b in itertools.pairwise(radii)]
        self.assertTrue(all(abs(step - 1 / 3) < 0.01 for step in steps), steps)


class Running(unittest.TestCase):
    """The script as mozopt starts it: a process of its own, in the model's directory."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.store = self.directory / "datastore" / "run"

    def run_script(self, given, *words, model=HERE / "model", script=SCRIPT, **environment):
        file = self.directory / "simulation.json"
        file.write_text(json.dumps(given))
        self.before = sorted(self.directory.rglob("*"))
        return subprocess.run(
            [sys.executable, script, *words],
            cwd=model,
            capture_output=True,
            text=True,
            env={
                **{name: os.environ[name] for name in os.environ if "SLURM" not in name},
                "MOZOPT_SIMULATION": str(file),
                "PYTHONPATH": str(HERE / "stand_in"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
        )

    def short_script(self):
        """The script as somebody may change it: all that it presents takes a second."""
        for file in SCRIPT.parent.glob("*.py"):
            shutil.copy(file, self.directory)
        script = self.directory / SCRIPT.name
        text = script.read_text()
        for name, duration in [("SETTLING", 100), ("SPONTANEOUS", 200), ("GRATING", 150)]:
            before = next(line for line in text.splitlines() if line.startswith(f"{name}_DURATION"))
            text = text.replace(before, f"{name}_DURATION = {duration}")
        script.write_text(text)
        return script

    def copy_of_model(self, edits):
        """A copy of the model, with pieces of its files replaced."""
        model = self.directory / "model"
        shutil.copytree(HERE / "model", model)
        for name, old, new in edits:
            text = (model / name).read_text()
            self.assertIn(old, text)
            (model / name).write_text(text.replace(old, new))
        return model

    def relay_module(self):
        """Builds the extension module, and gives the environment in which NEST finds it."""
        build = HERE / "nest_module" / "build.sh"
        subprocess.run([build, sys.executable, self.directory], check=True)
        return {"LD_LIBRARY_PATH": str(self.directory)}

    def index(self):
        with (self.store / "datastore.recordings.pickle").open("rb") as file:
            return pickle.load(file)

    def parameters(self):
        from mozaik.tools.distribution_parametrization import MozaikExtendedParameterSet

        return MozaikExtendedParameterSet(str(self.store / "parameters"))

    def segments(self, **of):
        """Stored segments that are no blanks, of a sheet, to stimuli whose text has all of `of`."""
        for wrapper in self.index().segments:
            texts = [f'"{name}":{value!r},' for name, value in of.items() if name != "sheet"]
            is_shown = all(text in wrapper.annotations["stimulus"] for text in texts)
            if is_shown and not wrapper.null and wrapper.annotations["sheet_name"] == of["sheet"]:
                with (self.store / f"{wrapper.identifier}.pickle").open("rb") as file:
                    yield pickle.load(file)

    def assert_refused(self, run, reason):
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn(reason, run.stderr)
        self.assertEqual(sorted(self.directory.rglob("*")), self.before, "something was written")

    def test_copies_are_refused_before_anything_is_written(self):
        run = self.run_script(simulation(), SLURM_STEP_NUM_TASKS="2", SLURM_PROCID="0")
        self.assert_refused(run, "one of 2 copies")
        run = self.run_script(simulation(), SLURM_NTASKS="2", SLURM_PROCID="1")
        self.assert_refused(run, "one of 2 copies")
        self.assert_refused(self.run_script(simulation(ranks=4)), "ranks = 4")

    def test_an_unknown_protocol_is_refused(self):
        run = self.run_script(simulation(protocol="dreaming"))
        self.assert_refused(run, "no protocol 'dreaming'; known here: optimization,")

    def test_a_script_that_is_not_mozaiks(self):
        (self.directory / "model").mkdir()
        (self.directory / "model" / "neighbour.py").write_text("code = 3")
        (self.directory / "model" / "my_run.py").write_text(
            "import json, sys, neighbour\n"
            "assert __name__ == '__main__'\n"
            "print(json.dumps(sys.argv))\n"
            "sys.exit(neighbour.code)\n"
        )
        given = simulation({"K": 1000}, script="model/my_run.py")
        run = self.run_script(given, model=self.directory, PYTHONPATH="")
        self.assertEqual(run.returncode, 3, run.stderr)
        words = json.loads(run.stdout.splitlines()[-1])
        self.assertEqual(words, mozopt_run.command_line(given, str(self.directory)))

    @needs_pynn
    def test_check_says_what_is_missing(self):
        run = self.run_script({}, "--check", "--model-class", "nowhere.Model")
        self.assertEqual(run.returncode, 0)
        found = json.loads(run.stdout)
        self.assertEqual(found["mozaik"]["path"], str(HERE / "stand_in" / "mozaik"))
        self.assertIn("No module named 'nowhere'", found["errors"]["nowhere.Model"])
        self.assertIsNone(found["presented"])

    def check(self, *words, **options):
        run = self.run_script({}, "--check", *words, **options)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    @needs_nest
    def test_check_lists_what_is_presented(self):
        found = self.check(
            *("--protocol", "optimization", "--model-class", "model.SelfSustainedPushPull")
        )
        self.assertEqual(found["errors"], {})
        shown = [(each["name"], each["duration"]) for each in found["presented"]]
        gratings = [("FullfieldDriftingSinusoidalGrating", 2000)] * 4
        self.assertEqual(
            shown,
            [
                *(("InternalStimulus", 500), ("InternalStimulus", 5000), *gratings),
                ("DriftingSinusoidalGratingDisk", 2000),
            ],
        )
        self.assertEqual(found["presented"][-1]["radius"], 1.25)
        self.assertIn("null_stimulus_period", found["required_parameters"])
        self.assertIn("visual_field", found["required_parameters"])
        wrong = self.check("--protocol", "dreaming")
        self.assertIn("dreaming", wrong["errors"]["protocol"])
        # It is the file that is asked, not a list of what it was.
        shorter = self.check("--protocol", "optimization", script=self.short_script())
        self.assertEqual(shorter["presented"][1]["duration"], 200)

    @needs_nest
    def test_check_lists_what_a_run_script_presents_without_running_it(self):
        found = self.check("--script", "run.py")
        self.assertEqual([each["duration"] for each in found["presented"]], [500] * 3)
        self.assertIn("sheets", found["required_parameters"])
        model = self.copy_of_model([("run.py", "run_workflow(", "print(")])
        found = self.check("--script", "run.py", model=model)
        self.assertIn("does not call run_workflow", found["errors"]["protocol"])

    @needs_nest
    def test_check_lists_experiments_that_choose_their_cells(self):
        # As mozaik's stimulators do when they are made, a kick for example.
        kick = (
            "import numpy as np\n\n\n"
            "class Kick(NoStimulation):\n"
            "    def __init__(self, model, parameters):\n"
            "        super().__init__(model, parameters)\n"
            "        pop = model.sheets['V1_Exc_L4'].pop\n"
            "        cells = pop.all_cells.astype(int)\n"
            "        np.random.shuffle(cells)\n"
            "        numbers = {cell: number for number, cell in enumerate(cells)}\n"
            "        chosen = cells[: int(len(cells) / 5)]\n"
            "        self.stimulated = [numbers[cell] for cell in chosen]\n"
            "        self.seeds = np.random.randint(9, size=(pop.size,))\n\n\n"
        )
        edits = [
            ("run.py", "def create_experiments", kick + "def create_experiments"),
            ("run.py", "[\n        NoStimulation(", "[\n        Kick("),
        ]
        found = self.check("--script", "run.py", model=self.copy_of_model(edits))
        self.assertEqual(found["errors"], {})
        self.assertEqual([each["duration"] for each in found["presented"]], [500] * 3)

    @needs_nest
    def test_check_warns_of_numbers_that_mozaik_cannot_read_again(self):
        model = self.copy_of_model([("run.py", '"duration": 500', '"duration": np.float64(500)')])
        (model / "run.py").write_text("import numpy as np\n" + (model / "run.py").read_text())
        (warning,) = self.check("--script", "run.py", model=model)["warnings"]
        self.assertIn("InternalStimulus has parameters that are NumPy's own", warning)
        # Which is what happens otherwise, after the first presentation.
        run = self.run_script(simulation(script="run.py", model_class=None), model=model)
        self.assertIn("NameError: name 'np' is not defined", run.stderr)

    @needs_nest
    def test_check_warns_of_classes_that_mozaik_cannot_import(self):
        inside = (
            "def create_experiments(model):\n    class Rest(NoStimulation): pass\n"
            '    return [Rest(model, ParameterSet({"duration": 500}))]\n\n\n'
        )
        model = self.copy_of_model([("run.py", "if __name__", inside + "if __name__")])
        (warning,) = self.check("--script", "run.py", model=model)["warnings"]
        self.assertIn("Rest is a class inside a function", warning)

    @needs_nest
    def test_check_asks_nest_for_modules_and_models(self):
        found = self.check("--nest-modules", "nosuchmodule", "--nest-models", "iaf_cond_exp,relay")
        self.assertIn("could not be opened", found["nest_modules"]["nosuchmodule"])
        self.assertEqual(found["nest_models"], {"iaf_cond_exp": True, "relay": False})

    @needs_nest
    def test_check_with_all_there(self):
        run = self.run_script({}, "--check", "--model-class", "model.SelfSustainedPushPull")
        found = json.loads(run.stdout)
        self.assertEqual(found["errors"], {})
        self.assertEqual(found["nest"]["num_processes"], 1)
        self.assertIs(type(found["nest"]["has_mpi"]), bool)

    @needs_nest
    def test_the_optimization_protocol(self):
        """About 20 s."""
        run = self.run_script(simulation({AFFERENT_WEIGHT: 0.0015}))
        self.assertEqual(run.returncode, 0, run.stderr)
        index = self.index()
        # Six sheets; seven stimuli and the last blank, a blank before each.
        self.assertEqual(len(index.segments), 6 * 8 * 2)
        self.assertFalse(index.annotations["simulation_log"]["explosion_detected"])
        parameters = self.parameters()
        self.assertEqual(parameters.pynn_seed, 1179780824)
        self.assertEqual(parameters[AFFERENT_WEIGHT], 0.0015)
        for sheet in ("V1_Exc_L4", "V1_Inh_L4", "V1_Exc_L2/3", "V1_Inh_L2/3"):
            annotations = index.annotations["neuron_annotations"][sheet]
            self.assertTrue(all("LGNAfferentOrientation" in each for each in annotations))
            (spontaneous,) = self.segments(sheet=sheet, duration=5000)
            self.assertEqual(len(spontaneous.spiketrains), len(annotations))
            rate_hz = sum(map(len, spontaneous.spiketrains)) / len(annotations) / 5
            self.assertTrue(0.5 < rate_hz < 40, f"{sheet} fires at {rate_hz} Hz")
            means = {signal.name: signal.mean() for signal in spontaneous.analogsignals}
            self.assertEqual(set(means), {"gsyn_exc", "gsyn_inh"})
            self.assertTrue(all(0 < mean < 0.1 for mean in means.values()), means)
            for train in spontaneous.spiketrains:
                self.assertEqual((float(train.t_start), float(train.t_stop)), (0, 5000))

    @needs_nest
    def test_every_generation_of_mozaik(self):
        seeds = "'model_seed': 1, 'simulation_seed': 2, 'experiment_seed': 3,"
        explosions = (
            "    'explosion_monitoring': {\n        'sheet_name': 'V1_Exc_L4',\n"
            "        'threshold': 50,  # Hz\n    },\n"
        )
        old = [
            ("param/defaults", explosions, ""),
            ("param/defaults", "    'steps_get_data': 0,\n", ""),
        ]
        new = [("param/defaults", "'pynn_seed': 1,\n    'mpi_seed': 1,", seeds)]
        script = self.short_script()
        for generation, edits, seed in [
            ("2021", old, "pynn_seed"),
            ("2025", [], "pynn_seed"),
            ("2026", new, "simulation_seed"),
        ]:
            with self.subTest(generation):
                model = self.copy_of_model(edits)
                given = simulation(seed_parameters=[seed])
                run = self.run_script(given, model=model, script=script, MOZAIK_STAND_IN=generation)
                self.assertEqual(run.returncode, 0, run.stderr)
                shown = {
                    each.annotations["stimulus"]
                    for each in self.index().segments
                    if not each.null and "EndOfSimulation" not in each.annotations["stimulus"]
                }
                self.assertEqual(len(shown), 7)
                self.assertEqual(self.parameters()[seed], 1179780824)
                shutil.rmtree(self.store.parent)
                shutil.rmtree(model)

    @needs_nest
    @needs_compiler
    def test_cells_of_an_extension_module(self):
        """PyNN resets NEST, which then knows the module no more."""
        found_there = self.relay_module()
        model = self.copy_of_model([RELAYS])
        script = self.short_script()
        without = self.run_script(simulation(), model=model, script=script, **found_there)
        self.assertIn("relay_neuron", without.stderr)
        self.assertNotEqual(without.returncode, 0)
        shutil.rmtree(self.store.parent)
        given = simulation(nest_modules=["relaymodule"])
        run = self.run_script(given, model=model, script=script, **found_there)
        self.assertEqual(run.returncode, 0, run.stderr)
        (grating, *_) = self.segments(sheet="X_ON", contrast=100)
        self.assertGreater(sum(map(len, grating.spiketrains)), 0)
        found = self.check(
            *("--nest-modules", "relaymodule", "--nest-models", "relay_neuron"), **found_there
        )
        self.assertEqual(found["nest_modules"], {"relaymodule": None})
        self.assertEqual(found["nest_models"], {"relay_neuron": True})

    @needs_nest
    @needs_compiler
    def test_modules_that_a_model_installs_itself(self):
        """Whether mozopt.toml names them or not."""
        found_there = self.relay_module()
        install = "import nest\n\nnest.Install('relaymodule')\n"
        start = "from model import SelfSustainedPushPull\n"
        model = self.copy_of_model([RELAYS, ("run.py", start, install + start)])
        asked = ("--script", "run.py", "--nest-models", "relay_neuron")
        found = self.check(*asked, model=model, **found_there)
        self.assertEqual((found["errors"], found["nest_models"]), ({}, {"relay_neuron": True}))
        given = simulation(script="run.py", model_class=None)
        run = self.run_script(given, model=model, **found_there)
        self.assertEqual(run.returncode, 0, run.stderr)
        (grating, *_) = self.segments(sheet="X_ON", contrast=100)
        self.assertGreater(sum(map(len, grating.spiketrains)), 0)
        # After PyNN's setup, as newer models do.
        text = (model / "model.py").read_text()
        built = "        super().__init__(sim, num_threads, parameters)\n"
        late = (
            "        import nest\n        nest.Install('relaymodule')\n        sys.exit('built')\n"
        )
        (model / "model.py").write_text("import sys\n" + text.replace(built, built + late))
        for modules in ([], ["relaymodule"]):
            with self.subTest(modules):
                shutil.rmtree(self.store.parent)
                given["mozaik"]["nest_modules"] = modules
                run = self.run_script(given, model=model, **found_there)
                self.assertEqual(run.stderr.splitlines()[-1], "built", run.stderr)

    @needs_nest
    def test_what_was_recorded_is_saved_whatever_comes_after_the_last_presentation(self):
        model, script = HERE / "model", self.short_script()
        run = self.run_script(
            simulation(),
            model=model,
            script=script,
            MOZAIK_STAND_IN_FAIL="raise:after-presentations",
        )
        self.assertEqual(run.returncode, 1)
        self.assertEqual(len([each for each in self.index().segments if not each.null]), 6 * 7)
        error = (self.directory / "late_error.txt").read_text()
        self.assertIn("RuntimeError: the stand-in was told to fail", error.splitlines()[-1])

    @needs_nest
    def test_the_versions_of_what_simulates(self):
        run = self.run_script(simulation(), MOZAIK_STAND_IN_FAIL="raise:before-segments")
        self.assertEqual(run.returncode, 1)
        versions = json.loads((self.directory / "versions.json").read_text())
        self.assertEqual(versions["numpy"], importlib.metadata.version("numpy"))
        self.assertEqual(versions["nest"], importlib.metadata.version("nest-simulator"))
        self.assertIn("stand-in at", versions["mozaik"])
        self.assertFalse((self.directory / "late_error.txt").exists())

    @needs_nest
    def test_a_run_script_that_explodes(self):
        """Later stimuli are left out, the store is complete, and its name has no parameters."""
        given = simulation(EXPLODING, script="run.py", model_class=None)
        run = self.run_script(given)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([each.name for each in self.store.parent.iterdir()], ["run"])
        self.assertTrue(self.index().annotations["simulation_log"]["explosion_detected"])
        shown = [each.annotations["stimulus"] for each in self.index().segments if not each.null]
        names = [text.split('"name":\'')[1].split("'")[0] for text in shown]
        self.assertEqual(names, ["InternalStimulus"] * 6 + ["EndOfSimulationBlank"] * 6)
        # Nothing can be run in a directory that is there.
        again = self.run_script(given)
        self.assertEqual(again.returncode, 1)
        self.assertIn("FileExistsError", again.stderr)

    @needs_nest
    def test_a_run_that_dies_leaves_segments_without_an_index(self):
        run = self.run_script(simulation(EXPLODING), MOZAIK_STAND_IN_FAIL="kill:after-segments")
        self.assertEqual(run.returncode, -signal.SIGKILL)
        self.assertTrue((self.store / "Segment0.pickle").exists())
        self.assertFalse((self.store / "datastore.recordings.pickle").exists())
        self.assertFalse((self.directory / "late_error.txt").exists())


if __name__ == "__main__":
    unittest.main()
