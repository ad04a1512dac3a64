"""Normal deviates by the polar method on ChaCha8, written from the papers for comparison.

Run as `python make_deviates.py > deviates.json`.
"""

import json
import math
import struct

MASK = 0xFFFFFFFF


def quarter_round(state, a, b, c, d):
    for x, y, z, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[x] = (state[x] + state[y]) & MASK
        mixed = state[z] ^ state[x]
        state[z] = (mixed << shift | mixed >> (32 - shift)) & MASK


def chacha8_words(key, stream):
    """The 32-bit words of the key stream: 64-bit block counter, 64-bit stream number."""
    counter = 0
    while True:
        start = list(
            struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<QQ", counter, stream))
        )
        state = start.copy()
        for _ in range(4):
            for column in range(4):
                quarter_round(state, column, 4 + column, 8 + column, 12 + column)
            for i in range(4):
                quarter_round(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        yield from ((a + b) & MASK for a, b in zip(state, start))
        counter += 1


def deviates(seed, purpose, number, count):
    words = chacha8_words((struct.pack("<Q", seed) + purpose).ljust(32, b"\0"), number)

    def uniform():
        low = next(words)
        return ((next(words) << 32 | low) >> 11) / 2.0**52 - 1

    found = []
    while len(found) < count:
        u, v = uniform(), uniform()
        s = u * u + v * v
        if 0 < s < 1:
            factor = math.sqrt(-2 * math.log(s) / s)
            found += [u * factor, v * factor]
    return found[:count]


cases = [(0, 0, 3), (1, 0, 2), (1, 7, 40), (2**64 - 1, 2**40, 5)]
print(
    json.dumps(
        [
            {"seed": seed, "number": number, "deviates": deviates(seed, b"cma-es", number, count)}
            for seed, number, count in cases
        ],
        indent=1,
    )
)
