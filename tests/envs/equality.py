"""Equality all the way down, for what environments return."""

import numpy as np


def assert_equal(mine, theirs):
    """The same types, dtypes and values all the way down."""
    assert type(mine) is type(theirs)
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys()
        for key in mine:
            assert_equal(mine[key], theirs[key])
    elif isinstance(mine, tuple):
        for one, other in zip(mine, theirs, strict=True):
            assert_equal(one, other)
    elif isinstance(mine, np.ndarray):
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        if mine.dtype == object:
            assert_equal(tuple(mine), tuple(theirs))
        else:
            assert mine.tobytes() == theirs.tobytes()
    else:
        assert mine == theirs
