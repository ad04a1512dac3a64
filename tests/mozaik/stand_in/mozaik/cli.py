"""mozaik's command line."""

import sys

USAGE = (
    "Usage: runscript simulator_name num_threads parameter_file_path "
    "modified_parameter_path_1 modified_parameter_value_1 ... simulation_run_name"
)


def parse_workflow_args():
    """Run name, simulator, threads (text), parameter file and overrides, from sys.argv.

    Values are Python expressions; of a path given twice the last value counts.
    """
    if len(sys.argv) <= 4 or len(sys.argv) % 2 == 0:
        raise ValueError(USAGE)
    _, simulator, threads, parameters_url, *pairs, run_name = sys.argv
    modified = {path: eval(value) for path, value in zip(pairs[::2], pairs[1::2])}
    return run_name, simulator, threads, parameters_url, modified
