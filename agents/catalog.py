"""The agents that ship: names, entry points and summaries, as strings that import nothing."""

AGENTS = (
    ("dqn", "lexigym.agents.dqn.agent:DQN", "deep Q-network, hand-written, each part a switch"),
    (
        "independent",
        "lexigym.agents.multi.agent:IndependentAgents",
        "an agent for each player of a game, or one for all",
    ),
    ("lm", "lexigym.agents.lm.player:LanguageModelAgent", "a language model, as it was trained"),
    (
        "lm-dqn",
        "lexigym.agents.lm.agent:LanguageModelDQN",
        "DQN whose Q-function is a language model, fine-tuned by the reward",
    ),
    ("oracle", "lexigym.agents.scripted:OracleAgent", "what the environment knows to be best"),
    ("random", "lexigym.agents.scripted:RandomAgent", "uniform over the legal actions"),
    ("sb3/*", "lexigym.agents.sb3:family", "any algorithm of Stable-Baselines3 and sb3-contrib"),
)
