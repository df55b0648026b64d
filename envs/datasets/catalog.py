"""The datasets that ship: names, entry points and summaries, as strings that import nothing."""

DATASETS = (
    (
        "arithmetic",
        "lexigym.envs.datasets.arithmetic:Arithmetic",
        "sums and comparisons in English words, without end",
    ),
    (
        "cldr",
        "lexigym.envs.datasets.cldr:Cldr",
        "dates, times, money and numbers between any two languages, without end",
    ),
    (
        "facts",
        "lexigym.envs.datasets.facts:Facts",
        "questions on facts, held out by phrasing and subject",
    ),
    (
        "phrases",
        "lexigym.envs.datasets.phrases:Phrases",
        "English sentences with translations",
    ),
    (
        "reasoning-gym/*",
        "lexigym.envs.datasets.reasoning:family",
        "any generator of reasoning-gym",
    ),
    (
        "stories",
        "lexigym.envs.datasets.stories:Stories",
        "English sentences to be written from some of their words",
    ),
)
