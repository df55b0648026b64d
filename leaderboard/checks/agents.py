"""Checks of agents: that they keep the protocol, and leave alone what isn't theirs."""

from __future__ import annotations

import copy
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from ...agents.protocol import mask_argument
from ...registry.agents import load_agent
from ...registry.errors import InvalidArgumentError
from .agent import NUM_ENVS, CheckedAgent, ask
from .check import BrokenPromiseError, NotApplicableError
from .determinism import unchanged_generators
from .environment import CheckedEnvironment, Environment
from .equality import difference
from .legality import legal_instead, mask_of

METHODS = ("predict", "learn", "save", "load")
UNKNOWN = "no_such_hyperparameter"
# Deterministic play, and the other.
MODES = (True, False)


def making(subject: CheckedAgent) -> None:
    """A spawned process can make it for an environment."""
    with subject.find_environment().make() as env:
        subject.make(env)


def protocol(subject: CheckedAgent) -> None:
    """It predicts, and learns as many steps as it is told, as the protocol defines it."""
    with subject.find_environment().make() as env:
        agent = subject.make(env)
        missing = [name for name in METHODS if not callable(getattr(agent, name, None))]
        if missing:
            raise BrokenPromiseError(f"it must have {', '.join(METHODS)}, but lacks {missing}")
        observation, _ = env.reset(seed=subject.seed)
        answer = agent.predict(observation, None, np.ones(1, bool), deterministic=True)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise BrokenPromiseError(f"predict must return an action and a state, got {answer!r}")
        _learn(subject, agent)


def hyperparameters(subject: CheckedAgent) -> None:
    """A hyperparameter that it doesn't have is an error that names it."""
    with subject.find_environment().make() as env:
        try:
            subject.make(env, **{UNKNOWN: 1})
        except Exception as error:
            if UNKNOWN in str(error):
                return
            raise BrokenPromiseError(
                f"the error must name {UNKNOWN!r}, but says: {error}"
            ) from error
    raise BrokenPromiseError(f"the hyperparameter {UNKNOWN!r} must be refused, but is taken")


def actions(subject: CheckedAgent) -> None:
    """Its actions are the environment's: an int for one observation, `(n,) int64` for n."""
    environment = subject.find_environment()
    with environment.make() as env:
        agent = subject.make(env)
        for step in environment.play_all(env):
            action = ask(agent, env, step, deterministic=True)
            discrete = isinstance(env.action_space, spaces.Discrete)
            if (discrete and type(action) is not int) or not env.action_space.contains(action):
                expected = "an int" if discrete else "one"
                raise BrokenPromiseError(
                    f"the action must be {expected} of {env.action_space}, got {action!r}"
                )
    with closing(subject.make_vector(environment)) as envs:
        agent = subject.make(envs)
        observations, info = envs.reset(seed=subject.seed)
        batch, _ = agent.predict(
            observations,
            None,
            np.ones(NUM_ENVS, bool),
            **mask_argument(agent, info.get("action_mask")),
        )
        space = envs.action_space
        typed = not isinstance(space, spaces.MultiDiscrete) or (
            isinstance(batch, np.ndarray) and batch.dtype == np.int64
        )
        if not typed or not space.contains(batch):
            raise BrokenPromiseError(
                f"the actions for {NUM_ENVS} observations must be one of {space}, got {batch!r}"
            )


def legality(subject: CheckedAgent) -> None:
    """Where actions are masked it plays legal ones, greedy or not."""
    environment = subject.find_masked_environment()
    with environment.make() as env:
        agent = subject.make(env)
        for step in environment.play_all(env):
            mask = mask_of(env, step.observation, step.info)
            for deterministic in MODES:
                action = ask(agent, env, step, deterministic)
                if difference(action, legal_instead(env.action_space, mask, action), ""):
                    raise BrokenPromiseError(
                        f"with deterministic={deterministic} on {environment.id} it must play what "
                        f"the mask allows, but plays {action}"
                    )


