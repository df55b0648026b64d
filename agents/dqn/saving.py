"""Checkpoints of DQN: the network, and the state of a training that goes on bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from torch import Tensor, nn

from ...registry.errors import CheckpointError, shortened
from ..checkpoint import (
    fitting,
    read_config,
    read_tensors,
    require_finite,
    write_checkpoint,
)
from ..spaces import Spaces
from .replay import TransitionMemory
from .restoring import require_shape

if TYPE_CHECKING:
    from .agent import DQN

Agent = TypeVar("Agent", bound="DQN")


def save(agent: DQN, path: str | Path, training_state: bool) -> None:
    """Write a checkpoint; see `DQN.save`."""
    config = agent.config
    tensors: dict[str, Mapping[str, Any]] = {"model": weights_of(agent.q_network)}
    require_finite(tensors["model"], path, _buffers(agent.q_network))
    if training_state and agent._observation is not None:
        config["training"] = state_of(agent)
        tensors |= tensors_of(agent)
    write_checkpoint(path, config, tensors)


def load(
    agent_class: type[Agent],
    path: str | Path,
    env: Any,
    make: Callable[[Any, dict[str, Any], dict[str, Any], Mapping[str, Tensor]], Agent],
) -> Agent:
    """Read a checkpoint; see `DQN.load`.

    Args:
        agent_class: Whose it is.
        path: Of the checkpoint.
        env: The environment to learn on, or None.
        make: Makes an agent for an environment, or for spaces alone, from the configuration in the
            checkpoint, the hyperparameters that it holds, and its weights.
    """
    config = read_config(path, agent=agent_class.name)
    given = None if env is None else Spaces.of(env)
    with fitting(path):
        saved = Spaces.from_json(config)
        if given is not None:
            saved.require(given, path)
        hyperparameters = agent_class.config_class.from_json(config["hyperparameters"])
        known = {
            field.name: getattr(hyperparameters, field.name) for field in fields(hyperparameters)
        }
        weights = read_tensors(path, "model") or {}
        agent = make(saved if env is None else env, config, known, weights)
        agent.num_timesteps = int(config["num_timesteps"])
        if env is None:
            agent._environment = config["environment"]
        require_finite(weights, path, _buffers(agent.q_network))
        load_weights(agent.q_network, weights)
        load_weights(agent.learner.target_network, weights)
        if env is not None and "training" in config:
            restore(agent, config["training"], path)
    return agent


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """Return all that a network learns or counts; frozen weights are where they came from."""
    frozen = _frozen(network)
    return {name: each for name, each in network.state_dict().items() if name not in frozen}


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network what `weights_of` returned."""
    state = network.state_dict()
    network.load_state_dict({**{name: state[name] for name in _frozen(network)}, **weights})


def _buffers(network: nn.Module) -> set[str]:
    """Return the names of what a network holds besides its weights."""
    return {name for name, _ in network.named_buffers()}


def _frozen(network: nn.Module) -> set[str]:
    """Return the names of the weights that don't learn."""
    return {name for name, each in network.named_parameters() if not each.requires_grad}


def state_of(agent: DQN) -> dict[str, Any]:
    """Return what JSON holds of the training: counters, generators, the unfinished episode."""
    return {
        "horizon": agent._horizon,
        "env_calls": agent._env_calls,
        "updates": agent.learner.updates,
        "generator": agent._behaviour.generator.bit_generator.state,
        "replay_generator": agent._replay_generator.bit_generator.state,
        "environment_state": agent._interaction.state(),
        "n_envs": agent._interaction.n_envs,
    }


def tensors_of(agent: DQN) -> dict[str, Mapping[str, Any]]:
    """Return the tensors of the training, by member of the checkpoint."""
    position = {"observation": agent._observation}
    if agent._action_mask is not None:
        position["action_mask"] = agent._action_mask
    return {
        "target": weights_of(agent.learner.target_network),
        "optimizer": agent.learner.optimizer.state(),
        "replay": agent.memory.state(),
        "demonstrations": {} if agent.demonstrations is None else agent.demonstrations.state(),
        "window": agent._window.state(),
        "episodes": agent.episodes.state(),
        "position": position,
        "own": agent._own_tensors(),
    }


def restore(agent: DQN, state: dict[str, Any], path: str | Path) -> None:
    """Give a new agent the training of a checkpoint.

    An environment that can't be put back where it was begins new episodes: all else is as it was.

    Raises:
        CheckpointError: If the checkpoint was written with another number of environments.
    """
    if state["n_envs"] != agent._interaction.n_envs:
        raise CheckpointError(
            f"the training in {str(path)!r} ran on {shortened(state['n_envs'])} environments, "
            f"got {agent._interaction.n_envs}: pass a vector of as many."
        )
    members = {
        name: read_tensors(path, name) or {}
        for name in (
            "target",
            "optimizer",
            "replay",
            "demonstrations",
            "window",
            "episodes",
            "position",
            "own",
        )
    }
    require_finite(members["target"], path, _buffers(agent.q_network))
    require_finite(members["optimizer"], path, members["optimizer"])
    agent._horizon = int(state["horizon"])
    agent._env_calls = int(state["env_calls"])
    agent.learner.updates = int(state["updates"])
    agent._behaviour.generator.bit_generator.state = state["generator"]
    agent._replay_generator.bit_generator.state = state["replay_generator"]
    load_weights(agent.learner.target_network, members["target"])
    agent.learner.optimizer.restore(members["optimizer"])
    position = {name: tensor.numpy() for name, tensor in members["position"].items()}
    n_envs, masked = agent._interaction.n_envs, "action_mask" in position
    require_shape(position, "observation", (n_envs, *agent._encoder.shape))
    if masked:
        require_shape(position, "action_mask", (n_envs, agent._n_actions))
    agent.memory = agent._make_memory(masked=masked)
    agent.memory.restore(members["replay"])
    if members["demonstrations"]:
        agent.demonstrations = agent._make_demonstrations(masked=masked)
        agent.demonstrations.restore(members["demonstrations"])
    for memory in (agent.memory, agent.demonstrations):
        if isinstance(memory, TransitionMemory):
            _require_actions(memory, agent._n_actions)
    # The environment, which may be another agent's too, is touched when all else is found whole.
    if state["environment_state"] is None:
        agent._begin(*agent._interaction.reset(agent._environment_seed))
        return
    agent._window.restore({name: tensor.numpy() for name, tensor in members["window"].items()})
    agent.episodes.restore({name: tensor.numpy() for name, tensor in members["episodes"].items()})
    agent._restore_own(members["own"])
    agent._interaction.restore(state["environment_state"])
    agent._observation = position["observation"]
    agent._action_mask = position.get("action_mask")


def _require_actions(memory: TransitionMemory, n_actions: int) -> None:
    """Refuse what no environment took: compiled code doesn't look where it writes."""
    actions = memory.rows["action"][: memory.size]
    if ((actions < 0) | (actions >= n_actions)).any():
        raise ValueError(f"its replay memory holds actions that are none of {n_actions}")
