"""What Gymnasium's and Stable-Baselines3's checkers say, with every warning an error."""

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

import lexigym  # noqa: F401, registers the ids

cases = pytest.mark.parametrize(
    ("layout", "observation"),
    [(layout, kind) for layout in ("fixed", "random") for kind in ("position", "index", "map")]
    + [("fixed", "image"), ("random", "image")],
)


@cases
def test_gymnasium_accepts_it(layout, observation):
    env = gymnasium.make("GridRobot-v0", layout=layout, observation=observation, slip=0.1)
    check_env(env, skip_render_check=True)


@pytest.mark.parametrize("mode", ["ansi", "rgb_array", "human"])
def test_gymnasium_accepts_its_renderings(mode, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    if mode == "human":
        pytest.importorskip("pygame")
    check_env(gymnasium.make("GridRobot-v0", render_mode=mode), skip_close_check=True)


@pytest.mark.filterwarnings("ignore:.*image:UserWarning")
@cases
def test_stable_baselines3_accepts_it(layout, observation):
    env_checker = pytest.importorskip("stable_baselines3.common.env_checker")
    env = gymnasium.make("GridRobot-v0", layout=layout, observation=observation)
    env_checker.check_env(env)
