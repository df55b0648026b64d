"""robot_team in the form in which players take turns; all move when the last has chosen."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.conversions import parallel_to_aec
from pettingzoo.utils.env import AECEnv
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from .team import Observation, RobotTeam


def raw_env(**arguments: Any) -> AECEnv[str, Observation, int | None]:
    """Return `RobotTeam` with its arguments, in turns."""
    environment: AECEnv[str, Observation, int | None] = parallel_to_aec(RobotTeam(**arguments))
    return environment


def env(**arguments: Any) -> AECEnv[str, Observation, int | None]:
    """Return `raw_env` with PettingZoo's checks of the order of calls."""
    environment: AECEnv[str, Observation, int | None] = OrderEnforcingWrapper(raw_env(**arguments))
    return environment
