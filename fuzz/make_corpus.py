"""Makes the corpus that fuzzing begins with, from real data stores, from small values and from the
files of this repository.

    python make_corpus.py CORPUS STORE...

CORPUS gets a directory for each fuzz target. A STORE is a directory with mozaik's pickles (or with
single Segment files) in it. Runs under any Python 3. Without stores, under one with NumPy, it
adds arrays.
"""

import collections
import datetime
import hashlib
import pathlib
import pickle
import re
import sys

import trimmed_store

LARGEST = 1 << 16  # libFuzzer cuts off the rest

VALUES = [
    [None, True, False, 0, -1, 255, 65536, -(2**31), 2**63, -(2**63), 2**2100, 0.5, float("nan")],
    ["", "V1_Exc_L4", "\u03bcS \u00e9 \U0001f9e0\\\n'\"", b"", b"\x00\xff", bytearray(b"spikes")],
    [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], {}, {"rate": 2.5}, {"a": 1, "b": [2]}],
    [set(), {1, 2}, frozenset(), frozenset({3})],
    [collections.OrderedDict(a=1, b=2), collections.deque([1, 2]), datetime.datetime(2021, 2, 3)],
    [collections.defaultdict(list, a=[1]), ValueError("exploded"), collections.OrderedDict],
]

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
OPTIMIZATIONS = "crates/mozopt/tests/data/formats/*/*"
FILES = [
    ("journal", f"{OPTIMIZATIONS}/journal.jsonl"),
    ("request", f"{OPTIMIZATIONS}/requests/*.json"),
    ("values", f"{OPTIMIZATIONS}/simulations/*/values.json"),
    ("config_optimisation", f"{OPTIMIZATIONS}/config_optimisation"),
    ("config_optimisation", "examples/*/param_optim/config_optimisation"),
    ("settings", f"{OPTIMIZATIONS}/mozopt.toml"),
    ("settings", "examples/*/mozopt.toml"),
]
TEXTS = [
    ("values", '{"values": {"rate": {"value": null, "reason": "silent"}}, "exploded": true}'),
    ("values", '{"python": "3.11.7", "nest": "3.10.0"}'),
    ("slurm_lists", "16|PENDING|0:00||mozopt-000003-1-ab|ReqNodeNotAvail, UnavailableNodes:n3\n"),
    ("slurm_lists", "17|RUNNING|1-02:03:04|n[1-2]|mozopt-000004-1-cd|None\n"),
    ("slurm_lists", "2|CANCELLED by 0|0:15|0:125|n1|mozopt-000003-1-ab\n"),
]


def cyclic():
    cycle = []
    cycle.append((cycle, {"self": cycle}))
    return cycle


def arrays():
    try:
        import numpy
    except ImportError:
        return
    grid = numpy.arange(6.0).reshape(2, 3)
    yield grid
    yield numpy.asfortranarray(grid)
    yield grid[:, ::2]
    yield numpy.arange(8).reshape(2, 2, 2).transpose(1, 0, 2)
    for code in ["?", "i1", ">i2", "u4", "i8", ">u8", "f4", ">f8", "c8", "U3", "O", "f4,i2"]:
        yield numpy.zeros(3, code)
        yield numpy.zeros((), code)
        yield numpy.zeros(1, code)[0]


def add(directory, data):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / hashlib.sha1(data).hexdigest()).write_bytes(data)


corpus, *stores = map(pathlib.Path, sys.argv[1:])
for value in [*VALUES, cyclic(), *arrays()]:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        add(corpus / "pickle", pickle.dumps(value, protocol))
for target, files in FILES:
    for file in REPOSITORY.glob(files):
        add(corpus / target, file.read_bytes())
for target, text in TEXTS:
    add(corpus / target, text.encode())
for store in stores:
    for file in store.glob("*.pickle"):
        if file.stat().st_size <= LARGEST:
            add(corpus / "pickle", file.read_bytes())
        for text in re.findall(rb'\{"module_path".*?\}', file.read_bytes()):
            add(corpus / "stimulus_text", text)
    if (store / "datastore.recordings.pickle").exists():
        for kept in (lambda wrappers: wrappers[0], lambda wrappers: wrappers[-1]):
            parts = trimmed_store.trimmed(store, kept)
            add(corpus / "data_store", b"\n=====\n".join(parts))
            # A run that died before it wrote its block.
            add(corpus / "data_store", b"\n=====\n".join([b"", b"", *parts[2:]]))
