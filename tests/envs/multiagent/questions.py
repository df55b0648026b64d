"""Games of twenty_questions_v0 that have begun."""

from __future__ import annotations

from lexigym.envs.multiagent.twenty_questions_v0 import raw_env

GUESSER, ANSWERER = PLAYERS = ["guesser_0", "answerer_0"]


def begun(**arguments):
    env = raw_env(**{"level": "small", **arguments})
    env.reset(seed=0)
    return env
