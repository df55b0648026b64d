"""The checks that there are, in the order in which they are made."""

from __future__ import annotations

from . import (
    agents,
    determinism,
    interface,
    masks,
    observations,
    oracle,
    ownership,
    registration,
    rendering,
    rewards,
    serialization,
    vector,
)
from .check import Check

PLAYED = ("spawning", "interface")
DETERMINED = (*PLAYED, "global-generators", "determinism")
LEARNED = ("making", "protocol")
PREDICTED = (*LEARNED, "observations")

ENVIRONMENT_CHECKS = (
    Check("spawning", interface.spawning),
    Check("interface", interface.interface, ("spawning",)),
    Check("gymnasium", interface.gymnasium_accepts, PLAYED),
    Check("types", interface.types, PLAYED),
    Check("observations", observations.observations, PLAYED),
    Check("horizon", interface.horizon, PLAYED),
    Check("finite-rewards", rewards.finite_rewards, PLAYED),
    Check("reward-bounds", rewards.reward_bounds, (*PLAYED, "finite-rewards")),
    Check("masks", masks.masks, PLAYED),
    Check("global-generators", determinism.global_generators, PLAYED),
    Check("determinism", determinism.determinism, (*PLAYED, "global-generators")),
    Check("seeds", determinism.seeds, DETERMINED),
    Check("processes", determinism.processes, DETERMINED),
    Check("legality", masks.legality, (*DETERMINED, "masks")),
    Check("pickling", serialization.pickling, DETERMINED),
    Check("spec-json", serialization.spec_json, DETERMINED),
    Check("rendering", rendering.rendering, DETERMINED),
    Check("vector-next-step", vector.next_step, DETERMINED),
    Check("vector-same-step", vector.same_step, DETERMINED),
    Check("vector-disabled", vector.disabled, DETERMINED),
    Check("oracle", oracle.oracle, DETERMINED),
    Check("oracle-return", oracle.oracle_return, (*DETERMINED, "oracle")),
    # These may leave traces in a process.
    Check("buffers", ownership.buffers, DETERMINED),
    Check("overwriting", ownership.overwriting, (*DETERMINED, "buffers")),
    Check("registration", registration.registration, ("spawning",)),
)

AGENT_CHECKS = (
    Check("making", agents.making),
    Check("protocol", agents.protocol, ("making",)),
    Check("hyperparameters", agents.hyperparameters, ("making",)),
    Check("observations", agents.observations, LEARNED),
    Check("actions", agents.actions, PREDICTED),
    Check("legality", agents.legality, PREDICTED),
    Check("deterministic", agents.deterministic, PREDICTED),
    Check("global-generators", agents.global_generators, PREDICTED),
    Check("training", agents.training, PREDICTED),
    Check("saving", agents.saving, PREDICTED),
    Check("vectors", agents.vectors, LEARNED),
)
