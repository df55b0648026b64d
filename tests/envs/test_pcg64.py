"""The compiled generator is NumPy's, bit for bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lexigym.envs.pcg64 import random, stream_of


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**128), skipped=st.integers(0, 50))
def test_streams_go_on_where_the_generator_is(seed, skipped):
    generator = np.random.default_rng(seed)
    generator.random(skipped)
    streams = np.array([stream_of(generator)], np.uint64)
    assert [random(streams, 0) for _ in range(100)] == generator.random(100).tolist()
    assert tuple(streams[0].tolist()) == stream_of(generator)
