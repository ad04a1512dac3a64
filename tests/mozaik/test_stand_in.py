"""Tests of the stand-in: what it shares with mozaik, as observed with mozaik itself."""

import importlib.util
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "stand_in"))

needs_pynn = unittest.skipUnless(importlib.util.find_spec("pyNN"), "PyNN is not installed")


@needs_pynn
class CommandLine(unittest.TestCase):
    def parse(self, *words):
        from mozaik.cli import parse_workflow_args

        with mock.patch.object(sys, "argv", ["run.py", *words]):
            return parse_workflow_args()

    def test_values_are_python_and_the_last_one_wins(self):
        words = ("nest", "2", "param/defaults", "a.b", "1", "c", "'x'", "a.b", "1e-05", "Run")
        given = ("Run", "nest", "2", "param/defaults", {"a.b": 1e-05, "c": "x"})
        self.assertEqual(self.parse(*words), given)

    def test_an_even_number_of_words_is_refused(self):
        with self.assertRaises(ValueError):
            self.parse("nest", "2", "param/defaults", "a.b", "Run")

    def test_a_bare_word_is_a_name(self):
        with self.assertRaises(NameError):
            self.parse("nest", "2", "param/defaults", "results_dir", "somewhere", "Run")


@needs_pynn
class DirectoryName(unittest.TestCase):
    def name(self, parameters):
        from mozaik.controller import result_directory_name

        return result_directory_name("Opt_healthy", "SelfSustainedPushPull", parameters)

    def test_parameters_without_the_results_directory(self):
        self.assertEqual(
            self.name({"results_dir": "/data/", "pynn_seed": 1}),
            "SelfSustainedPushPull_Opt_healthy_____pynn_seed:1",
        )

    def test_above_100_characters_only_the_last_parts_of_paths(self):
        prefix = "SelfSustainedPushPull_Opt_healthy_____"
        self.assertEqual(self.name({"a." * 48 + "b": 1}), prefix + "a." * 48 + "b:1")
        self.assertEqual(self.name({"a." * 49 + "b": 12}), prefix + "b:12")


@needs_pynn
class Parameters(unittest.TestCase):
    def load(self, **overrides):
        from mozaik.tools.distribution_parametrization import load_parameters

        with tempfile.TemporaryDirectory() as directory:
            before = os.getcwd()
            os.chdir(directory)
            self.addCleanup(os.chdir, before)
            Path("param").mkdir()
            Path("param/defaults").write_text(
                "{'exc': url('param/exc'), 'inh': {'K': ref('exc.K')*4/5, 'stp': ref('exc.stp')}}"
            )
            Path("param/exc").write_text(
                "{'K': 1000, 'stp': {'U': 0.5}, 'n': {'class_name': 'PyNNDistribution', 'params':"
                " {'name': 'uniform', 'low': ref('exc.K') - 10, 'high': ref('exc.K') + 10}}}"
            )
            return load_parameters("param/defaults", overrides)

    def test_references_see_overrides(self):
        parameters = self.load(**{"exc.K": 100})
        self.assertEqual(parameters.inh.K, 80.0)
        self.assertEqual(str(parameters.exc.n), "PyNNDistribution(name='uniform',low=90,high=110)")

    def test_override_of_a_reference_cuts_the_link(self):
        parameters = self.load(**{"inh.K": 7})
        self.assertEqual((parameters.exc.K, parameters.inh.K), (1000, 7))

    def test_an_unknown_last_part_is_added_silently(self):
        self.assertEqual(self.load(**{"exc.k": 1}).exc.k, 1)

    def test_an_unknown_part_in_between(self):
        with self.assertRaises(KeyError):
            self.load(**{"exz.K": 1})

    def test_override_below_a_reference(self):
        with self.assertRaisesRegex(TypeError, "does not support item assignment"):
            self.load(**{"inh.stp.U": 0.7})


@needs_pynn
class Stimuli(unittest.TestCase):
    def test_text(self):
        from mozaik.stimuli import InternalStimulus

        self.assertEqual(
            str(InternalStimulus(frame_duration=500, duration=500, trial=0)),
            '{"module_path" :"mozaik.stimuli", "direct_stimulation_name":None, '
            '"direct_stimulation_parameters":None, "duration":500, "frame_duration":500, '
            '"name":\'InternalStimulus\', "trial":0}',
        )


if __name__ == "__main__":
    unittest.main()
