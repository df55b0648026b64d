"""The hyperparameters that a sweep tries: ranges and choices as text, and where to begin."""

from __future__ import annotations

import contextlib
import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...registry.agents import known_hyperparameters
from ...registry.errors import InvalidArgumentError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# From here on what counts is the order of magnitude, so that the logarithm is drawn uniformly.
RATIO_OF_LOGARITHMIC_REALS = 100
RATIO_OF_LOGARITHMIC_INTEGERS = 16

DEFAULT_SPECS = {
    "learning_rate": "1e-5..1e-2",
    "gamma": "[0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0]",
    "batch_size": "[16, 32, 64, 128, 256]",
    "train_freq": "[1, 2, 4, 8]",
    "target_update_interval": "50..10_000",
    "exploration_fraction": "0.0..0.5",
    "exploration_final_eps": "0.0..0.2",
    "n_steps": "[1, 3, 5]",
}


def parse_search(texts: Iterable[str]) -> dict[str, str]:
    """Split each "NAME=SPEC", and check that it is one; see `search_space` for the specs.

    Raises:
        InvalidArgumentError: If one is malformed, or a name comes twice.
    """
    specs: dict[str, str] = {}
    for text in texts:
        name, equals, spec = (part.strip() for part in text.partition("="))
        if not (equals and name.isidentifier()):
            raise InvalidArgumentError(
                f"--search {text!r} is not of the form NAME=SPEC: write it as in "
                "learning_rate=1e-5..1e-2."
            )
        if name in specs:
            raise InvalidArgumentError(
                f"--search names {name} twice, as {specs[name]} and {spec}: drop one."
            )
        _parse_spec(name, spec)
        specs[name] = spec
    return specs


def default_specs(agent_class: Any) -> dict[str, str]:
    """Return what to search for an agent where nothing was said, as specs by name.

    A class tells its own by a class method `search_space()`, which returns them. For others it is
    those of `DEFAULT_SPECS` that they know. Their ranges are about those of `sample_dqn_params` in
    RL Baselines3 Zoo (Raffin 2020); two differ. Learning rates end at 1e-2, above which deep
    Q-networks diverge, and discount factors include the 1 of tasks that end. Those of n-step
    returns are from Hessel et al. (2018).
    """
    if hasattr(agent_class, "search_space"):
        return dict(agent_class.search_space())
    known = known_hyperparameters(agent_class) or {}
    specs = {name: spec for name, spec in DEFAULT_SPECS.items() if name in known}
    if "target_update_interval" not in known:
        # Without a target network it is the length of a rollout, as in sb3/ppo.
        specs.pop("n_steps", None)
    return specs


def search_space(specs: Mapping[str, str]) -> dict[str, BaseDistribution]:
    """Return the distributions of Optuna that specs stand for.

    Args:
        specs: By the name of the hyperparameter, one of
            "LOW..HIGH", both written as whole numbers: integers from LOW to HIGH, drawn uniformly,
            or by their logarithm where LOW is positive and HIGH at least 16 times as large;
            "LOW..HIGH" otherwise: real numbers, drawn uniformly, or by their logarithm where LOW is
            positive and HIGH at least 100 times as large;
            "[A, B, ...]": one of the values of a TOML list.

    Raises:
        InvalidArgumentError: If a spec is none of these.
    """
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    space: dict[str, BaseDistribution] = {}
    for name, spec in specs.items():
        parsed = _parse_spec(name, spec)
        if isinstance(parsed, list):
            # As text, so that Optuna can keep choices that are themselves lists or tables.
            space[name] = CategoricalDistribution([json.dumps(choice) for choice in parsed])
            continue
        low, high = parsed
        if isinstance(low, int) and isinstance(high, int):
            logarithmic = low > 0 and high >= RATIO_OF_LOGARITHMIC_INTEGERS * low
            space[name] = IntDistribution(low, high, log=logarithmic)
        else:
            logarithmic = low > 0 and high >= RATIO_OF_LOGARITHMIC_REALS * low
            space[name] = FloatDistribution(low, high, log=logarithmic)
    return space


def defaults_within(
    space: Mapping[str, BaseDistribution], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the defaults that could have been drawn, as Optuna has them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    within: dict[str, Any] = {}
    for name, distribution in space.items():
        default: Any = defaults.get(name)
        if isinstance(distribution, CategoricalDistribution):
            text = json.dumps(default, default=repr)
            if text in distribution.choices:
                within[name] = text
        elif isinstance(distribution, (FloatDistribution, IntDistribution)):
            types = (int,) if isinstance(distribution, IntDistribution) else (int, float)
            # By the type itself: a bool is an int, too.
            if type(default) in types and distribution.low <= default <= distribution.high:
                within[name] = default
    return within


def drawn_hyperparameters(
    parameters: Mapping[str, Any], space: Mapping[str, BaseDistribution]
) -> dict[str, Any]:
    """Return the hyperparameters that a trial of Optuna has drawn, as the agent takes them."""
    from optuna.distributions import CategoricalDistribution

    return {
        name: json.loads(value) if isinstance(space[name], CategoricalDistribution) else value
        for name, value in parameters.items()
    }


def _parse_spec(name: str, spec: str) -> list[Any] | tuple[float, float]:
    """Return the choices of a spec, or the bounds, which are both of type int or both float."""
    if spec.startswith("["):
        return _choices(name, spec)
    low_text, dots, high_text = spec.partition("..")
    if not dots:
        raise InvalidArgumentError(
            f"{name}={spec} is neither a range such as 1e-5..1e-2 nor a list such as [true, "
            "false]: a value that is fixed goes to --set."
        )
    low, high = _bounds(name, low_text, high_text)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InvalidArgumentError(f"the bounds of {name}={spec} must be finite: choose others.")
    if low >= high:
        raise InvalidArgumentError(
            f"the range {name}={spec} is empty: its first bound must be below the second."
        )
    return low, high


def _bounds(name: str, low: str, high: str) -> tuple[float, float]:
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(low), number(high)
    raise InvalidArgumentError(
        f"the bounds of {name}={low}..{high} must be numbers: write it as in 32..256 or 1e-5..1e-2."
    )


def _choices(name: str, spec: str) -> list[Any]:
    try:
        # A line break could begin a second key, which is not unpacked.
        ((_, choices),) = tomllib.loads(f"choices = {spec}").items()
        json.dumps(choices)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"the choices {name}={spec} are no list of plain TOML values ({error}): write them as "
            'in [true, false] or ["auto", "sequences"].'
        ) from error
    if not choices:
        raise InvalidArgumentError(f"the list {name}={spec} is empty: name what to choose from.")
    return list(choices)
