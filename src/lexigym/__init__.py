"""Reinforcement learning on language: environments, agents and comparisons, found by name.

Importing this registers the environments with Gymnasium, and imports no agent and no environment.
"""

from ._version import __version__
from .agents.adapters.catalog import ADAPTERS as _ADAPTERS
from .agents.catalog import AGENTS as _AGENTS
from .agents.lm.catalog import MODELS as _MODELS
from .envs.adapters import ADAPTERS as _WRAPPERS
from .envs.catalog import ENVIRONMENTS as _CATALOGUE
from .envs.datasets.catalog import DATASETS as _DATASETS
from .envs.scorers.catalog import SCORERS as _SCORERS
from .envs.scorers.rewards import score
from .registry.adapters import adapt
from .registry.agents import load_agent, make_agent
from .registry.environments import ENVIRONMENTS as _ENVIRONMENTS
from .registry.environments import register_environment
from .registry.tables import (
    register_adapter,
    register_agent,
    register_dataset,
    register_model,
    register_scorer,
    register_tokenizer,
)

__all__ = [
    "__version__",
    "adapt",
    "load_agent",
    "make_agent",
    "register_adapter",
    "register_agent",
    "register_dataset",
    "register_environment",
    "register_model",
    "register_scorer",
    "register_tokenizer",
    "score",
]

for _environment in _CATALOGUE:
    register_environment(**_environment)
for _agent in _AGENTS:
    register_agent(*_agent)
for _adapter in (*_ADAPTERS, *_WRAPPERS):
    register_adapter(*_adapter)
for _dataset in _DATASETS:
    register_dataset(*_dataset)
for _scorer in _SCORERS:
    register_scorer(*_scorer)
for _model in _MODELS:
    register_model(*_model)

# `gymnasium.make` must find the ids of other packages too; it can't ask for them later.
_ENVIRONMENTS.discover()
