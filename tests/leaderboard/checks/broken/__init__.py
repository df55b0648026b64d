"""Environments and agents that each break one promise, and two that break none.

Spawned processes import them from here, since they search what the tests' process does.
"""
