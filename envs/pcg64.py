"""NumPy's default generator on arrays of states, compiled: the same numbers, for many streams.

The permuted congruential generator of O'Neill (2014), 128 bits of state and the XSL-RR output
function, as in `numpy.random.PCG64`. A stream is a row of four `uint64`: the high and low half of
its state, the high and low half of its increment.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..registry.compiler import compiled

LOW_HALF = np.uint64(2**32 - 1)
MULTIPLIER_HIGH = np.uint64(0x2360ED051FC65DA4)
MULTIPLIER_LOW = np.uint64(0x4385DF649FCCF645)
TO_UNIT = 2.0**-53


@compiled
def multiply_high(a: np.uint64, b: np.uint64) -> np.uint64:
    """Return the high 64 bits of the 128-bit product."""
    shift = np.uint64(32)
    a_low, a_high = a & LOW_HALF, a >> shift
    b_low, b_high = b & LOW_HALF, b >> shift
    middle = a_high * b_low + (a_low * b_low >> shift)
    other = a_low * b_high + (middle & LOW_HALF)
    return a_high * b_high + (middle >> shift) + (other >> shift)


@compiled
def random(streams: npt.NDArray[np.uint64], stream: int) -> float:
    """Advance row `stream` of `streams` and return a uniform in [0, 1), as `Generator.random`."""
    high, low = streams[stream, 0], streams[stream, 1]
    high = high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH + multiply_high(low, MULTIPLIER_LOW)
    low = low * MULTIPLIER_LOW
    low_sum = low + streams[stream, 3]
    high = high + streams[stream, 2] + np.uint64(low_sum < low)
    streams[stream, 0], streams[stream, 1] = high, low_sum
    value = high ^ low_sum
    rotation = high >> np.uint64(58)
    value = (value >> rotation) | (value << ((np.uint64(64) - rotation) & np.uint64(63)))
    return float(value >> np.uint64(11)) * TO_UNIT


def stream_of(generator: np.random.Generator) -> tuple[int, int, int, int]:
    """Return the row that continues a `PCG64` generator."""
    state = generator.bit_generator.state["state"]
    words = state["state"], state["inc"]
    (state_high, state_low), (increment_high, increment_low) = (
        divmod(word, 2**64) for word in words
    )
    return state_high, state_low, increment_high, increment_low
