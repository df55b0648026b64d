"""A guesser asks yes/no questions about a hidden entity, then names it; an answerer answers."""

from ...registry.joint import joint_form
from .twenty_questions.forms import env, parallel_env, raw_env

__all__ = ["env", "joint_env", "parallel_env", "raw_env"]

joint_env = joint_form(raw_env)
