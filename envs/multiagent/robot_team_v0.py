"""robot_team_v0, in PettingZoo's naming; see `lexigym.envs.multiagent.robot_team.team`."""

from ...registry.joint import joint_form
from .robot_team.team import RobotTeam as parallel_env  # noqa: N813, PettingZoo's naming
from .robot_team.turns import env, raw_env

__all__ = ["env", "joint_env", "parallel_env", "raw_env"]

joint_env = joint_form(parallel_env)
