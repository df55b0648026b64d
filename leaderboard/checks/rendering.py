"""Checks of pictures."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium
import numpy as np

from .check import BrokenPromiseError, NotApplicableError
from .environment import CheckedEnvironment
from .episode import Step, frozen, replay, require_equal
from .equality import difference

# Pictures take their time; what goes wrong goes wrong soon.
MAX_FRAMES = 30
TEXT_MODES = ("ansi", "ascii")


def rendering(subject: CheckedEnvironment) -> str | None:
    """Every declared render mode shows what Gymnasium defines for it, and changes nothing."""
    with subject.make() as env:
        modes = env.metadata.get("render_modes") or ()
        if not modes:
            raise NotApplicableError("it declares no render modes")
        seed = subject.seeds[0]
        usual = frozen(subject.play(env, seed, limit=MAX_FRAMES))
    missing = []
    for mode in modes:
        try:
            _render(subject, mode, usual)
        except gymnasium.error.DependencyNotInstalled as error:
            missing.append(f"{mode!r} ({error})")
    if missing:
        return f"a package is missing, so these were not tried: {', '.join(missing)}"
    return None


def _render(subject: CheckedEnvironment, mode: str, usual: list[Step]) -> None:
    actions = [step.action for step in usual[1:]]
    shown: list[tuple[Any, Any, Step]] = []
    with subject.make(render_mode=mode) as env:
        if env.render_mode != mode:
            raise BrokenPromiseError(
                f"the render_mode must be {mode!r}, as asked for, got {env.render_mode!r}"
            )
        steps = subject.play(env, usual[0].seed, replay(actions), limit=len(actions))
        seen: list[Step] = []
        for step in steps:
            picture = env.render()
            fault = _fault(mode, picture)
            if fault:
                raise BrokenPromiseError(f"render() in mode {mode!r} must return {fault}")
            shown.append((picture, copy.deepcopy(picture), step))
            seen += frozen([step])
        require_equal(usual, seen, f"an episode that is shown in mode {mode!r} must be the same")
    for picture, copied, step in shown:
        if not mode.endswith("_list") and difference(copied, picture, "the picture"):
            raise BrokenPromiseError(
                f"a picture in mode {mode!r} must not change when the next is drawn", step
            )


def _fault(mode: str, picture: Any) -> str:
    """Return what a picture should be, nothing if it is that."""
    if mode.endswith("_list"):
        if not isinstance(picture, list):
            return f"a list, got {type(picture).__name__}"
        faults = (_fault(mode.removesuffix("_list"), each) for each in picture)
        return next(filter(None, faults), "")
    if mode == "human":
        return "" if picture is None else f"None, got {type(picture).__name__}"
    if mode in TEXT_MODES:
        return "" if isinstance(picture, str) else f"a str, got {type(picture).__name__}"
    if mode == "rgb_array":
        if not isinstance(picture, np.ndarray):
            return f"an array, got {type(picture).__name__}"
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3:
            return f"(height, width, 3) uint8, got {picture.shape} {picture.dtype}"
    return ""
