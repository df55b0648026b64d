"""Worlds: each id of the catalogue is a Gymnasium environment; importing this imports none."""
