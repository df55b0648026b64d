"""The adapters that ship: names, entry points and summaries, as strings that import nothing."""

ADAPTERS = (
    ("dm_env", "lexigym.agents.adapters.dm_env:adapt", "DeepMind's interface, with time steps"),
    ("rllib", "lexigym.agents.adapters.rllib:adapt", "RLlib: masks in the observation"),
    ("sb3", "lexigym.agents.adapters.sb3:adapt", "Stable-Baselines3: vectors, action_masks()"),
    ("tianshou", "lexigym.agents.adapters.tianshou:adapt", "Tianshou: masks in the observation"),
    ("torchrl", "lexigym.agents.adapters.torchrl:adapt", "TorchRL: a GymEnv that honours masks"),
    ("trl", "lexigym.agents.adapters.trl:adapt", "TRL: a factory of environments with tools"),
)
