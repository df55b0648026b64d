"""The games in PettingZoo's own registry: `pettingzoo.make("aec", "lexigym/robot_team_v0")`."""

import pettingzoo

from ..catalog import ENVIRONMENTS

FORMS = {"aec": "env", "parallel": "parallel_env"}


def register_games() -> None:
    """Register both forms of each game; before version 1.27 PettingZoo has no registry."""
    if not hasattr(pettingzoo, "register"):
        return
    registries = {"aec": pettingzoo.aec_registry, "parallel": pettingzoo.parallel_registry}
    for entry in ENVIRONMENTS:
        module, _, _ = entry["entry_point"].partition(":")
        if module.startswith(f"{__package__}."):
            for form, name in FORMS.items():
                spec = pettingzoo.EnvSpec(f"lexigym/{entry['id']}", f"{module}:{name}")
                # As `pettingzoo.register` does, which warns if a module is imported again.
                registries[form][spec.id] = spec
