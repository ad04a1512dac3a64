"""Pickles many values in every protocol, each with a description of what it holds.

Prints one JSON object a line: a name, a protocol, the pickles by several picklers in hexadecimal,
and the description. That is made from the values themselves: what `__reduce_ex__` says that an
object consists of, never what pickling or unpickling did with it. Containers and objects are
numbered as they are met, so that sharing and cycles show. Needs the standard library only.
"""

import _compat_pickle
import collections
import copyreg
import datetime
import enum
import fractions
import functools
import json
import pickle
import pickletools
import random
import struct
import types

PROTOCOLS = range(6)


class Describer:
    def __init__(self, protocol):
        self.protocol = protocol
        self.numbers = {}
        # What is described must live on, or its id would be given to something else.
        self.alive = []

    def describe(self, value):
        if value is None or isinstance(value, bool):
            return value
        kind = type(value)
        if kind is int:
            return {"int": str(value)}
        if kind is float:
            return {"float": struct.pack(">d", value).hex()}
        if kind is str:
            return {"str": self.text(value).encode("utf-8", "surrogatepass").hex()}
        if kind in (bytes, bytearray):
            return {"bytes": bytes(value).hex()}
        if kind is tuple:
            return {"tuple": self.all(value)}
        is_method = not isinstance(getattr(value, "__self__", None), (types.ModuleType, type(None)))
        if (
            isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType))
            and not is_method
        ):
            return self.named(value.__module__, value.__qualname__)
        if id(value) in self.numbers:
            return {"seen": self.numbers[id(value)]}
        self.alive.append(value)
        number = self.numbers[id(value)] = len(self.numbers)
        if kind is list:
            return {"number": number, "list": self.all(value)}
        if kind in (set, frozenset):
            return {"number": number, "set": self.all(value)}
        if kind is dict:
            return {"number": number, "dict": self.pairs(value.items())}
        return {"number": number, **self.object(value)}

    def object(self, value):
        registered = copyreg.dispatch_table.get(type(value))
        reduced = registered(value) if registered else value.__reduce_ex__(self.protocol)
        self.alive.append(reduced)
        function, arguments, state, items, entries, *_ = *reduced, None, None, None
        keywords = None
        if function is copyreg.__newobj__:
            function, *arguments = arguments
        elif getattr(function, "__name__", "") == "__newobj_ex__":
            function, arguments, keywords = arguments
            if self.protocol < 4:
                function = functools.partial(function.__new__, function, *arguments, **keywords)
                arguments, keywords = (), None
        return {
            "call": self.describe(function),
            "arguments": self.describe(tuple(arguments)),
            "keywords": self.describe(keywords),
            "items": self.all(items or ()),
            "entries": self.pairs(entries or ()),
            "state": self.describe(state),
        }

    def all(self, values):
        return [self.describe(value) for value in values]

    def pairs(self, entries):
        return [self.all(entry) for entry in entries]

    def named(self, module, name):
        if self.protocol < 3:
            # Old protocols are for Python 2 and use its names.
            mapping = _compat_pickle.REVERSE_NAME_MAPPING
            module, name = mapping.get((module, name), (module, name))
            module = _compat_pickle.REVERSE_IMPORT_MAPPING.get(module, module)
        return {"global": [module, name]}

    def text(self, text):
        if self.protocol > 0:
            return text
        # Halves of surrogate pairs in escaped text are replaced.
        return "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in text)


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("__dict__", "times")


class Reduced:
    def __reduce__(self):
        return Plain, (), {"state": 1}, iter([1, 2]), iter([("a", 3)])


class Stateful:
    def __getstate__(self):
        return ("spikes", [1.5])

    def __setstate__(self, state):
        pass


class WithArguments(tuple):
    def __getnewargs__(self):
        return ((1, "two"),)


class WithKeywords:
    def __getnewargs_ex__(self):
        return (1, 2), {"unit": "ms", "copy": False}


class Names(list):
    pass


class Annotations(dict):
    pass


class Rate(float):
    pass


class Count(int):
    pass


class Sheet(enum.Enum):
    L4 = "V1_Exc_L4"


def decorated(subclass, **attributes):
    subclass.__dict__.update(attributes)
    return subclass


def powers():
    for bits in [1, 7, 8, 15, 16, 30, 31, 32, 62, 63, 64, 65, 71, 72, 127, 128, 2040, 2048, 5000]:
        for offset in [-1, 0, 1]:
            yield (1 << bits) + offset
            yield -(1 << bits) + offset


def cycles():
    in_list = []
    in_list.append(in_list)
    yield in_list
    in_tuple = ([], "x")
    in_tuple[0].append(in_tuple)
    yield in_tuple
    yield in_tuple[0]
    for fill in [(1,), (1, 2), (1, 2, 3)]:
        wide = ({}, *fill)
        wide[0]["self"] = wide
        yield wide
    in_dict = {}
    in_dict[1] = in_dict
    yield in_dict
    segment = Plain(name="segment")
    block = Plain(segments=[segment, segment], annotations={"block": None})
    segment.block = block
    block.annotations["block"] = block
    yield segment
    yield block
    member = Plain()
    member.of = {member}
    yield member.of
    names = Names(["a"])
    names.append(names)
    yield names
    annotations = Annotations()
    annotations["self"] = annotations
    yield annotations


def shared():
    train = [0.1, 0.2]
    yield [train, train, (train,), {"train": train}]
    pair = (1, train)
    yield [pair, pair, (pair, pair)]
    text, data = "source_population", b"\x00" * 300
    yield [text, text, data, data, {text: text}]
    when = datetime.datetime(2021, 3, 4, 5, 6, 7, 89)
    yield [when, when]


