"""Games of translation_relay_v0, and ways to play them."""

from __future__ import annotations

import numpy as np
import pytest

from lexigym.envs.multiagent import translation_relay_v0

SPEAKER, LISTENER = "speaker_0", "listener_0"
LEVELS = [
    {},
    {"target": "zh"},
    {"level": "small"},
    {"level": "standard"},
    {"candidates": 6},
    {"reward": "terminal"},
    {"mask": "all"},
    {"scorer": "0.5*bleu+0.5*chrf"},
]
levels = pytest.mark.parametrize("arguments", LEVELS, ids=str)


def game(**arguments):
    return translation_relay_v0.raw_env(**arguments)


def turns(env, choose):
    """Play to the end; yield player, action, and the rewards of all after it."""
    while env.agents:
        player = env.agent_selection
        if env.terminations[player]:
            env.step(None)
        else:
            action = choose(player, env.infos[player]["action_mask"])
            env.step(action)
            yield player, action, dict(env.rewards)


def at_random(seed):
    generator = np.random.default_rng(seed)
    return lambda player, mask: int(generator.choice(np.flatnonzero(mask)))
