"""Scorers of text: each maps a hypothesis to a number in [0, 1], and scorers compose."""