# fmt: off
TEXTS = [
    "", "V1_Exc_L4", "it's", 'say "hi"', "back\\slash", "\\u0041", "\\\\", "a\nb\r\n\tc", "\0", "\x1a",
    "\x7f\x80\xff", "\u03bcS", "\u4e00" * 100, "\U0001f9e0", "\ud800", "x\udfffy", "\ud83e\udde0",
    "x" * 255, "x" * 256, "y" * 70000, "\u2028\x85",
]
FLOATS = [
    0.0, -0.0, 1.0, -1.5, 0.1, 1e308, -1.7976931348623157e308, 5e-324, 2.2250738585072014e-308,
    2.225073858507201e-308, float("inf"), float("-inf"), float("nan"), 0.10000000000002274, 1e22,
]
# fmt: on
OBJECTS = [
    collections.OrderedDict([("b", 1), ("a", [2])]),
    decorated(collections.OrderedDict(a=1), extra=5),
    collections.defaultdict(list, {"a": [1]}),
    collections.deque([1, 2], maxlen=7),
    collections.Counter("spikes"),
    datetime.datetime(2021, 12, 31, 23, 59, 58, 123456),
    datetime.datetime(255, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    datetime.date(2024, 2, 29),
    datetime.timedelta(milliseconds=147),
    complex(1, -2.5),
    fractions.Fraction(22, 7),
    range(0, 10, 3),
    slice(1, None),
    ValueError("explosion", 7),
    decorated(KeyError("source_id"), note="x"),
    [len, print, int, dict, Plain, collections.OrderedDict, datetime.datetime, powers],
    Plain(),
    Plain(name="exc", rates=[1.5, 2.5]),
    decorated(Slotted(), rate=1),
    Reduced(),
    Stateful(),
    WithArguments((1, "two")),
    WithKeywords(),
    decorated(WithKeywords(), t_stop=147.0),
    Names(["a", "b"]),
    decorated(Names(), index=3),
    Annotations(a=1),
    decorated(Annotations(a=1, b={}), length=2),
    Rate(2.5),
    decorated(Count(7), unit="1"),
    Sheet.L4,
]
OBJECTS[OBJECTS.index(next(o for o in OBJECTS if type(o) is Slotted))].times = [1, 2]


def some_bytes(rng, count):
    return bytes(rng.randrange(256) for _ in range(count))


def generated(rng, depth):
    """Any nesting of anything."""
    leaves = [
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.randrange(-(1 << rng.randrange(1, 90)), 1 << rng.randrange(1, 90)),
        lambda: struct.unpack("<d", some_bytes(rng, 7) + bytes([rng.randrange(0x70)]))[0],
        lambda: rng.gauss(0, 1),
        lambda: rng.choice(TEXTS[:17]),
        lambda: "".join(
            chr(rng.choice([rng.randrange(128), rng.randrange(0xD800)])) for _ in range(9)
        ),
        lambda: some_bytes(rng, rng.randrange(20)),
        lambda: bytearray(some_bytes(rng, rng.randrange(20))),
    ]
    if depth == 0:
        return rng.choice(leaves)()

    def parts(longest=6):
        return [generated(rng, rng.randrange(depth)) for _ in range(rng.randrange(longest))]

    def keys():
        return [generated(rng, 0) for _ in range(rng.randrange(6))]

    def hashable():
        return [bytes(key) if isinstance(key, bytearray) else key for key in keys()]

    inner = [
        lambda: parts(),
        lambda: tuple(parts()),
        lambda: dict(zip(hashable(), parts())),
        lambda: set(hashable()),
        lambda: frozenset(hashable()),
        lambda: collections.OrderedDict(zip(hashable(), parts())),
        lambda: Plain(**{f"a{i}": part for i, part in enumerate(parts())}),
        lambda: Names(parts()),
        lambda: Annotations(zip(hashable(), parts())),
        lambda: [part for part in [generated(rng, depth - 1)] for _ in range(3)],
    ]
    return rng.choice(inner)()


def cases():
    for name, values in {
        "constant": [None, True, False],
        "integer": [0, 10, 255, 256, 65535, 65536, *powers()],
        "float": FLOATS,
        "text": TEXTS,
        "bytes": [b"", b"\x00\xff", b"'\"\\\n", bytes(range(256)), b"z" * 70000],
        "bytearray": [bytearray(), bytearray(b"\x80spikes\n"), bytearray(range(256)) * 3],
        "tuple": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),)), tuple(range(3000))],
        "list": [[], [1], [1, 2], [[[]]], list(range(3000))],
        "dict": [{}, {"a": 1}, {1: 2, None: 3, (1, 2): {}}, {i: str(i) for i in range(3000)}],
        "set": [set(), {1}, set(range(3000)), frozenset(), frozenset(["a", "b"]), {frozenset([1])}],
        "cycle": cycles(),
        "shared": shared(),
        "object": OBJECTS,
        "generated": (generated(random.Random(seed), 4) for seed in range(400)),
    }.items():
        for number, value in enumerate(values):
            yield f"{name} {number}", value


def pickled(value, protocol):
    """By the picklers in C and in Python, which differ in what they remember and their frames."""
    pickles = [pickle.dumps(value, protocol), pickle._dumps(value, protocol)]
    return [data.hex() for data in [*pickles, pickletools.optimize(pickles[0])]]


for name, value in cases():
    for protocol in PROTOCOLS:
        try:
            pickles = pickled(value, protocol)
        except (RecursionError, TypeError):
            # Slots, and objects among their own arguments, cannot be written in old protocols.
            assert name.startswith(("cycle", "object")) and protocol < 2, name
            continue
        expected = Describer(protocol).describe(value)
        case = {"name": name, "protocol": protocol, "pickles": pickles, "expected": expected}
        print(json.dumps(case))
