"""Learning from a fixed set of texts, with nobody to play them to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...registry.errors import InvalidArgumentError
from ..callbacks import Callback
from ..dqn import schedule
from ..recordings import RecordedEpisode, Recording, read_recording
from ..spaces import Spaces
from .policy import Outlook

if TYPE_CHECKING:
    from .agent import LanguageModelDQN
    from .memory import TextMemory


def learn_offline(
    agent: LanguageModelDQN, recording: str | Path | Recording, updates: int, callback: Callback
) -> None:
    """Make updates from recorded episodes; see `LanguageModelDQN.learn_offline`."""
    if updates < 1:
        raise InvalidArgumentError(f"updates must be at least 1, got {updates}.")
    source = recording if isinstance(recording, Recording) else read_recording(recording)
    if Spaces.of(source) != agent._spaces:
        raise InvalidArgumentError(
            f"{str(source.path)!r} was recorded in {Spaces.of(source)}, but the agent is for "
            f"{agent._spaces}: record the same environment."
        )
    memory: Any = None
    for episode in source:
        if memory is None:
            masked = episode.action_masks is not None
            memory = agent._text_memory(len(source), 1, masked)
        _remember(agent, memory, episode)
    agent._find_out(memory)
    config, learner = agent._config, agent.learner
    callback.on_training_start(agent)
    for update in range(updates):
        progress = update / updates
        learner.optimizer.learning_rate = schedule.learning_rate(config, progress)
        if memory.priorities is not None:
            memory.priorities.beta = schedule.beta(config, progress)
        learner.update(memory)
        if (update + 1) % config.target_update_interval == 0:
            learner.update_target()
        agent._forget()
        if not callback.on_step(agent):
            break
    callback.on_training_end(agent)


def _remember(agent: LanguageModelDQN, memory: TextMemory, episode: RecordedEpisode) -> None:
    observations, masks = episode.observations, episode.action_masks
    steps = len(episode.rewards)
    for step in range(steps):
        now, following = slice(step, step + 1), slice(step + 1, step + 2)
        begins = {"observation": observations[now], "action": episode.actions[now]}
        ends = {"next_observation": observations[following]}
        if masks is not None:
            begins["action_mask"], ends["next_action_mask"] = masks[now], masks[following]
        memory.record(
            begins,
            episode.rewards[now] * agent.reward_scale,
            ends,
            episode.terminated[now],
            episode.truncated[now],
            np.ones(1, bool),
        )


def found_in(
    outlook: Outlook, chosen: npt.NDArray[np.int64], eos: int
) -> dict[str, npt.NDArray[Any]]:
    """Return what a memory keeps of states, in which these tokens were chosen.

    A token that is no candidate takes the place of the last one but the end.
    """
    found = {"hidden": outlook.hidden.cpu().numpy()}
    if outlook.candidates is not None:
        candidates = outlook.candidates.cpu().numpy()
        strange = ~(candidates == chosen[:, None]).any(axis=1)
        last = candidates.shape[1] - 1
        places = np.where(candidates[:, -1] == eos, last - 1, last)
        candidates[strange, places[strange]] = chosen[strange]
        found["candidates"] = candidates
    return found
