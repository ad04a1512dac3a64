"""Tests of python/mozopt_experiment.py, on a stand-in for mozaik.

    pip install -r requirements.txt
    python -m unittest discover tests/mozaik

Those that need PyNN or NEST are skipped where these are not installed.
"""

import importlib.util
import json
import math
import os
import pickle
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

specification = importlib.util.spec_from_file_location("mozopt_experiment", SCRIPT)
mozopt_experiment = importlib.util.module_from_spec(specification)
specification.loader.exec_module(mozopt_experiment)

needs_pynn = unittest.skipUnless(importlib.util.find_spec("pyNN"), "PyNN is not installed")
needs_nest = unittest.skipUnless(importlib.util.find_spec("nest"), "NEST is not installed")

AFFERENT_WEIGHT = "sheets.l4_cortex_exc.AfferentConnection.base_weight"
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
            mozopt_experiment.command_line(given, "/search/simulations/000017"),
            [
                *(str(SCRIPT), "nest", "4", "param/defaults"),
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
        words = mozopt_experiment.command_line(simulation(parameters), "/a 'strange' place")
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
            words = mozopt_experiment.command_line(simulation(seed_parameters=paths), "/x")
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
            # mpirun lets srun start one daemon on each node.
            ({"SLURM_STEP_NUM_TASKS": "2", "OMPI_COMM_WORLD_SIZE": "32"}, 32),
        ]:
            with self.subTest(environment):
                self.assertEqual(mozopt_experiment.launched_copies(environment), copies)

    def refused(self, ranks, processes, environment):
        with (
            mock.patch.object(mozopt_experiment, "nest_processes", return_value=processes),
            mock.patch.dict(os.environ, environment, clear=True),
            mock.patch("sys.stderr"),
        ):
            try:
                mozopt_experiment.refuse_copies(ranks)
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

    def test_a_failing_rank_ends_all(self):
        abort = mock.Mock()
        mpi = types.SimpleNamespace(COMM_WORLD=types.SimpleNamespace(Abort=abort))
        with (
            mock.patch.dict(sys.modules, {"mpi4py.MPI": mpi}),
            mock.patch.object(mozopt_experiment.traceback, "print_exc"),
        ):
            with self.assertRaises(ValueError), mozopt_experiment.all_ranks_ending(1):
                raise ValueError
            abort.assert_not_called()
            with mozopt_experiment.all_ranks_ending(2):
                raise ValueError
            abort.assert_called_once_with(1)


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

    def test_experiments_of_older_versions_of_mozaik(self):
        """Their constructor does not make stimuli, nothing is shuffled, some names differ."""
        from mozaik.experiments import Experiment, vision
        from parameters import ParameterSet

        class VisualExperiment(Experiment):
            def __init__(self, model, parameters):
                super().__init__(model, parameters)
                self.background_luminance, self.density, self.frame_duration = 50.0, 10.0, 7.0

        class MeasureSizeTuning(VisualExperiment):
            required_parameters = ParameterSet({"num_sizes": int, "orientation": float})

        with mock.patch.object(vision, "VisualExperiment", VisualExperiment):
            self.assertEqual(len(mozopt_experiment.disk(self.model).return_stimuli()), 1)
        with mock.patch.object(vision, "MeasureSizeTuning", MeasureSizeTuning):
            given = mozopt_experiment.size_tuning(self.model)[-1].parameters
            self.assertEqual(given, {"num_sizes": 16, "orientation": math.pi / 2})


class Running(unittest.TestCase):
    """The script as mozopt starts it: a process of its own, in the model's directory."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.store = self.directory / "datastore" / "run"

    def run_script(self, given, *words, model=HERE / "model", **environment):
        file = self.directory / "simulation.json"
        file.write_text(json.dumps(given))
        self.before = sorted(self.directory.rglob("*"))
        return subprocess.run(
            [sys.executable, SCRIPT, *words],
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
        self.assertEqual(words, mozopt_experiment.command_line(given, str(self.directory)))

    @needs_pynn
    def test_check_says_what_is_missing(self):
        run = self.run_script({}, "--check", "--model-class", "nowhere.Model")
        self.assertEqual(run.returncode, 0)
        found = json.loads(run.stdout)
        self.assertEqual(found["mozaik"]["path"], str(HERE / "stand_in" / "mozaik"))
        self.assertIn("No module named 'nowhere'", found["errors"]["nowhere.Model"])

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
        run = self.run_script(simulation(EXPLODING), MOZAIK_STAND_IN_FAIL="raise:after-segments")
        self.assertEqual(run.returncode, 1)
        self.assertTrue((self.store / "Segment0.pickle").exists())
        self.assertFalse((self.store / "datastore.recordings.pickle").exists())


if __name__ == "__main__":
    unittest.main()
