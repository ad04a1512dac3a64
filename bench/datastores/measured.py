"""Runs a command and writes what it took, as JSON, to a file.

    python -I -S measured.py REPORT COMMAND...

CPU time (user and system), wall time and the peak of the resident memory, as wait4 gives them.
Linux counts a process's memory from before exec, so this one's own is the least that can be seen:
hence a script with few imports.
"""

import os
import sys
import time

report, *command = sys.argv[1:]
begun = time.monotonic()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
wall_s = time.monotonic() - begun
with open(report, "w") as file:
    file.write(
        f'{{"cpu_s": {usage.ru_utime + usage.ru_stime}, "wall_s": {wall_s}, '
        f'"peak_mb": {usage.ru_maxrss * 1024 / 1e6}}}'
    )
sys.exit(os.waitstatus_to_exitcode(status) != 0)
