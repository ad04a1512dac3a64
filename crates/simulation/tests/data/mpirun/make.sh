#!/bin/bash
# Made the logs beside this file: Open MPI 4.1.4 and mpi4py 3.1.4 of Debian 12. What two ranks print
# is interleaved differently each time; both.log is one in which mpirun's words cut a traceback in
# two.
cd "$(mktemp -d)" || exit 1
cat > model.py <<'PYTHON'
import os
import signal
import sys
import time
import traceback

from mpi4py import MPI

comm = MPI.COMM_WORLD


def present(stimuli):
    return stimuli["orientation"]


def build():
    print(f"rank {comm.rank} of {comm.size} builds the network", flush=True)
    if comm.rank == 1:
        time.sleep(0.5)
        present({"contrast": 100})
    comm.barrier()


try:
    if sys.argv[1] == "error":
        build()
    elif sys.argv[1] == "both":
        present({"contrast": comm.rank})
    elif sys.argv[1] == "kill" and comm.rank == 1:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    comm.barrier()
except Exception:
    traceback.print_exc()
    comm.Abort(1)
PYTHON
mpirun="mpirun --allow-run-as-root --oversubscribe -np 2"
for what in error both kill; do $mpirun python3 model.py $what > $what.log 2>&1; done
$mpirun --tag-output python3 model.py error > tagged.log 2>&1
$mpirun python3 -c '
from mpi4py import MPI
import time
if MPI.COMM_WORLD.rank == 1: raise KeyError("x")
time.sleep(1)' > uncaught.log 2>&1
mpirun --allow-run-as-root -np 3 true > slots.log 2>&1
sed -i "s,$PWD,/models/cortex," ./*.log
echo "$PWD"
