"""The token environment, once, and the three tasks that are sets of its defaults."""
