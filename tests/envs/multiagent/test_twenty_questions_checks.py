"""What PettingZoo's own tests say of the game, with every warning an error."""

from __future__ import annotations

import warnings

import pytest
from pettingzoo.utils import parallel_to_aec, turn_based_aec_to_parallel

from lexigym.envs.multiagent import twenty_questions_v0

with warnings.catch_warnings():
    # It imports an environment of its own in a way that it warns of.
    warnings.simplefilter("ignore")
    from pettingzoo.test import (
        api_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )
    from pettingzoo.test.state_test import state_test

AEC = {
    "env": twenty_questions_v0.env,
    "raw_env": twenty_questions_v0.raw_env,
    "parallel_to_aec": lambda **arguments: parallel_to_aec(
        twenty_questions_v0.parallel_env(**arguments)
    ),
}
PARALLEL = {
    "parallel_env": twenty_questions_v0.parallel_env,
    "turn_based_aec_to_parallel": lambda **arguments: turn_based_aec_to_parallel(
        twenty_questions_v0.env(**arguments)
    ),
}
ARGUMENTS = [
    {},
    {"category": "elements", "question_cost": 0},
    {"level": "small"},
    # Few things to name and few questions, so that random play asks all that may be asked.
    {"entities": {"cat": {"purrs?": True}, "dog": {"purrs?": False}}},
    {"level": "small", "max_questions": 1},
]
aec = pytest.mark.parametrize("form", AEC)
parallel = pytest.mark.parametrize("form", PARALLEL)
variants = pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)


@aec
@variants
def test_the_interface_by_turns(form, arguments):
    for _ in range(5):
        api_test(AEC[form](**arguments))


@aec
@variants
def test_the_seeds_by_turns(form, arguments):
    seed_test(lambda: AEC[form](**arguments))


@parallel
@variants
def test_the_parallel_interface(form, arguments):
    for _ in range(5):
        parallel_api_test(PARALLEL[form](**arguments))


@parallel
@variants
def test_the_parallel_seeds(form, arguments):
    parallel_seed_test(lambda: PARALLEL[form](**arguments))


@variants
def test_the_state(arguments):
    state_test(
        twenty_questions_v0.env(**arguments), twenty_questions_v0.parallel_env(**arguments), 100
    )


@aec
def test_rendering(form):
    render_test(AEC[form])
