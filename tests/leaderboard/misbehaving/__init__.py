"""Environments and agents that each go wrong in one way, as a package that is installed would.

Spawned processes import them from here, since they search what the tests' process does.
"""
