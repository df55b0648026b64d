"""The wrappers that are found by name as adapters are: strings that import nothing."""

ADAPTERS = (
    ("one_hot", "lexigym.envs.wrappers.one_hot:adapt", "token ids as vectors of zeros and a one"),
)
