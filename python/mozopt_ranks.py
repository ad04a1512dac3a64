"""The MPI processes of a simulation: that they are one network, and that they end together."""

import contextlib
import hashlib
import importlib
import os
import subprocess
import sys
import traceback

EXIT_REFUSED = 78  # EX_CONFIG of sysexits.h: it would fail again in the same way
# How the variables begin by which a launcher tells a process who it is.
LAUNCHERS = ("PMI", "OMPI_", "PRTE_", "MPI_", "MV2_", "HYDRA_", "SLURM_")


def refuse(reason):
    """Ends the program before anything is written."""
    print(f"mozopt_experiment.py: {reason}", file=sys.stderr)
    sys.exit(EXIT_REFUSED)


def refuse_copies(ranks):
    """Refuses to run unless NEST is one network over exactly `ranks` processes.

    A NEST without MPI does not notice an MPI launcher: every process simulates the whole network,
    and all of them write to the same files.
    """
    copies = launched_copies(os.environ)
    # NEST 3.10 without MPI ends the process when it is imported in one of several copies.
    processes = 1 if copies > 1 and nest_has_mpi_alone() is False else nest_processes()
    if processes == 1 and copies > 1:
        refuse(
            f"this is one of {copies} copies, but NEST does not see the others: each would "
            "simulate the whole network. Take a NEST built with the launcher's MPI, or start one "
            "process (ranks = 1; threads need no MPI)"
        )
    if processes != ranks:
        refuse(
            f"ranks = {ranks}, but NEST runs with {processes}. Does the launcher start as many, "
            "and does NEST have MPI?"
        )


def refuse_other_positions(model, ranks):
    """Refuses a model whose cells lie elsewhere on other ranks.

    Until about 2021 mozaik drew positions when it first needed them, after each rank had drawn
    other numbers for its own cells. The store has those of rank 0: targets that choose cells by
    their place or orientation would choose the wrong ones.
    """
    if ranks == 1:
        return
    positions = hashlib.sha256()
    for name, sheet in sorted(model.sheets.items()):
        positions.update(name.encode())
        positions.update(sheet.pop.positions.tobytes())
    hashes = importlib.import_module("mpi4py.MPI").COMM_WORLD.allgather(positions.hexdigest())
    if len(set(hashes)) > 1:
        refuse(
            "the ranks have put the cells at different positions, of which only those of rank 0 "
            "would be stored. Take a newer mozaik, which draws positions at once, or ranks = 1"
        )


def launched_copies(environment):
    """How many copies of this program there are at least, as the launcher's variables tell.

    SLURM_NTASKS does not tell: a batch script has it too, and that runs once. Nor do the variables
    of the step in which mozopt's own job runs, an interactive shell for example.
    """
    sizes = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"]
    ranks = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"]
    step = f"{environment.get('SLURM_JOB_ID')}.{environment.get('SLURM_STEP_ID')}"
    if environment.get("MOZOPT_SLURM_STEP") != step:
        sizes.append("SLURM_STEP_NUM_TASKS")
        ranks.append("SLURM_PROCID")

    def numbers(names):
        return [int(environment[name]) for name in names if environment.get(name, "").isdigit()]

    return max([1, *numbers(sizes), *(rank + 1 for rank in numbers(ranks))])


def nest_has_mpi_alone():
    """Whether NEST has MPI, asked in a process without a launcher; None if that cannot be told."""
    alone = {name: os.environ[name] for name in os.environ if not name.startswith(LAUNCHERS)}
    program = "import nest; print('have_mpi', nest.build_info['have_mpi'])"
    asked = subprocess.run(
        [sys.executable, "-c", program], env=alone, capture_output=True, text=True, check=False
    )
    answers = [line.split() for line in asked.stdout.splitlines() if "have_mpi" in line]
    return answers[-1][-1] == "True" if answers else None


def nest_processes():
    """How many MPI processes NEST runs as; 1 if it has no MPI or is not installed."""
    # mozaik's run scripts import MPI before NEST. Without an MPI library it is a RuntimeError.
    with contextlib.suppress(ImportError, RuntimeError):
        importlib.import_module("mpi4py.MPI")
    try:
        nest = importlib.import_module("nest")
    except ImportError:
        return 1
    # NEST 2 has a function.
    return nest.num_processes if hasattr(nest, "num_processes") else nest.NumProcesses()


def world():
    """All MPI processes, if NEST or mozaik has brought MPI into this one; else None."""
    mpi = sys.modules.get("mpi4py.MPI")
    return mpi.COMM_WORLD if mpi else None


def is_root():
    """Whether this process is the only one or the first of all."""
    return world() is None or world().rank == 0


@contextlib.contextmanager
def all_ranks_ending(ranks):
    """Ends all MPI processes when one fails: the others would wait for it until the time limit."""
    try:
        yield
    except BaseException as error:
        code = error.code if isinstance(error, SystemExit) else 1
        if ranks == 1 or code in (0, None):
            raise
        if not isinstance(error, SystemExit):
            traceback.print_exc()
        elif not isinstance(code, int):
            print(code, file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        importlib.import_module("mpi4py.MPI").COMM_WORLD.Abort(code if isinstance(code, int) else 1)
