"""The environments that ship: one entry per id, as strings, so that nothing is imported."""

from typing import Any

ENVIRONMENTS: tuple[dict[str, Any], ...] = (
    {
        "id": "GridRobot-v0",
        "entry_point": "lexigym.envs.grid.single:GridRobot",
        "vector_entry_point": "lexigym.envs.grid.vector:GridRobotVector",
        "summary": "a robot walks to its goal around obstacles",
        # The environment checks itself; the wrappers would cost most of the time of a step.
        "disable_env_checker": True,
        "order_enforce": False,
    },
)
