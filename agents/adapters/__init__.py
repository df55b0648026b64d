"""Environments as other libraries take them: one module for each, found by its name."""
