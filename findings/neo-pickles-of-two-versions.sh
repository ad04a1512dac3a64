#!/usr/bin/env bash
# A segment pickled with neo 0.12.0 cannot be loaded by neo 0.14.6, nor one of 0.14.6 by 0.12.0.
# Packages: neo 0.12.0 with quantities 0.14.1, numpy 1.26.4; neo 0.14.6 with quantities 0.16.4,
#   numpy 2.4.6.
# Expected: neo's pickle format (PickleIO, which PyNN and others store with) is read by a later neo.
# Happens: later neo, older file: ValueError about `copy`, which the pickle of every train and
#   signal holds as True or False and which is no longer allowed. Earlier neo, newer file:
#   ModuleNotFoundError for neo.core.objectlist. It is neo's doing: the newer numpy reads the older
#   one's arrays.
# Why it matters: recordings of a few years ago need an environment of their own, and so does a
#   collaborator's.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 quantities==0.16.4 numpy==2.4.6
python3 -m venv "$work/older"
"$work/older/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.12.0 quantities==0.14.1 numpy==1.26.4
cd "$work"
cat >write.py <<'END'
import sys, neo, quantities as pq
block = neo.Block()
block.segments.append(neo.Segment())
block.segments[0].spiketrains.append(neo.SpikeTrain([1.0, 2.0] * pq.ms, t_stop=5.0 * pq.ms))
neo.io.PickleIO(sys.argv[1]).write_block(block)
END
cat >read.py <<'END'
import sys, neo
try:
    print("read", len(neo.io.PickleIO(sys.argv[1]).read_block().segments), "segment")
except Exception as error:
    print(type(error).__name__ + ":", str(error)[:60])
END
older/bin/python write.py older.pkl
venv/bin/python write.py newer.pkl
forward=$(venv/bin/python read.py older.pkl)
backward=$(older/bin/python read.py newer.pkl)
itself=$(venv/bin/python read.py newer.pkl)
printf '0.12.0 -> 0.14.6: %s\n0.14.6 -> 0.12.0: %s\n0.14.6 -> 0.14.6: %s\n' "$forward" "$backward" "$itself"
[[ $forward == "ValueError: \`copy\`"* ]] || { echo "neo 0.14.6 does otherwise with the older file"; exit 1; }
[[ $backward == *"No module named 'neo.core.objectlist'" ]] || { echo "neo 0.12.0 does otherwise with the newer file"; exit 1; }
[[ $itself == "read 1 segment" ]] || { echo "neo 0.14.6 does not read its own file"; exit 1; }
