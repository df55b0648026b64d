"""The hand-written DQN: one training loop, a replay memory, and any torch module as Q-network."""