def deterministic(subject: CheckedAgent) -> None:
    """Asked again about an observation, it answers the same if it is to be deterministic."""
    environment = subject.find_environment()
    with environment.make() as env:
        agent = subject.make(env)
        for step in environment.play_all(env):
            first, *others = (ask(agent, env, step, deterministic=True) for _ in range(4))
            for other in others:
                found = difference(first, other, "the action")
                if found:
                    raise BrokenPromiseError(f"it must answer the same, but {found}")


def training(subject: CheckedAgent) -> None:
    """The same seed and environment teach it the same."""
    if not subject.takes_seed:
        raise NotApplicableError("it takes no seed")
    environment = subject.find_environment()
    with environment.make() as env, environment.make() as other:
        agents = (_learn(subject, subject.make(env)), _learn(subject, subject.make(other)))
        sentence = "two that learned the same must play the same"
        _require_same_play(environment, env, agents, sentence)


def saving(subject: CheckedAgent) -> None:
    """What was saved and loaded plays as what it was saved from."""
    environment = subject.find_environment()
    with environment.make() as env, tempfile.TemporaryDirectory() as folder:
        agent = _learn(subject, subject.make(env))
        path = Path(folder) / "agent.zip"
        agent.save(path)
        if not path.exists():
            raise BrokenPromiseError("save(path) must write there, but nothing is there")
        agents = agent, load_agent(path, env=env)
        sentence = "what was loaded must play as what was saved"
        _require_same_play(environment, env, agents, sentence)


def vectors(subject: CheckedAgent) -> None:
    """It learns on several environments at once."""
    with closing(subject.make_vector(subject.find_environment())) as envs:
        _learn(subject, subject.make(envs))


def global_generators(subject: CheckedAgent) -> None:
    """No global generator is read or written: not `random`'s, NumPy's or torch's."""
    environment = subject.find_environment()
    with environment.make() as env:
        with unchanged_generators("making it"):
            agent = subject.make(env)
        with unchanged_generators("learning"):
            _learn(subject, agent)
        with unchanged_generators("predicting"):
            for step in environment.play_all(env):
                ask(agent, env, step, deterministic=False)


def observations(subject: CheckedAgent) -> None:
    """It leaves the observations that it is given as they are."""
    environment = subject.find_environment()
    with _Keeping(environment.make()) as env:
        agent = subject.make(env)
        _learn(subject, agent)
        _require_unchanged(env.kept, "while it learns")
        for step in environment.play_all(env):
            ask(agent, env, step, deterministic=True)
        _require_unchanged(env.kept, "while it predicts")


class _Keeping(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Keeps every observation that it hands out, beside a copy."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self.kept: list[tuple[Any, Any]] = []

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(**arguments)
        self.kept.append((observation, copy.deepcopy(observation)))
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, *rest = self.env.step(action)
        self.kept.append((observation, copy.deepcopy(observation)))
        return observation, *rest


def _learn(subject: CheckedAgent, agent: Any) -> Any:
    learned = agent.learn(subject.steps, callback=None, progress_bar=False)
    if learned is not agent:
        raise BrokenPromiseError(f"learn must return the agent itself, got {learned!r}")
    steps = getattr(agent, "num_timesteps", subject.steps)
    if steps < subject.steps:
        raise BrokenPromiseError(f"it must learn {subject.steps} steps, but learned {steps}")
    return agent


def _require_same_play(
    environment: CheckedEnvironment,
    env: Environment,
    agents: tuple[Any, Any],
    sentence: str,
) -> None:
    for step in environment.play_all(env):
        one, other = (
            {
                "action": ask(agent, env, step, deterministic=True),
                "q_values": _q_values(agent, step.observation),
            }
            for agent in agents
        )
        found = difference(one, other, "it")
        if found:
            raise BrokenPromiseError(f"{sentence}, but {found}")


def _q_values(agent: Any, observation: Any) -> Any:
    try:
        return np.asarray(agent.q_values(observation))
    except (AttributeError, InvalidArgumentError):
        return None


def _require_unchanged(kept: list[tuple[Any, Any]], when: str) -> None:
    for observation, copied in kept:
        found = difference(copied, observation, "the observation")
        if found:
            raise BrokenPromiseError(f"{when} it must leave observations alone, but {found}")
