"""The forms in which PettingZoo hands the game out: bare, checked, and for all players at once."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from ..turn_based_parallel import TurnBasedParallel
from .game import TranslationRelay

raw_env = TranslationRelay


def env(render_mode: str | None = None, **arguments: Any) -> OrderEnforcingWrapper[str, Any, Any]:
    """Return the game with PettingZoo's check of the order of calls; see `TranslationRelay`."""
    return OrderEnforcingWrapper(TranslationRelay(render_mode, **arguments))


def parallel_env(render_mode: str | None = None, **arguments: Any) -> TurnBasedParallel:
    """Return the game's parallel form; see `TranslationRelay` and `TurnBasedParallel`."""
    return TurnBasedParallel(TranslationRelay(render_mode, **arguments))
