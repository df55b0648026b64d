"""The games by `pettingzoo.make`, which PettingZoo has since version 1.27."""

import importlib
import subprocess
import sys

import pettingzoo
import pytest

import lexigym.envs.multiagent
from lexigym.envs.catalog import ENVIRONMENTS

GAMES = [
    entry["id"] for entry in ENVIRONMENTS if entry["entry_point"].startswith("lexigym.envs.multi")
]
pytestmark = pytest.mark.skipif(
    not hasattr(pettingzoo, "make"), reason="PettingZoo has no registry before version 1.27"
)


@pytest.mark.parametrize("game", GAMES)
def test_both_forms_are_made_by_name(game):
    name = f"lexigym/{game}"
    game_of_turns = pettingzoo.make("aec", name)
    parallel = pettingzoo.make("parallel", name.removesuffix("_v0"))
    assert isinstance(game_of_turns, pettingzoo.AECEnv)
    assert isinstance(parallel, pettingzoo.ParallelEnv)
    assert game_of_turns.possible_agents == parallel.possible_agents


def test_arguments_reach_the_game():
    assert (
        len(pettingzoo.make("parallel", "lexigym/robot_team_v0", num_robots=3).possible_agents) == 3
    )


def test_importing_again_is_harmless():
    assert len(GAMES) == 3
    importlib.reload(lexigym.envs.multiagent)


def test_the_suite_imports_no_pettingzoo():
    program = "import sys, lexigym; assert 'pettingzoo' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
