#!/usr/bin/env bash
# A spike train whose t_stop was set below its last spike is written without a word and cannot be
# read again.
# Packages: neo 0.14.6, quantities 0.16.4, numpy 2.4.6.
# Expected: setting t_stop is checked as the constructor checks it, or the file can be read.
# Happens: the assignment is accepted, PickleIO writes the block, and only reading it raises
#   ValueError "The last spike ... is after t_stop", for the whole block. copy.deepcopy and rescale
#   fail likewise, in memory.
# Why it matters: one train cut short by hand makes the whole recording unreadable, when the
#   originals may be gone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 quantities==0.16.4 numpy==2.4.6
cd "$work" && venv/bin/python -W ignore - <<'END'
import neo, quantities as pq

block = neo.Block()
block.segments.append(neo.Segment())
train = neo.SpikeTrain([100.0, 500.0, 900.0] * pq.ms, t_stop=1000.0 * pq.ms)
block.segments[0].spiketrains.append(train)
train.t_stop = 800.0 * pq.ms
neo.io.PickleIO("cut.pkl").write_block(block)
print("t_stop is", train.t_stop, "and the block is written")
try:
    neo.io.PickleIO("cut.pkl").read_block()
    said = "it was read"
except ValueError as error:
    said = str(error)
print("reading:", said)
assert "is after t_stop (800.0)" in said, "the block can be read, or fails otherwise"
END
