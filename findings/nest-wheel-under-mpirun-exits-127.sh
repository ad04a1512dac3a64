#!/usr/bin/env bash
# `import nest` in a process that an MPI launcher started ends Python with exit code 127.
# Packages: nest-simulator 3.10.0 (PyPI wheel, which has no MPI), numpy 2.4.6. No MPI is needed to see it: the
#   variables that Open MPI's launcher sets are enough.
# Expected: an ImportError or a warning that a script can catch; an exit code that says something of MPI.
# Happens: one line "[FATAL] ... NEST was not compiled with MPI support" and exit(127) in the middle of the
#   import: neither except nor finally is reached, and no file is flushed. A shell and a batch system read
#   127 as "command not found". The same happens in a shell that merely inherited the variables.
# Why it matters: whoever starts simulations looks for a missing program; a script cannot tell its user more.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nest-simulator==3.10.0 numpy==2.4.6
cat >"$work/try.py" <<'END'
try:
    import nest
except BaseException as error:
    print("caught", type(error).__name__)
finally:
    print("finally reached")
END
code=0
said=$(PYNEST_QUIET=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0 "$work/venv/bin/python" "$work/try.py" 2>&1) || code=$?
echo "exit code $code: $said"
[ "$code" = 127 ] || { echo "the exit code is no longer 127"; exit 1; }
[[ $said == *"not compiled with MPI"* ]] || { echo "the message is another"; exit 1; }
[[ $said != *caught* && $said != *finally* ]] || { echo "a script can now catch it"; exit 1; }
