"""How fast an experiment goes, on a clock that the test moves."""

from __future__ import annotations

import dataclasses

from lexigym.leaderboard.pace import Pace
from lexigym.leaderboard.run import Run

RUN = Run(
    environment="short",
    environment_id="CartPole-v1",
    arguments={},
    evaluation_arguments={},
    agent="slow",
    agent_name="dqn",
    hyperparameters={},
    seed=0,
    steps=100,
    num_envs=1,
    evaluation_episodes=1,
    evaluation_seed=0,
)
REFERENCE = dataclasses.replace(RUN, agent="random", steps=0)
FAST = dataclasses.replace(RUN, agent="fast")
LONG = dataclasses.replace(RUN, environment="long", steps=1000)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_said_before_the_first_step() -> None:
    clock = Clock()
    pace = Pace([REFERENCE, RUN], 1, clock)
    assert pace.seconds_left is None
    pace.started(0)
    clock.now += 5
    pace.finished(0)
    pace.started(1)
    assert (pace.seconds_left, pace.steps_per_second, pace.running) == (None, 0, 1)
    clock.now += 2
    pace.stepped(1, 10)
    assert (pace.seconds_left, pace.steps_per_second) == (18, 5)
    pace.finished(1)
    assert (pace.seconds_left, pace.steps_per_second, pace.running) == (0, 0, 0)


def test_a_run_takes_as_long_as_those_like_it() -> None:
    clock = Clock()
    pace = Pace([RUN, RUN, LONG, FAST, FAST], 1, clock)
    pace.started(0)
    clock.now += 10
    pace.finished(0)
    # By the step, as long as nothing is known of the others.
    assert pace.seconds_left == 10 + 100 + 10 + 10
    pace.started(3)
    clock.now += 1
    pace.finished(3)
    assert pace.seconds_left == 10 + 100 + 1
    pace.found(2)
    assert pace.seconds_left == 10 + 1


def test_what_is_left_is_shared_but_for_the_longest() -> None:
    clock = Clock()
    pace = Pace([RUN, RUN, RUN, LONG], 2, clock)
    pace.started(0)
    clock.now += 10
    pace.finished(0)
    assert pace.seconds_left == 100
    pace.found(3)
    assert pace.seconds_left == 10


def test_a_run_that_begins_again_begins_anew() -> None:
    clock = Clock()
    pace = Pace([RUN], 1, clock)
    pace.started(0)
    clock.now += 10
    pace.stepped(0, 50)
    pace.started(0)
    assert pace.steps_per_second == 0
    clock.now += 1
    pace.stepped(0, 10)
    assert (pace.seconds_left, pace.running) == (9, 1)
