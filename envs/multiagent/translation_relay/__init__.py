"""The game of `translation_relay_v0`."""
