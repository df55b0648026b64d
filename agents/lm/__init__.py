"""Agents that are language models: alone, or as the Q-function; this imports no transformers."""
