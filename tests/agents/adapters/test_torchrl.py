"""TorchRL's environments: specs as its checker wants them, and actions that are legal."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import lexigym
from lexigym.registry.errors import InvalidArgumentError

from ..environments import Match, match_vector

torch = pytest.importorskip("torch")
envs = pytest.importorskip("torchrl.envs")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WORLDS = [
    ("GridRobot-v0", {}),
    ("TextGen-v0", {"level": "small"}),
    ("Translation-v0", {"level": "small"}),
    ("QA-v0", {"level": "small"}),
]
DISABLED = {"autoreset_mode": AutoresetMode.DISABLED}


def require_legal(rollout: Any) -> None:
    """Check that no action of a rollout was forbidden by the mask of its state."""
    assert rollout["action_mask"].dtype == torch.bool
    chosen = rollout["action_mask"] & rollout["action"].bool()
    assert chosen.sum() == rollout["action"].shape[:-1].numel()


@pytest.mark.parametrize(("id", "world"), WORLDS)
@pytest.mark.parametrize("form", ["gymnasium", "GymEnv", "vector"])
def test_the_checker_passes_and_random_actions_are_legal(
    id: str,  # noqa: A002
    world: dict[str, Any],
    form: str,
) -> None:
    plain: Any = {
        "gymnasium": lambda: gymnasium.make(id, **world),
        "GymEnv": lambda: envs.GymEnv(id, **world),
        "vector": lambda: gymnasium.make_vec(id, 3, "vector_entry_point", **DISABLED, **world),
    }[form]()
    env = lexigym.adapt(plain, to="torchrl")
    env.set_seed(0)
    envs.check_env_specs(env)
    rollout = env.rollout(40, break_when_any_done=False)
    require_legal(rollout)
    assert id == "GridRobot-v0" or rollout["next", "done"].any()


@pytest.mark.parametrize("vector", [False, True])
def test_masks_of_others_follow_the_state(vector: bool) -> None:
    """`Match` raises where an action is illegal, and so would a mask that is late."""
    plain = match_vector(3, AutoresetMode.DISABLED, masked=True) if vector else Match(masked=True)
    env = lexigym.adapt(plain, to="torchrl", categorical_action_encoding=True)
    rollout = env.rollout(60, break_when_any_done=False)
    assert rollout["next", "done"].sum() >= 3
    assert not rollout["action_mask"].all()


def test_auto_register_info_dict_fails_on_python_integers() -> None:
    """So the infos of the suite hold NumPy's numbers alone."""

    class Told(Match):
        def _draw(self) -> tuple[np.ndarray, dict[str, Any]]:
            return super()._draw()[0], {"lives": 3}

    with pytest.raises(AttributeError, match="dtype"):
        envs.GymWrapper(Told()).auto_register_info_dict()
    envs.GymEnv("QA-v0", level="small").auto_register_info_dict()
    lexigym.adapt(Told(), to="torchrl").rollout(3)


def test_what_resets_itself_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"autoreset_mode=AutoresetMode\.DISABLED"):
        lexigym.adapt(match_vector(2, AutoresetMode.SAME_STEP), to="torchrl")
    with pytest.raises(InvalidArgumentError, match=r"gymnasium\.make"):
        lexigym.adapt(3, to="torchrl")
