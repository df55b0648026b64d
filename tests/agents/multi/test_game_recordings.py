"""Recordings of games keep what was legal for each player, at each of its turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import lexigym
from lexigym.agents.recordings import play_episodes, read_recording, write_recording
from lexigym.registry.errors import InvalidArgumentError
from lexigym.registry.joint import Joint

from ...games import Meeting

minari = pytest.importorskip("minari")
pytest.importorskip("h5py")


@pytest.fixture
def game() -> Any:
    return gymnasium.make("twenty_questions_v0", level="small")


def played(game: Any, count: int = 3) -> Any:
    return play_episodes(lexigym.make_agent("random", game, seed=1), game, count)


def test_masks_are_kept_by_player(tmp_path: Path, game: Any) -> None:
    write_recording(tmp_path / "x", game, played(game))
    theirs = minari.MinariDataset(tmp_path / "x" / "data")
    for ours, data in zip(read_recording(tmp_path / "x"), theirs, strict=True):
        _, info = game.reset(seed=ours.seed)
        for step in range(len(ours) + 1):
            assert set(info["action_mask"]) == set(ours.action_masks) == {"guesser_0", "answerer_0"}
            for player, mask in info["action_mask"].items():
                np.testing.assert_array_equal(ours.action_masks[player][step], mask)
                np.testing.assert_array_equal(data.infos["action_mask"][player][step], mask)
            if step < len(ours):
                action = {player: chosen[step] for player, chosen in ours.actions.items()}
                *_, info = game.step(action)


def test_players_without_masks_have_none() -> None:
    class Sliding(Meeting):
        def action_space(self, agent: str) -> Any:
            return self._slides[agent]

        def __init__(self) -> None:
            super().__init__()
            self._slides = {each: spaces.Box(-1, 1, (1,), np.float32) for each in ("left", "right")}

        def step(self, actions: dict[str, Any]) -> Any:
            return super().step({each: round(way.item()) + 1 for each, way in actions.items()})

    (episode,) = played(Joint(Sliding()), 1)
    assert episode.action_masks is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda masks: {"nobody": masks["guesser_0"]}, "masks are for 'nobody'"),
        (lambda masks: {"guesser_0": masks["guesser_0"][1:]}, "masks 'guesser_0' have shape"),
        (lambda masks: {"guesser_0": masks["answerer_0"]}, "masks 'guesser_0' have shape"),
    ],
)
def test_masks_that_fit_no_player_are_refused(
    tmp_path: Path, game: Any, change: Any, message: str
) -> None:
    (episode,) = played(game, 1)
    wrong = replace(episode, action_masks=change(episode.action_masks))
    with pytest.raises(InvalidArgumentError, match=message):
        write_recording(tmp_path / "x", game, [wrong])
