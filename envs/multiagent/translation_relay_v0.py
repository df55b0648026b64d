"""A speaker sends a sentence over a narrow channel, a listener writes its translation."""

from ...registry.joint import joint_form
from .translation_relay.forms import env, parallel_env, raw_env

__all__ = ["env", "joint_env", "parallel_env", "raw_env"]

joint_env = joint_form(raw_env)
