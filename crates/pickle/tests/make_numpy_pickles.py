"""Makes data/numpy_pickles.jsonl.xz: arrays and scalars, pickled by several versions of NumPy in
all protocols, with what they hold.

    for python in python2.7 python3.11 python3.13; do $python make_numpy_pickles.py; done \\
        | xz -9e > data/numpy_pickles.jsonl.xz

Used were NumPy 1.16.6, 1.26.4 and 2.4.6. A line is one array in the protocols that write it alike.
"""

import binascii
import json
import pickle

import numpy as np


def arrays():
    rng = np.random.RandomState(1)
    for code in ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]:
        limits = [0, 1] if code == "?" else [0, 1, 2, 200]
        if code[0] in "iu":
            limits = [0, 1, np.iinfo(code).min, np.iinfo(code).max]
        if code[0] == "f":
            largest, smallest = np.finfo(code).max, np.finfo(code).tiny
            limits = [0.1, -0.0, -largest, smallest, smallest / 4, np.inf, -np.inf, np.nan]
        for order in "<>":
            dtype = np.dtype(order + code)
            array = np.array(limits, dtype)
            yield f"{dtype.str} array", array
            yield f"{dtype.str} of no dimension", array[-1:].reshape(())
            yield f"{dtype.str} of one element", array[1:2]
            yield f"{dtype.str} empty", array[:0]
            yield f"{dtype.str} scalar", array[-1]
            yield (
                f"{dtype.str} in Fortran order",
                np.asfortranarray(array[:2] * np.ones((3, 1), code)),
            )
    yield "2**53 + 1", np.int64(2**53 + 1)
    table = rng.standard_normal((3, 5))
    yield "table", table
    yield "transposed table", table.T
    yield "every second column", table[:, ::2]
    yield "backwards", table[::-1, ::-1]
    yield "row", table[1]
    yield "column", table[:, 1]
    yield "one row in Fortran order", np.asfortranarray(table[:1])
    yield "big-endian table in Fortran order", np.asfortranarray(table.astype(">f8"))
    yield "no rows", np.zeros((0, 3))
    yield "no columns in Fortran order", np.zeros((3, 0), order="F")
    yield "block", rng.standard_normal((2, 3, 2))
    yield "block in Fortran order", np.asfortranarray(rng.standard_normal((2, 3, 2)))
    yield "permuted block", rng.standard_normal((2, 3, 2)).transpose(1, 0, 2)
    yield "empty block", np.zeros((2, 0, 3), order="F")
    yield "broadcast", np.broadcast_to(np.float64(0.5), (2, 3))
    yield "read-only", np.frombuffer(table.tobytes())
    yield "matrix", np.asmatrix(table)
    for code in ["f2", "g", "c8", "c16", "S2", "U3", "O", "M8[s]", "m8[ms]", "V4", "i4,f8"]:
        yield f"{code} array", np.zeros(2, code)
        if code != "O":
            yield f"{code} scalar", np.zeros(1, code)[0]
    yield "masked array", np.ma.masked_array([1.0, 2.0], [0, 1])


def bits(numbers):
    data = np.ascontiguousarray(numbers, ">f8").tobytes()
    return [binascii.hexlify(data[i : i + 8]).decode() for i in range(0, len(data), 8)]


def expected(value, protocol):
    array = np.asarray(value)
    code = array.dtype.str[1:].split("[")[0]
    if isinstance(value, np.ma.MaskedArray):
        return {"error": "Other"}
    if array.dtype.kind not in "?biuf" or code in ("f2", "f16"):
        return {"error": "ElementType", "kind": code[0]}
    flags = array.flags
    is_fortran = flags.f_contiguous and not flags.c_contiguous
    is_orderly = flags.c_contiguous or flags.f_contiguous
    if protocol == 5 and not is_orderly and array.ndim > 2 and np.__version__ > "2":
        # Written in the order of memory, with a permutation of the axes.
        return {"error": "Other"}
    numbers = array.astype("f8")
    one_order = array.ndim > 2 and array.size > 0
    single = array.size == 1 and array.dtype.kind in "biu"
    return {
        "shape": list(array.shape),
        "rows": None if one_order and is_fortran else bits(numbers.ravel("C")),
        "columns": None if one_order and not is_fortran else bits(numbers.ravel("F")),
        "integer": str(int(array.ravel()[0])) if single else None,
    }


for name, value in arrays():
    cases = {}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        case = cases.setdefault(json.dumps(expected(value, protocol)), [])
        case.append(binascii.hexlify(pickle.dumps(value, protocol)).decode())
    for outcome, pickles in cases.items():
        case = {"name": name, "numpy": np.__version__, "pickles": pickles}
        print(json.dumps(dict(case, expected=json.loads(outcome)), sort_keys=True))
