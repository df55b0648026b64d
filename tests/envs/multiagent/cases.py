"""The games of several players, each with arguments that make it another one."""

from __future__ import annotations

from typing import Any

from lexigym.envs.multiagent import robot_team_v0, translation_relay_v0, twenty_questions_v0

GAMES: dict[Any, list[dict[str, Any]]] = {
    robot_team_v0: [
        {},
        {"view": "local", "shared_reward": True},
        {"num_robots": 5, "size": 6, "density": 0.3},
        {"num_robots": 8, "size": 6, "view": "local", "radius": 1},
    ],
    translation_relay_v0: [
        {},
        {"observation": "one_hot"},
        {"reward": "terminal", "message_length": 1, "alphabet_size": 2},
        {"level": "small", "target": "zh", "split": "validation"},
        {"candidates": 4},
    ],
    twenty_questions_v0: [
        {},
        {"category": "elements", "question_cost": 0},
        {"level": "small"},
        # Few things to name and few questions, so that random play asks all that may be asked.
        {"entities": {"cat": {"purrs?": True}, "dog": {"purrs?": False}}},
        {"level": "small", "max_questions": 1},
    ],
}


def name_of(module: Any) -> str:
    """Return the name of a game's module, such as "robot_team_v0"."""
    return str(module.__name__.rpartition(".")[-1])
