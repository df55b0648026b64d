"""Checks of environments and agents, stricter than Gymnasium's: each names what it finds."""

from .check import Outcome, Status
from .checking import check_agent, check_environment

__all__ = ["Outcome", "Status", "check_agent", "check_environment"]
