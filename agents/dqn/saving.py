"""Checkpoints of DQN: the network, and the state of a training that goes on bit for bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...registry.errors import CheckpointError, LexigymError
from ..checkpoint import read_config, read_tensors, write_checkpoint
from ..spaces import Spaces
from .config import DQNConfig

if TYPE_CHECKING:
    from .agent import DQN

Agent = TypeVar("Agent", bound="DQN")


def save(agent: DQN, path: str | Path, training_state: bool) -> None:
    """Write a checkpoint; see `DQN.save`."""
    config = agent.config
    tensors: dict[str, Mapping[str, Any]] = {"model": agent.q_network.state_dict()}
    if training_state and agent._observation is not None:
        config["training"] = state_of(agent)
        tensors |= tensors_of(agent)
    write_checkpoint(path, config, tensors)


def load(agent_class: type[Agent], path: str | Path, env: Any, q_network: Any) -> Agent:
    """Read a checkpoint; see `DQN.load`."""
    config = read_config(path, agent=agent_class.name)
    saved = Spaces.from_json(config)
    if env is not None and Spaces.of(env) != saved:
        raise CheckpointError(
            f"{str(path)!r} is for the spaces {saved}, the environment has {Spaces.of(env)}: "
            "load it with the environment that it learned on."
        )
    if config["q_network"] is not None and q_network is None:
        raise CheckpointError(
            f"{str(path)!r} holds a Q-network of your own, {config['q_network']}: pass it as "
            "q_network."
        )
    try:
        hyperparameters = DQNConfig.from_json(config["hyperparameters"])
        agent = agent_class(
            saved if env is None else env,
            q_network=q_network,
            **dataclasses.asdict(hyperparameters),
        )
        agent.num_timesteps = config["num_timesteps"]
        agent.q_network.load_state_dict(read_tensors(path, "model") or {})
        agent.learner.target_network.load_state_dict(agent.q_network.state_dict())
        if env is not None and "training" in config:
            restore(agent, config["training"], path)
    except LexigymError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"{str(path)!r} does not fit this agent ({reason}): it was written for another "
            "network or edited; load another copy."
        ) from error
    return agent


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
        "target": agent.learner.target_network.state_dict(),
        "optimizer": agent.learner.optimizer.state(),
        "replay": agent.memory.state(),
        "demonstrations": {} if agent.demonstrations is None else agent.demonstrations.state(),
        "window": agent._window.state(),
        "episodes": agent.episodes.state(),
        "position": position,
    }


def restore(agent: DQN, state: dict[str, Any], path: str | Path) -> None:
    """Give a new agent the training of a checkpoint.

    An environment that can't be put back where it was begins new episodes: all else is as it was.

    Raises:
        CheckpointError: If the checkpoint was written with another number of environments.
    """
    if state["n_envs"] != agent._interaction.n_envs:
        raise CheckpointError(
            f"the training in {str(path)!r} ran on {state['n_envs']} environments, got "
            f"{agent._interaction.n_envs}: pass a vector of as many."
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
        )
    }
    agent._horizon = state["horizon"]
    agent._env_calls = state["env_calls"]
    agent.learner.updates = state["updates"]
    agent._behaviour.generator.bit_generator.state = state["generator"]
    agent._replay_generator.bit_generator.state = state["replay_generator"]
    agent.learner.target_network.load_state_dict(members["target"])
    agent.learner.optimizer.restore(members["optimizer"])
    position = {name: tensor.numpy() for name, tensor in members["position"].items()}
    agent.memory = agent._make_memory(masked="action_mask" in position)
    agent.memory.restore(members["replay"])
    if members["demonstrations"]:
        agent.demonstrations = agent._make_memory(masked="action_mask" in position)
        agent.demonstrations.restore(members["demonstrations"])
    if state["environment_state"] is None:
        agent._begin(*agent._interaction.reset(agent._environment_seed))
        return
    agent._interaction.restore(state["environment_state"])
    agent._observation = position["observation"]
    agent._action_mask = position.get("action_mask")
    agent._window.restore({name: tensor.numpy() for name, tensor in members["window"].items()})
    agent.episodes.restore({name: tensor.numpy() for name, tensor in members["episodes"].items()})
